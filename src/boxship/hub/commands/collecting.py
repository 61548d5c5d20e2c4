"""``boxship hub gc``."""

import argparse

from boxship.base.errors import InvalidParameter
from boxship.hub.collector import collect
from boxship.hub.hub import Hub

LEAST = 600.0  # seconds; between a push's last blob and its manifest lies far less


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--grace", type=float, metavar="SECONDS",
        help="Time that an unused blob stays for the manifest that may come",
    )  # fmt: skip
    parser.add_argument(
        "--untagged", action="store_true", help="Remove manifests too that no tag leads to"
    )
    parser.add_argument(
        "--idle", action="store_true", help="Allow any grace: nobody pushes meanwhile"
    )


async def run(hub: Hub, options: argparse.Namespace) -> None:
    grace = hub.settings.grace if options.grace is None else options.grace
    least = 0.0 if options.idle else LEAST
    if grace < least:
        raise InvalidParameter(
            f"a grace below {least:.0f} seconds could take a blob from a push: say --idle if"
            " there is none"
        )
    print(await collect(hub, grace, untagged=options.untagged))
