"""Our CLI without a terminal on our own daemon: bytes, exit codes, images."""

import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from support.engines import Engine
from support.terminals import PROGRAM

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
NONE = ("--network", "none")


@pytest.fixture
def run(clean_boxship: Engine) -> Run:
    def call(*words: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return subprocess.run(
            [*PROGRAM, "-H", clean_boxship.host, *words],
            input=stdin,
            capture_output=True,
            timeout=90,
        )

    return call


def ok(done: "subprocess.CompletedProcess[bytes]") -> bytes:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_streams_stay_apart(run: Run) -> None:
    done = run("run", "--rm", *NONE, "busybox", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, b"out\n", b"err\n")


def test_bytes_come_back_unchanged(run: Run) -> None:
    data = os.urandom(5_000_000)
    assert ok(run("run", "--rm", "-i", *NONE, "busybox", "cat", stdin=data)) == data
    ok(run("run", "-d", "--name", "up", *NONE, "busybox", "sleep", "1000"))
    assert ok(run("exec", "-i", "up", "cat", stdin=data)) == data


def test_a_container_that_does_not_read_still_writes(run: Run) -> None:
    script = "head -c 3000000 /dev/zero; sleep 0.2; wc -c"
    out = ok(run("run", "--rm", "-i", *NONE, "busybox", "sh", "-c", script, stdin=bytes(3_000_000)))
    assert out == bytes(3_000_000) + b"3000000\n"


def test_the_reader_may_leave(clean_boxship: Engine) -> None:
    words = [*PROGRAM, "-H", clean_boxship.host, "run", "--rm", *NONE, "busybox", "yes"]
    done = subprocess.run(
        ["sh", "-c", '"$@" | head -c 3', "sh", *words],
        capture_output=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == (b"y\ny", b"")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["run", "--rm", *NONE, "busybox", "nope"], 127, b"executable file not found in $PATH"),
        (["run", "--rm", *NONE, "busybox", "/etc"], 126, b"is a directory"),
        (["run", "--nope"], 125, b"unknown flag: --nope"),
        (["run", "--pull", "never", "nope"], 125, b"No such image: nope:latest"),
        (["exec", "nope", "true"], 1, b"No such container: nope"),
        (["inspect", "nope"], 1, b"Error: No such object: nope"),
        (["rm", "nope"], 1, b"Error response from daemon: No such container: nope"),
    ],
)
def test_failures(run: Run, words: list[str], code: int, text: bytes) -> None:
    done = run(*words)
    assert done.returncode == code
    assert text in done.stderr


def test_a_full_disk_is_said_plainly(run: Run, clean_boxship: Engine) -> None:
    done = run("save", "-o", "/dev/full", "busybox")
    assert (done.returncode, done.stderr) == (1, b"no space left on device\n")


def test_a_life(run: Run) -> None:
    identity = ok(run("create", "--name", "one", *NONE, "busybox", "sh", "-c", "echo x; sleep 99"))
    assert len(identity.strip()) == 64
    assert ok(run("start", "one")) == b"one\n"
    assert b"one" in ok(run("ps"))
    ok(run("pause", "one"))
    assert b"(Paused)" in ok(run("ps"))
    ok(run("unpause", "one"))
    ok(run("rename", "one", "two"))
    assert ok(run("logs", "two")) == b"x\n"
    assert ok(run("exec", "two", "hostname")).strip() == identity[:12]
    assert b"sleep 99" in ok(run("top", "two"))
    assert ok(run("kill", "two")) == b"two\n"
    assert ok(run("wait", "two")) == b"137\n"
    assert b"Exited (137)" in ok(run("ps", "-a"))
    assert ok(run("rm", "two")) == b"two\n"
    assert run("inspect", "two").returncode == 1


