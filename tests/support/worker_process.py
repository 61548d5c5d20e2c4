"""``python -m support.worker_process KIND ARGS-JSON FD...``: one worker, its answer on stdout."""

import json
import sys

from support import workers


def main() -> None:
    kind, args, *fds = sys.argv[1:]
    try:
        answer = {"result": workers.run(kind, json.loads(args), [int(fd) for fd in fds])}
    except OSError as error:
        answer = {"errno": error.errno, "message": str(error)}
    except Exception as error:
        answer = {"class": type(error).__name__, "message": str(error)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
