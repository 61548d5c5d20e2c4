"""The installed program as a person uses it: a shell in tmux, keys, and what the screen shows."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.engines import Engine
from support.multiplexer import PROMPT, Window
from support.requirements import require_root, require_tool

SHELL = "boxship run -it --rm --network none --name shell busybox sh"


@pytest.fixture
def window(clean_boxship: Engine, tmp_path: Path) -> Iterator[Window]:
    require_tool("tmux", "pgrep")
    found = Window(tmp_path, clean_boxship.host)
    yield found
    found.close()


def state(engine: Engine, name: str) -> str:
    return engine.docker("inspect", "-f", "{{.State.Status}}", name).stdout.strip()


def at_prompt(screen: str) -> bool:
    return screen.rstrip().endswith(PROMPT)


def test_a_shell_its_size_and_its_end(window: Window) -> None:
    window.type(f"{SHELL}; echo code $?")
    window.expect("/ #")
    window.type("stty size")
    window.expect("30 100")
    window.resize(81, 23)
    window.type("while ! stty size | grep 23.81; do sleep 0.1; done")
    window.expect("23 81")
    window.type("exit 7")
    window.expect("code 7")
    assert window.is_usual()


def test_keys_are_the_programs_own(window: Window) -> None:
    """Ctrl-C and Ctrl-Z end or stop what runs inside, not the client."""
    window.type(f"{SHELL}; echo code $?")
    window.expect("/ #")
    window.type("echo wait''ing; sleep 1000")
    window.expect("waiting")
    window.keys("C-c")
    window.type("echo got $?")
    window.expect("got 130")
    window.type("cat")
    window.type("hello")
    window.wait(lambda screen: screen.count("hello") == 2)
    window.keys("C-d")
    window.type("echo ca''t ended")
    window.expect("cat ended")
    window.keys("C-d")
    window.expect("code 0")


def test_leaving_and_coming_back(window: Window, clean_boxship: Engine) -> None:
    window.type(SHELL)
    window.expect("/ #")
    window.type("echo first")
    window.keys("C-p", "C-q")
    window.wait(at_prompt)
    assert state(clean_boxship, "shell") == "running"
    assert window.is_usual()
    window.type("boxship attach --detach-keys ctrl-x,d shell")
    window.keys("Enter")
    window.expect("/ #")
    window.keys("C-x", "d")
    window.expect("read escape sequence")
    window.wait(at_prompt)
    assert window.is_usual()
    window.type("boxship exec -it shell sh -c 'tty; stty size'; echo code $?")
    window.expect("code 0")
    window.expect("/dev/pts/")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT])
def test_a_client_that_is_killed_gives_the_terminal_back(
    window: Window, clean_boxship: Engine, number: signal.Signals
) -> None:
    window.type(SHELL)
    window.expect("/ #")
    os.kill(window.process("run -it"), number)
    window.wait(at_prompt)
    assert window.is_usual()
    assert state(clean_boxship, "shell") == "running"


def test_a_session_outlives_the_daemon(tmp_path: Path) -> None:
    """The container's own process holds the stream: a new daemon takes nothing away."""
    require_root()
    require_tool("tmux", "docker", "unshare", "busybox", "ip")
    with engines.running("boxship") as engine:
        window = Window(tmp_path, engine.host)
        try:
            # One that is removed at its end may be gone before it is asked for its exit code.
            window.type(f"{SHELL.replace('--rm ', '')}; echo code $?")
            window.expect("/ #")
            engine.stop(signal.SIGKILL)
            window.type("echo with''out")
            window.expect("without")
            engine.start()
            window.type("exit 3")
            window.expect("code 3")
            assert window.is_usual()
        finally:
            window.close()


def test_statistics_stay_in_place_and_end_by_a_key(window: Window, clean_boxship: Engine) -> None:
    sleep = ("--network", "none", "busybox", "sleep", "1000")
    clean_boxship.docker("run", "-d", "--name", "first", *sleep)
    window.type("clear; boxship stats")
    window.expect("first")
    clean_boxship.docker("run", "-d", "--name", "second", *sleep)
    screen = window.expect("second")
    assert screen.count("CONTAINER ID") == 1
    window.keys("C-c")
    window.wait(at_prompt)
    window.type("echo code $?")
    window.expect("code 130")
    assert window.is_usual()


def test_events_are_shown_when_they_happen(window: Window, clean_boxship: Engine) -> None:
    window.type("clear; boxship events --filter type=container --filter event=create")
    clean_boxship.docker("create", "--name", "early", "busybox")
    while "name=" not in window.screen():
        clean_boxship.docker("rm", "-f", "early")
        clean_boxship.docker("create", "--name", "early", "busybox")
    clean_boxship.docker("create", "--name", "later", "busybox")
    window.expect("name=later")
    window.keys("C-c")
    window.wait(at_prompt)
    assert window.is_usual()


@pytest.mark.parametrize(
    ("line", "coloured"),
    [
        ("boxship doctor", True),
        ("NO_COLOR=1 boxship doctor", False),
        ("TERM=dumb boxship doctor", False),
        ("boxship doctor | cat", False),
    ],
)
def test_colours_are_for_terminals_whose_users_want_them(
    window: Window, line: str, coloured: bool
) -> None:
    window.type(f"{line}; echo en''d")
    window.expect("end")
    assert ("\x1b[3" in window.screen(colours=True)) is coloured


def test_questions_are_answered_by_a_key(window: Window, clean_boxship: Engine) -> None:
    clean_boxship.docker("create", "--name", "made", "busybox")
    window.type("boxship container prune")
    window.expect("[y/N]")
    window.type("n")
    window.wait(at_prompt)
    assert state(clean_boxship, "made") == "created"
    window.type("boxship container prune")
    window.wait(lambda screen: screen.count("[y/N]") == 2)
    window.type("y")
    window.expect("Deleted Containers:")
