"""Root file systems, binds and their propagation, tmpfs."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import inside
from support.engines import Engine
from support.waiting import eventually


def test_a_read_only_root(clean_boxship: Engine) -> None:
    script = (
        "for f in /x /etc/x /etc/hosts /etc/hostname /etc/resolv.conf; do "
        "(echo x >> $f) 2>/dev/null && echo wrote $f; done; touch /dev/x /dev/shm/x /t/x && echo ok"
    )
    options = ["--read-only", "--tmpfs", "/t", "busybox", "sh", "-c", script]
    assert inside.run(clean_boxship, *options) == "ok"
    script = "mount -o remount,rw / && touch /x"
    done = clean_boxship.docker(
        "run", "--rm", "--read-only", "busybox", "sh", "-c", script, check=False
    )
    assert done.returncode != 0


def test_a_root_that_can_be_written(clean_boxship: Engine) -> None:
    script = (
        "echo x > /x && echo 1.2.3.4 name >> /etc/hosts && rm -r /home && mkdir /home && ls -a /"
    )
    assert "x" in inside.run(clean_boxship, "busybox", "sh", "-c", script).split()


@pytest.mark.parametrize(
    ("option", "mode", "words"),
    [
        ("/root", "700", ["nosuid", "nodev", "noexec"]),
        ("/newdir", "1777", ["nosuid", "nodev", "noexec"]),
        ("/root:mode=1750", "1750", ["nosuid", "nodev"]),
        ("/newdir:size=64k,mode=711,exec", "711", ["size=64k", "nosuid"]),
        ("/deep/new/dir", "1777", ["noexec"]),
    ],
)
def test_tmpfs(clean_boxship: Engine, option: str, mode: str, words: list[str]) -> None:
    path = option.partition(":")[0]
    script = f"stat -c %a {path}; grep ' {path} ' /proc/self/mounts"
    shown = inside.run(clean_boxship, "--tmpfs", option, "busybox", "sh", "-c", script).splitlines()
    assert shown[0] == mode and all(word in shown[1] for word in words)
    assert ("noexec" in shown[1]) != (",exec" in option)


def test_a_tmpfs_is_full_when_it_is(clean_boxship: Engine) -> None:
    script = "dd if=/dev/zero of=/t/file bs=4096 count=100"
    words = ["run", "--rm", "--tmpfs", "/t:size=64k", "busybox", "sh", "-c", script]
    done = clean_boxship.docker(*words, check=False)
    assert done.returncode == 1 and "No space left" in done.stderr


def test_binds(clean_boxship: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("hello")
    options = ["-v", f"{tmp_path}:/a", "-v", f"{tmp_path}:/b:ro", "-v", f"{tmp_path}/file:/etc/f"]
    script = "cat /a/file /b/file /etc/f; echo new > /a/new; echo x > /b/x || echo refused"
    shown = inside.run(clean_boxship, *options, "busybox", "sh", "-c", script)
    assert shown == "hellohellohellorefused"
    assert (tmp_path / "new").read_text() == "new\n" and not (tmp_path / "x").exists()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Path]:
    """A directory of the host that is a shared mount with a mount below it."""
    top = tmp_path / "top"
    (top / "below").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", top], check=True)
    subprocess.run(["mount", "--make-shared", top], check=True)
    (top / "below").mkdir()
    (top / "late").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", top / "below"], check=True)
    try:
        yield top
    finally:
        while subprocess.run(["umount", "-R", "-l", top], capture_output=True).returncode == 0:
            pass


def test_mounts_below_a_bind_come_along(clean_boxship: Engine, shared: Path) -> None:
    (shared / "below" / "file").write_text("deep")
    volume = ["-v", f"{shared}:/v:ro"]
    assert inside.run(clean_boxship, *volume, "busybox", "cat", "/v/below/file") == "deep"
    alone = ["--mount", f"type=bind,src={shared},dst=/v,bind-recursive=disabled"]
    assert inside.run(clean_boxship, *alone, "busybox", "ls", "/v/below") == ""


@pytest.mark.parametrize(
    ("mode", "writes_below"), [("enabled", False), ("writable", True), ("readonly", False)]
)
def test_recursive_read_only(
    clean_boxship: Engine, shared: Path, mode: str, writes_below: bool
) -> None:
    propagation = ",bind-propagation=rprivate" if mode == "readonly" else ""
    option = f"type=bind,src={shared},dst=/v,readonly,bind-recursive={mode}{propagation}"
    script = "touch /v/x 2>/dev/null && echo top; touch /v/below/x 2>/dev/null && echo below; true"
    shown = inside.run(clean_boxship, "--mount", option, "busybox", "sh", "-c", script)
    assert shown == ("below" if writes_below else "")


@pytest.mark.parametrize(
    ("propagation", "inwards", "outwards"),
    [
        ("rprivate", False, False),
        ("private", False, False),
        ("rslave", True, False),
        ("slave", True, False),
        ("rshared", True, True),
        ("shared", True, True),
    ],
)
def test_propagation(
    clean_boxship: Engine, shared: Path, propagation: str, inwards: bool, outwards: bool
) -> None:
    volume = f"{shared}:/v:{propagation}"
    container = inside.start(
        clean_boxship, "--privileged", "-v", volume, "busybox", "sleep", "1000"
    )
    (shared / "late").mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", shared / "late"], check=True)
    (shared / "late" / "from-host").touch()
    shown = clean_boxship.docker("exec", container, "ls", "/v/late").stdout.strip()
    assert shown == ("from-host" if inwards else "")
    script = "mkdir /v/inner && mount -t tmpfs none /v/inner && touch /v/inner/from-container"
    clean_boxship.docker("exec", container, "sh", "-c", script)
    assert (shared / "inner" / "from-container").exists() == outwards
    with contextlib.suppress(OSError):
        subprocess.run(["umount", shared / "inner"], capture_output=True)


def test_a_bind_of_a_running_containers_mount_goes_with_it(
    clean_boxship: Engine, shared: Path
) -> None:
    """The host may unmount what a private copy in a container still holds."""
    container = inside.start(clean_boxship, "-v", f"{shared}:/v", "busybox", "sleep", "1000")
    subprocess.run(["umount", shared / "below"], check=True)
    clean_boxship.docker("rm", "-f", container)
    eventually(lambda: str(shared / "below") not in Path("/proc/self/mountinfo").read_text())


@pytest.mark.parametrize("source", ["/nosuch/dir", "/etc/passwd/x"])
def test_sources_that_are_not_there(clean_boxship: Engine, source: str) -> None:
    option = f"type=bind,src={source},dst=/v"
    done = clean_boxship.docker("run", "--rm", "--mount", option, "busybox", "true", check=False)
    assert done.returncode == 125


def test_a_directory_does_not_fit_on_a_file(clean_boxship: Engine, tmp_path: Path) -> None:
    volume = f"{tmp_path}:/etc/passwd"
    done = clean_boxship.docker("run", "--rm", "-v", volume, "busybox", "true", check=False)
    assert done.returncode == 125 and "not a directory" in done.stderr
    assert "Are you trying to mount a directory onto a file" in done.stderr


def test_deeper_mounts_lie_on_shallower_ones(clean_boxship: Engine, tmp_path: Path) -> None:
    for name in ("outer", "inner"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "name").write_text(name)
    (tmp_path / "outer" / "sub").mkdir()
    options = ["-v", f"{tmp_path}/inner:/v/sub", "-v", f"{tmp_path}/outer:/v"]
    shown = inside.run(clean_boxship, *options, "busybox", "cat", "/v/name", "/v/sub/name")
    assert shown == "outerinner"


def test_etc_keeps_the_images_owner_and_mode_for_arbitrary_users(
    clean_boxship: Engine, tmp_path: Path
) -> None:
    """Images for arbitrary user numbers let group 0 write to /etc."""
    (tmp_path / "Dockerfile").write_text(
        "FROM busybox\n"
        "RUN chown 7:0 /etc && chmod 2775 /etc\n"
        "USER 1234:0\n"
        "RUN echo built > /etc/built\n"
    )
    engine = clean_boxship
    engine.docker("build", "-q", "-t", "arbitrary", str(tmp_path))
    script = "echo ran > /etc/ran && cat /etc/built /etc/ran && stat -c '%a %u %g' /etc"
    words = ("sh", "-c", script)
    engine.docker("run", "--name", "ran", "arbitrary", *words)
    engine.docker("commit", "ran", "again")
    for image in ("arbitrary", "again"):
        shown = inside.run(engine, "-u", "4321:0", image, "sh", "-c", script.replace("ran", "r"))
        assert shown.split() == ["built", "r", "2775", "7", "0"]
