"""Our CLI on a terminal: raw mode and back, sizes, keys, signals."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest

from support.engines import Engine
from support.terminals import PROGRAM, SECONDS, Terminal
from support.waiting import eventually

Start = Callable[..., Terminal]


@pytest.fixture
def start(clean_boxship: Engine) -> Iterator[Start]:
    terminals: list[Terminal] = []

    def begin(*words: str) -> Terminal:
        terminals.append(Terminal(words, clean_boxship.host))
        return terminals[-1]

    yield begin
    for terminal in terminals:
        terminal.close()


def state(engine: Engine, name: str) -> str:
    return engine.docker("inspect", "-f", "{{.State.Status}}", name).stdout.strip()


def test_a_shell_in_a_container(start: Start) -> None:
    terminal = start("run", "--rm", "-it", "--network", "none", "busybox", "sh")
    terminal.expect("# ")
    assert terminal.is_raw()
    terminal.type("stty size; tty\r")
    terminal.expect("40 100")
    terminal.resize(33, 77)
    terminal.process.send_signal(signal.SIGWINCH)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        terminal.type("stty size; echo e''nd\r")
        terminal.expect("end")
        if b"33 77" in terminal.output or _sized(terminal, "33 77"):
            break
    terminal.type("exit 7\r")
    assert terminal.ends() == 7


def _sized(terminal: Terminal, text: str) -> bool:
    terminal.type("stty size\r")
    try:
        terminal.expect(text)
    except AssertionError:
        return False
    return True


def test_keys_reach_the_program_as_bytes(start: Start) -> None:
    terminal = start("run", "--rm", "-it", "--network", "none", "busybox", "sh")
    terminal.expect("# ")
    # A shell of its own says so: from there on ^C is for it and not for the prompt's shell.
    terminal.type("sh -c \"echo sleep''ing; exec sleep 1000\"\r")
    terminal.expect("sleeping")
    terminal.type("\x03")
    terminal.expect("# ")
    terminal.type("echo $?\r")
    terminal.expect("130")
    terminal.expect("# ")
    terminal.type("\x04")
    assert terminal.ends() == 0


@pytest.mark.parametrize(
    ("flags", "keys"), [([], "\x10\x11"), (["--detach-keys=ctrl-x,q"], "\x18q")]
)
def test_detaching_and_coming_back(
    start: Start, clean_boxship: Engine, flags: list[str], keys: str
) -> None:
    terminal = start("run", "-it", "--name", "left", *flags, "--network", "none", "busybox", "sh")
    terminal.expect("# ")
    terminal.type(keys)
    assert terminal.ends() == 0
    assert state(clean_boxship, "left") == "running"
    again = start("attach", *flags, "left")
    eventually(again.is_raw)
    again.type("\recho ba''ck\r")
    again.expect("back")
    again.type(keys)
    again.expect("read escape sequence")
    assert again.ends() == 1
    third = start("attach", "left")
    eventually(third.is_raw)
    third.type("exit 5\r")
    assert third.ends() == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_killed_client_leaves_the_terminal_as_it_was(
    start: Start, clean_boxship: Engine, number: signal.Signals
) -> None:
    terminal = start("run", "-it", "--name", "kept", "--network", "none", "busybox", "sh")
    terminal.expect("# ")
    terminal.process.send_signal(number)
    assert terminal.ends() == 128 + number
    assert state(clean_boxship, "kept") == "running"


def test_a_start_that_fails_leaves_the_terminal_as_it_was(start: Start) -> None:
    terminal = start("run", "--rm", "-it", "--network", "none", "busybox", "nope")
    terminal.expect("executable file not found in $PATH")
    assert terminal.ends() == 127


def test_exec_with_a_terminal(start: Start, clean_boxship: Engine) -> None:
    clean_boxship.docker("run", "-d", "--name", "up", "--network", "none", "busybox", "sleep", "99")
    terminal = start("exec", "-it", "up", "sh")
    terminal.expect("# ")
    terminal.type("stty size\r")
    terminal.expect("40 100")
    terminal.type("exit 9\r")
    assert terminal.ends() == 9
    terminal = start("exec", "-it", "up", "sh")
    terminal.expect("# ")
    terminal.type("\x10\x11")
    terminal.expect("read escape sequence")
    assert terminal.ends() == 1


def _client(engine: Engine, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*PROGRAM, "-H", engine.host, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


TRAPPING = """
trap 'echo got TERM; exit 3' TERM
trap 'echo got USR1' USR1
echo ready
while :; do sleep 0.1; done
"""


def test_signals_are_passed_on(clean_boxship: Engine) -> None:
    client = _client(
        clean_boxship, "run", "--rm", "--network", "none", "busybox", "sh", "-c", TRAPPING
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGUSR1)
    assert client.stdout.readline() == "got USR1\n"
    client.send_signal(signal.SIGTERM)
    assert client.stdout.readline() == "got TERM\n"
    assert client.wait(SECONDS) == 3
    client.communicate()


def test_signals_are_not_passed_on_when_not_wanted(clean_boxship: Engine) -> None:
    words = ["run", "--sig-proxy=false", "--name", "kept", "--network", "none", "busybox"]
    client = _client(clean_boxship, *words, "sh", "-c", TRAPPING)
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    client.send_signal(signal.SIGTERM)
    assert client.wait(SECONDS) == -signal.SIGTERM
    client.communicate()
    assert state(clean_boxship, "kept") == "running"
