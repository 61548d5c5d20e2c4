"""The command line: global flags, the chosen command, errors to exit codes."""

from __future__ import annotations

import os
import sys

from boxship.base.errors import BoxshipError
from boxship.cli import table
from boxship.cli.app import App
from boxship.cli.errors import ENGINE_FAILED, FAILED, Failed, UsageError
from boxship.cli.flags.flag import Flag, many, switch
from boxship.cli.flags.parser import HelpWanted, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boxship.cli.command import Command
    from boxship.cli.flags.arguments import Arguments

INTERRUPTED = 130
PIPE_CLOSED = 141

GLOBAL_FLAGS = (
    Flag("config", "Directory of the client's settings"),
    Flag("context", "Name of the connection to use", short="c"),
    switch("debug", "Show more of what happens", "D"),
    many("host", "Address of the daemon", "H"),
    Flag("log-level", "Least level of messages that are shown", short="l", default="info"),
    switch("tls", "Use TLS; implied by --tlsverify"),
    Flag("tlscacert", "Trust only certificates signed by this authority"),
    Flag("tlscert", "This client's certificate"),
    Flag("tlskey", "This client's key"),
    switch("tlsverify", "Use TLS and check the daemon's certificate"),
    switch("version", "Show the client's version and quit", "v"),
)

# The daemon names the directory.
_DISK_IS_FULL = ": no space left on device"
_LOG_LEVELS = ("trace", "debug", "info", "warning", "warn", "error", "fatal", "panic")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    _lenient_streams()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # The reader of our output has gone: nothing to say, and no place to say it.
        _write_no_more()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _write_no_more()
        print(f"write /dev/stdout: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return FAILED


def _write_no_more() -> None:
    """What is buffered for standard output goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _lenient_streams() -> None:
    """File names and logs need not be UTF-8: let their bytes pass."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="surrogateescape")


def _run(argv: list[str]) -> int:
    try:
        options = parse(GLOBAL_FLAGS, argv, interspersed=False)
    except HelpWanted:
        return _help_for(argv)
    except UsageError as error:
        return _usage_error("", error)
    if options.text("log-level") not in _LOG_LEVELS:
        print(f"Unable to parse logging level: {options.text('log-level')}", file=sys.stderr)
        return FAILED
    if options.on("version"):
        from boxship.cli.commands.version import one_line

        print(one_line())
        return 0
    return _dispatch(App(options), options.positional)


def _help_for(argv: list[str]) -> int:
    from boxship.cli.help import program_help

    print(program_help(GLOBAL_FLAGS), end="")
    return 0


def _dispatch(app: App, words: list[str]) -> int:
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"] if words[1:] else []
    if not words:
        return _help_for(words)
    group = words[0] in table.GROUPS
    spelling = " ".join(words[:2]) if group else words[0]
    row = table.find(spelling)
    if row is None:
        return _unknown(words, group)
    return _command(app, row, words[2 if group else 1 :])


def _unknown(words: list[str], group: bool) -> int:
    from boxship.cli.help import group_help, unknown_command

    if not group and "--help" in words:
        return _help_for(words)
    if not group:
        print(unknown_command("", words[0]), file=sys.stderr)
        return FAILED
    wanted = len(words) == 1 or words[1].startswith("-")
    if not wanted:
        print(unknown_command(words[0], words[1]), file=sys.stderr)
    asked = any(word in ("--help", "-h") for word in words)
    print(group_help(words[0]), end="", file=sys.stdout if asked else sys.stderr)
    return 0 if wanted else FAILED


def _command(app: App, row: table.Row, argv: list[str]) -> int:
    command = load(row.module)
    argv = ["--", *argv] if command.verbatim else argv
    try:
        arguments = parse(command.flags, argv, interspersed=command.interspersed)
        return _checked(app, row, command, arguments)
    except HelpWanted:
        from boxship.cli.help import command_help

        print(command_help(row, command), end="")
        return 0
    except UsageError as error:
        return _usage_error(row.spelling, error)


def load(module: str) -> Command:
    """The command that this module of :mod:`boxship.cli.commands` declares."""
    name = f"boxship.cli.commands.{module}"
    __import__(name)
    command: Command = sys.modules[name].COMMAND
    return command


def _checked(app: App, row: table.Row, command: Command, arguments: Arguments) -> int:
    wrong = command.wrong_count(len(arguments.positional))
    if wrong:
        from boxship.cli.help import short_help

        app.warn(f'"boxship {row.spelling}" {wrong}.\n{short_help(row, command)}')
        return FAILED
    return _guarded(app, lambda: command.run(app, arguments))


def _guarded(app: App, run: Callable[[], int]) -> int:
    try:
        return run()
    except Failed as error:
        if str(error):
            app.warn(_advised(str(error)))
        return error.code
    except BoxshipError as error:
        app.warn(_advised(str(error)))
        return FAILED
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        app.warn(f"{where}{(error.strerror or str(error)).lower()}")
        return FAILED


def _advised(text: str) -> str:
    """Return *text*, with what to do about it if it tells of a full disk of the daemon's."""
    if not text.endswith(_DISK_IS_FULL):
        return text
    return f"{text}\nFree some room there: 'boxship system prune' removes what nothing uses."


def _usage_error(spelling: str, error: UsageError) -> int:
    text = str(error)
    if error.unknown:
        from boxship.cli.suggest import nearest

        near = nearest(error.unknown, error.known)
        text += f"\nDid you mean {near}?" if near else ""
    sys.stdout.flush()
    print(f"{text}\nSee '{' '.join(['boxship', spelling]).strip()} --help'.", file=sys.stderr)
    return ENGINE_FAILED
