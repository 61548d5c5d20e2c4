"""``python -m boxship.hub``, which ``boxship hub`` becomes."""

import sys

try:
    from boxship.hub.commands.main import main
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] == "boxship":
        raise
    sys.exit(f"boxship hub: {error.name} is missing: install boxship with its extra [hub]")

sys.exit(main(sys.argv[1:]))
