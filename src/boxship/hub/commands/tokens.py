"""``boxship hub token``: passwords for machines, each with a right of its own at most."""

import argparse
from datetime import UTC, datetime

from boxship.base.errors import InvalidParameter, NotFound
from boxship.hub.hub import Hub
from boxship.hub.storage.records import Right

_RIGHTS = {right.name.lower(): right for right in (Right.PULL, Right.PUSH, Right.DELETE)}


def declare_add(parser: argparse.ArgumentParser) -> None:
    declare_list(parser)
    parser.add_argument("--label", default="", help="What it is for")
    parser.add_argument(
        "--right", choices=list(_RIGHTS), default="pull", help="The most that it allows"
    )
    parser.add_argument(
        "--days", type=int, default=0, help="Days until it expires (default: never)"
    )


def declare_list(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("user", metavar="USER")


def declare_remove(parser: argparse.ArgumentParser) -> None:
    declare_list(parser)
    parser.add_argument("id", type=int, metavar="ID", help="As token ls shows it")


async def add(hub: Hub, options: argparse.Namespace) -> None:
    """Prints the token: nothing can show it again."""
    if options.days < 0:
        raise InvalidParameter("--days must not be negative")
    if await hub.metadata.user(options.user) is None:
        raise NotFound(f"no such user: {options.user}")
    most = _RIGHTS[options.right]
    seconds = options.days * 86400.0
    print(await hub.logins.issue(options.user, "machine", options.label, most, seconds))


async def list_tokens(hub: Hub, options: argparse.Namespace) -> None:
    for secret in await hub.metadata.secrets(options.user):
        if secret.kind == "machine":
            until = _day(secret.expires) if secret.expires is not None else "never"
            print(f"{secret.id}\t{secret.most.name.lower()}\t{until}\t{secret.label}")


async def remove(hub: Hub, options: argparse.Namespace) -> None:
    if not await hub.metadata.remove_secret(options.user, options.id):
        raise NotFound(f"{options.user} has no token {options.id}")


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
