"""``boxship hub repository``, ``grant`` and ``revoke``."""

import argparse

from boxship.base.errors import InvalidParameter
from boxship.hub.hub import Hub
from boxship.hub.storage.records import Repository, Right
from boxship.oci.distribution.names import is_name

_PAGE = 500
_RIGHTS = {right.name.lower(): right for right in Right if right is not Right.NONE}


def declare_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="REPOSITORY")


def declare_list(parser: argparse.ArgumentParser) -> None:
    """Nothing but what every command has."""


def declare_add(parser: argparse.ArgumentParser) -> None:
    declare_name(parser)
    parser.add_argument("--public", action="store_true", help="Everybody may pull")


def declare_set(parser: argparse.ArgumentParser) -> None:
    declare_name(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--public", action="store_true", help="Everybody may pull")
    which.add_argument("--private", action="store_true", help="Only those with a right may pull")


def declare_grant(parser: argparse.ArgumentParser) -> None:
    declare_revoke(parser)
    parser.add_argument("right", choices=list(_RIGHTS), help="Each includes those before it")


def declare_revoke(parser: argparse.ArgumentParser) -> None:
    declare_name(parser)
    parser.add_argument("user", metavar="USER")


async def add(hub: Hub, options: argparse.Namespace) -> None:
    await _made(hub, options.name)
    if options.public:
        await hub.metadata.set_public(options.name, True)


async def _made(hub: Hub, name: str) -> Repository:
    if not is_name(name):
        raise InvalidParameter(f"invalid name of a repository: {name!r}")
    return await hub.metadata.ensure_repository(name)


async def list_all(hub: Hub, options: argparse.Namespace) -> None:
    """One line each: name, public or private, and the rights that were given."""
    after = ""
    while found := await hub.metadata.repositories(after, _PAGE):
        for repository in found:
            grants = await hub.metadata.grants(repository.name)
            rights = " ".join(f"{user}:{right.name.lower()}" for user, right in grants)
            print(f"{repository.name}\t{_seen(repository)}\t{rights}".rstrip())
        after = found[-1].name


def _seen(repository: Repository) -> str:
    return "public" if repository.public else "private"


async def change(hub: Hub, options: argparse.Namespace) -> None:
    await hub.metadata.set_public(options.name, options.public)


async def remove(hub: Hub, options: argparse.Namespace) -> None:
    await hub.metadata.remove_repository(options.name)


async def grant(hub: Hub, options: argparse.Namespace) -> None:
    """The repository is made where it is missing: rights come before the first push."""
    await _made(hub, options.name)
    await hub.metadata.grant(options.user, options.name, _RIGHTS[options.right])


async def revoke(hub: Hub, options: argparse.Namespace) -> None:
    await hub.metadata.grant(options.user, options.name, Right.NONE)
