"""``boxship hub user``."""

import argparse
import getpass
import sys
import time

from boxship.base.errors import InvalidParameter
from boxship.hub.auth.passwords import LONGEST, hash_password
from boxship.hub.hub import Hub
from boxship.hub.storage.records import User
from boxship.oci.distribution.names import is_name

_SHORTEST = 8


def declare_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME")


def declare_password(parser: argparse.ArgumentParser) -> None:
    declare_name(parser)
    parser.add_argument(
        "--password-stdin", action="store_true", help="Read the password from standard input"
    )


def declare_add(parser: argparse.ArgumentParser) -> None:
    declare_password(parser)
    parser.add_argument("--admin", action="store_true", help="May do everything everywhere")


def declare_list(parser: argparse.ArgumentParser) -> None:
    """Nothing but what every command has."""


async def add(hub: Hub, options: argparse.Namespace) -> None:
    name = options.name
    # It names a namespace: alice may do everything in alice/...
    if "/" in name or not is_name(name):
        raise InvalidParameter(
            f"invalid name {name!r}: use lower-case letters and digits, with . _ - between them"
        )
    password = hash_password(_asked_for(options))
    await hub.metadata.add_user(User(name, password, options.admin, time.time()))


async def list_users(hub: Hub, options: argparse.Namespace) -> None:
    for user in await hub.metadata.users():
        print(f"{user.name}\tadmin" if user.admin else user.name)


async def remove(hub: Hub, options: argparse.Namespace) -> None:
    await hub.metadata.remove_user(options.name)


async def password(hub: Hub, options: argparse.Namespace) -> None:
    await hub.metadata.set_password(options.name, hash_password(_asked_for(options)))


def _asked_for(options: argparse.Namespace) -> str:
    if options.password_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    else:
        given = getpass.getpass("Password: ")
        if given != getpass.getpass("Password again: "):
            raise InvalidParameter("the passwords differ")
    if not _SHORTEST <= len(given) <= LONGEST:
        raise InvalidParameter(f"a password has {_SHORTEST} to {LONGEST} characters")
    return given
