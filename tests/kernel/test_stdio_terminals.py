"""Terminals of containers: size, keys that detach, signals from the keyboard."""

import socket
from collections.abc import Iterator

import pytest

from support import inside
from support.engines import Engine
from support.hijacked import Hijacked
from support.plain_http import ApiError, Client
from support.waiting import eventually

ALL = "stream=1&stdin=1&stdout=1&stderr=1"


def attach(engine: Engine, container: str, query: str = "") -> Hijacked:
    return Hijacked(engine.socket, f"/containers/{container}/attach?{ALL}{query}")


@pytest.fixture
def api(clean_boxship: Engine) -> Iterator[Client]:
    with Client(clean_boxship.socket) as client:
        yield client


@pytest.fixture
def shell(clean_boxship: Engine) -> str:
    return inside.start(clean_boxship, "-it", "busybox", "sh")


def test_a_shell_on_a_terminal(clean_boxship: Engine, shell: str) -> None:
    client = attach(clean_boxship, shell)
    client.socket.sendall(b"tty; stty -a | head -1; echo $TERM-end\n")
    shown = client.read_until(b"xterm-end")
    assert b"/dev/pts/0\r\n" in shown and b"speed" in shown
    client.socket.sendall(b"readlink /proc/self/fd/0; stat -c %t,%T /dev/console; echo e''nd\n")
    shown = client.read_until(b"end\r\n")
    assert b"/dev/pts/0" in shown and b"88,0" in shown
    client.socket.sendall(b"exit 5\n")
    client.result()
    assert clean_boxship.docker("wait", shell).stdout == "5\n"


def test_resizing_reaches_the_program(clean_boxship: Engine, shell: str, api: Client) -> None:
    client = attach(clean_boxship, shell)
    for rows, columns in ((24, 80), (50, 132)):
        api.call("POST", f"/containers/{shell}/resize?h={rows}&w={columns}")
        client.socket.sendall(b"stty size; echo e''nd\n")
        assert b"%d %d\r\n" % (rows, columns) in client.read_until(b"end\r\n")


def test_the_size_given_at_the_start_is_there_from_the_start(
    clean_boxship: Engine, api: Client
) -> None:
    body = {
        "Image": "busybox",
        "Cmd": ["stty", "size"],
        "Tty": True,
        "HostConfig": {"ConsoleSize": [33, 77]},
    }
    container = api.call("POST", "/containers/create", body)["Id"]
    clean_boxship.docker("start", "-a", container, check=False)
    assert clean_boxship.docker("logs", container).stdout.strip() == "33 77"


def test_resizing_may_come_before_the_start_but_not_after_the_end(
    clean_boxship: Engine, api: Client
) -> None:
    """The CLI resizes as soon as it can: whichever comes first, the program sees the size."""
    words = ["create", "-it", "busybox", "stty", "size"]
    container = clean_boxship.docker(*words).stdout.strip()
    api.call("POST", f"/containers/{container}/resize?h=12&w=34")
    clean_boxship.docker("start", container)
    clean_boxship.docker("wait", container)
    assert clean_boxship.docker("logs", container).stdout.strip() == "12 34"
    with pytest.raises(ApiError, match=r"409.*is not running"):
        api.call("POST", f"/containers/{container}/resize?h=10&w=10")


def test_an_exec_has_a_terminal_of_its_own(clean_boxship: Engine, shell: str, api: Client) -> None:
    body = {"Cmd": ["sh"], "AttachStdin": True, "AttachStdout": True, "Tty": True}
    session = api.call("POST", f"/containers/{shell}/exec", body | {"ConsoleSize": [20, 90]})["Id"]
    start = {"Tty": True, "ConsoleSize": [21, 91]}
    client = Hijacked(clean_boxship.socket, f"/exec/{session}/start", start)
    client.socket.sendall(b"tty; stty size; echo e''nd\n")
    shown = client.read_until(b"end\r\n")
    assert b"/dev/pts/1\r\n" in shown and b"21 91\r\n" in shown
    api.call("POST", f"/exec/{session}/resize?h=44&w=144")
    client.socket.sendall(b"stty size; exit 9\n")
    assert b"44 144\r\n" in client.result()
    eventually(lambda: not api.call("GET", f"/exec/{session}/json")["Running"])
    assert api.call("GET", f"/exec/{session}/json")["ExitCode"] == 9


@pytest.mark.parametrize(
    ("query", "pieces"),
    [
        ("", [b"\x10\x11"]),
        ("", [b"\x10", b"\x11"]),
        ("", [b"echo x\n\x10\x10", b"\x11"]),
        ("&detachKeys=ctrl-a,d", [b"\x01", b"d"]),
        ("&detachKeys=q", [b"q"]),
    ],
)
def test_detach_keys_end_the_connection_and_not_the_program(
    clean_boxship: Engine, shell: str, query: str, pieces: list[bytes]
) -> None:
    client = attach(clean_boxship, shell, query)
    other = attach(clean_boxship, shell)
    for piece in pieces:
        client.socket.sendall(piece)
    client.result()
    other.socket.sendall(b"echo still-''here\n")
    other.read_until(b"still-here\r\n")


def test_keys_of_a_container_without_a_terminal_are_data(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "-i", "busybox", "cat")
    client = attach(clean_boxship, container)
    client.socket.sendall(b"a\x10\x11b")
    client.read_until(b"a\x10\x11b")


def _rows(engine: Engine, container: str) -> list[str]:
    return engine.docker("top", container).stdout.splitlines()


def test_interrupts_from_the_keyboard(clean_boxship: Engine) -> None:
    for options in ([], ["--init"]):
        words = [*options, "-it", "busybox", "sh", "-c", "trap 'echo caught; exit 3' INT; cat; :"]
        container = inside.start(clean_boxship, *words)
        client = attach(clean_boxship, container)
        eventually(lambda c=container: _rows(clean_boxship, c)[-1].endswith(" cat"))
        client.socket.sendall(b"\x03")
        assert b"caught\r\n" in client.result()
        assert clean_boxship.docker("wait", container).stdout == "3\n"


def test_a_closed_client_leaves_the_terminal_alone(clean_boxship: Engine, shell: str) -> None:
    for _ in range(5):
        client = attach(clean_boxship, shell)
        client.socket.sendall(b"echo part")
        client.socket.close()
    client = attach(clean_boxship, shell)
    client.socket.shutdown(socket.SHUT_WR)
    client.result()
    assert inside.inspect(clean_boxship, shell)["State"]["Running"]


def test_a_terminal_carries_much_in_both_directions(clean_boxship: Engine) -> None:
    script = "stty raw -echo; echo ready; head -c 300000 | md5sum; seq 1 200000"
    container = inside.start(clean_boxship, "-it", "busybox", "sh", "-c", script)
    client = attach(clean_boxship, container, "&logs=1")
    client.read_until(b"ready")
    client.read_behind()
    client.socket.sendall(b"0123456789" * 30_000)
    shown = client.result().replace(b"\r", b"")
    assert b"".join(b"%d\n" % n for n in range(1, 200_001)) in shown
