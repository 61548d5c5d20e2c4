"""Run a function in a forked child, so that what it does to itself ends with it."""

import json
import os
import signal
import traceback
from collections.abc import Callable
from typing import Any


def in_child(function: Callable[[], Any]) -> Any:
    """What *function* returned (JSON); its exception fails the test; a signal is ``-number``."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        try:
            answer = {"value": function()}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        os.write(write, json.dumps(answer).encode())
        os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        text = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status < 0:
        return -signal.Signals(-status)
    answer = json.loads(text)
    assert "error" not in answer, answer["error"]
    return answer["value"]


def errno_of(function: Callable[..., Any], *args: Any) -> int:
    """The errno that *function* fails with, 0 when it succeeds."""
    try:
        function(*args)
    except OSError as error:
        return error.errno or -1
    return 0
