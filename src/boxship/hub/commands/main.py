"""The table of ``boxship hub``'s commands, and how one is run."""

import argparse
import asyncio
import logging
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from boxship.base.errors import BoxshipError
from boxship.hub.commands import accounts, collecting, repositories, server, tokens
from boxship.hub.hub import Hub, open_hub
from boxship.hub.settings import Settings

Options: TypeAlias = argparse.Namespace
Run: TypeAlias = Callable[[Hub, Options], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """*words* choose the command, *declare* adds its arguments to a parser."""

    words: tuple[str, ...]
    summary: str
    declare: Callable[[argparse.ArgumentParser], None]
    run: Run


ROWS = (
    Row(("user", "add"), "Add a user", accounts.declare_add, accounts.add),
    Row(("user", "ls"), "List users", accounts.declare_list, accounts.list_users),
    Row(("user", "rm"), "Remove a user", accounts.declare_name, accounts.remove),
    Row(("user", "passwd"), "Change a password", accounts.declare_password, accounts.password),
    Row(("token", "add"), "Make a token for a machine", tokens.declare_add, tokens.add),
    Row(("token", "ls"), "List a user's tokens", tokens.declare_list, tokens.list_tokens),
    Row(("token", "rm"), "Remove a token", tokens.declare_remove, tokens.remove),
    Row(
        ("repository", "add"), "Make a repository before the first push",
        repositories.declare_add, repositories.add,
    ),
    Row(
        ("repository", "ls"), "List repositories and rights in them",
        repositories.declare_list, repositories.list_all,
    ),
    Row(
        ("repository", "set"), "Make a repository public or private",
        repositories.declare_set, repositories.change,
    ),
    Row(
        ("repository", "rm"), "Remove a repository and all that is in it",
        repositories.declare_name, repositories.remove,
    ),
    Row(
        ("grant",), "Give a user a right in a repository",
        repositories.declare_grant, repositories.grant,
    ),
    Row(
        ("revoke",), "Take a user's right in a repository away",
        repositories.declare_revoke, repositories.revoke,
    ),
    Row(
        ("gc",), "Remove what nothing refers to, beside a running hub",
        collecting.declare, collecting.run,
    ),
)  # fmt: skip

_GROUPS = {
    "user": "Manage users",
    "token": "Manage tokens for machines",
    "repository": "Manage repositories",
}


def main(argv: list[str]) -> int:
    """The exit code: 1 when it failed, 2 for a wrong command line."""
    logging.basicConfig(
        stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s", level="INFO"
    )
    options = parser().parse_args(argv)
    try:
        if options.row is None:
            server.run(options)
        else:
            asyncio.run(_run(options.row, options))
    except BoxshipError as error:
        print(f"boxship hub: {error}", file=sys.stderr)
        return 1
    except (OSError, sqlite3.Error) as error:
        print(f"boxship hub: {options.root}: {error}", file=sys.stderr)
        return 1
    return 0


async def _run(row: Row, options: Options) -> None:
    hub = open_hub(Settings(root=options.root))
    try:
        await row.run(hub, options)
    finally:
        hub.metadata.close()


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="boxship hub",
        description="A registry of images, with a page to look at them.",
        allow_abbrev=False,
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    serve = _add(commands, "serve", "Serve the registry", None)
    server.declare(serve)
    groups = {}
    for row in ROWS:
        if len(row.words) == 1:
            row.declare(_add(commands, row.words[0], row.summary, row))
            continue
        group, name = row.words
        if group not in groups:
            summary = _GROUPS[group]
            members = commands.add_parser(group, help=summary, description=f"{summary}.")
            groups[group] = members.add_subparsers(metavar="COMMAND", required=True)
        row.declare(_add(groups[group], name, row.summary, row))
    return top


def _add(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    summary: str,
    row: Row | None,
) -> argparse.ArgumentParser:
    found = commands.add_parser(name, help=summary, description=f"{summary}.", allow_abbrev=False)
    found.add_argument(
        "--root", type=Path, required=True, metavar="DIR", help="The directory of the hub's data"
    )
    found.set_defaults(row=row)
    return found