def test_several_are_stopped_side_by_side(run: Run) -> None:
    for name in ("aa", "bb", "cc"):
        ok(run("run", "-d", "--name", name, *NONE, "busybox", "sleep", "1000"))
    assert ok(run("stop", "-t", "1", "aa", "bb", "cc")) == b"aa\nbb\ncc\n"
    done = run("rm", "aa", "nope", "bb", "cc")
    assert (done.returncode, done.stdout) == (1, b"aa\nbb\ncc\n")
    assert done.stderr == b"Error response from daemon: No such container: nope\n"


def test_images_out_and_in(run: Run, tmp_path: Path) -> None:
    ok(run("tag", "busybox", "mine:1"))
    archive = tmp_path / "mine.tar"
    ok(run("save", "-o", str(archive), "mine:1"))
    assert archive.stat().st_mode & 0o777 == 0o600
    assert ok(run("rmi", "mine:1")) == b"Untagged: mine:1\n"
    assert ok(run("load", "-i", str(archive))) == b"Loaded image: mine:1\n"
    assert ok(run("load", "-q", stdin=archive.read_bytes())) == b"Loaded image: mine:1\n"
    assert ok(run("images", "--format", "{{.Repository}}:{{.Tag}}", "mine")) == b"mine:1\n"
    ok(run("rmi", "mine:1"))
    assert run("load", "-i", "/nowhere").stderr == b"open /nowhere: no such file or directory\n"


def test_an_export_is_imported(run: Run, tmp_path: Path) -> None:
    ok(run("run", "--name", "made", *NONE, "busybox", "sh", "-c", "echo data > /file"))
    tar = ok(run("export", "made"))
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        member = archive.extractfile("file")
        assert member is not None and member.read() == b"data\n"
    identity = ok(run("import", "-c", 'CMD ["cat", "/file"]', "-", "imported:1", stdin=tar))
    assert identity.startswith(b"sha256:")
    assert ok(run("run", "--rm", *NONE, "imported:1")) == b"data\n"
    assert ok(run("diff", "made")) == b"A /file\n"
    assert ok(run("commit", "-m", "why", "made", "committed:1")).startswith(b"sha256:")
    assert ok(run("run", "--rm", *NONE, "committed:1", "cat", "/file")) == b"data\n"
    assert b"why" in ok(run("history", "committed:1"))
    ok(run("rmi", "committed:1", "imported:1"))


def test_copies(run: Run, tmp_path: Path) -> None:
    ok(run("create", "--name", "box", *NONE, "busybox", "true"))
    source = tmp_path / "dir"
    source.mkdir()
    (source / "file").write_text("text")
    (source / "link").symlink_to("file")
    ok(run("cp", str(source), "box:/new"))
    ok(run("cp", "box:/new/.", str(tmp_path / "back")))
    assert (tmp_path / "back" / "file").read_text() == "text"
    assert os.readlink(tmp_path / "back" / "link") == "file"
    with tarfile.open(fileobj=io.BytesIO(ok(run("cp", "box:/new", "-")))) as archive:
        assert sorted(archive.getnames()) == ["new", "new/file", "new/link"]
    assert run("cp", "box:/nope", str(tmp_path)).returncode == 1


def test_events_are_seen(run: Run) -> None:
    ok(run("run", "--name", "seen", *NONE, "busybox", "true"))
    words = ["events", "--since", "1h", "--until", "0s", "--filter", "container=seen"]
    shown = ok(run(*words, "--format", "{{.Action}}")).split()
    assert shown[0] == b"create" and {b"start", b"die"} <= set(shown)
    assert b"(exitCode=0" in ok(run(*words)) or b"exitCode=0" in ok(run(*words))


def test_the_image_is_captured_from_this_machine(run: Run) -> None:
    ok(run("capture", "--tag", "captured-tools", "sh", "ls"))
    assert ok(run("run", "--rm", *NONE, "captured-tools", "sh", "-c", "ls -d /proc")) == b"/proc\n"
    ok(run("rmi", "captured-tools"))
