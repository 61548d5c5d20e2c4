"""Published escapes by paths: images and mounts that lead outside of a container's root."""

import contextlib
import os
from pathlib import Path

import pytest

from boxship.kernel import mount, process
from boxship.sandbox.failure import StageError
from boxship.sandbox.root import Root
from boxship.sandbox.steps import devices, mounts
from boxship.sandbox.steps.context import Context
from boxship.sandbox.steps.mounts import new_filesystem
from support import forked, inside, workers
from support.engines import Engine
from support.requirements import require_root


@pytest.fixture(scope="module")
def victim(boxship_daemon: Engine) -> Path:
    """A directory of the host that no container was given."""
    path = boxship_daemon.root / "victim"
    path.mkdir()
    (path / "file").write_text("untouched")
    return path


@pytest.mark.parametrize("target", ["/", "/proc", "..", "../../../../..", "/proc/self/root"])
def test_a_bind_through_a_link_stays_inside(
    clean_boxship: Engine, victim: Path, target: str, tmp_path: Path
) -> None:
    """CVE-2021-30465 and its kin: the target's parent is a link to somewhere else."""
    name = inside.image(clean_boxship, "bindlink", {"way": ("->", target)})
    (tmp_path / "mark").write_text("bound")
    before = sorted(os.listdir("/"))
    done = clean_boxship.docker(
        "run", "--rm", "-v", f"{tmp_path}:/way/newdir", name, "cat", "/way/newdir/mark", check=False
    )
    if target.startswith("/proc"):
        assert done.returncode != 0 and done.stdout == ""
    else:
        assert done.stdout == "bound"
    assert sorted(os.listdir("/")) == before


@pytest.mark.parametrize("kind", ["absolute", "relative", "dotdot"])
def test_a_dangling_link_is_followed_inside(
    clean_boxship: Engine, kind: str, tmp_path: Path
) -> None:
    """/var/run often leads to a /run that the image lacks; docker makes it."""
    target = {
        "absolute": "/absent/deep",
        "relative": "absent/deep",
        "dotdot": "../../../../absent/deep",
    }[kind]
    name = inside.image(clean_boxship, "dangling", {"var/lost": ("->", target)})
    (tmp_path / "file").write_text("bound")
    volumes = ["-v", f"{tmp_path}:/var/lost/dir", "-v", f"{tmp_path}/file:/var/lost/file"]
    real = "/var/absent/deep" if kind == "relative" else "/absent/deep"
    script = f"cat {real}/dir/file {real}/file"
    assert inside.run(clean_boxship, *volumes, name, "sh", "-c", script) == "boundbound"
    assert not os.path.exists("/absent")


@pytest.mark.parametrize("up", ["", "../../../../../../../.."])
def test_a_working_directory_through_a_link_is_made_inside(
    clean_boxship: Engine, tmp_path: Path, up: str
) -> None:
    """CVE-2026-55686: a link in the way of WORKDIR led the runtime to the host."""
    name = inside.image(clean_boxship, "workdir", {"way": ("->", f"{up}{tmp_path}")})
    for path in ("/way", "/way/new"):
        shown = inside.run(clean_boxship, "-w", path, name, "pwd", "-P")
        assert shown == f"{tmp_path}{path.removeprefix('/way')}"
    assert os.listdir(tmp_path) == []


TARGETS = ["/", "/etc", "/proc/self/root", "."]


@pytest.mark.parametrize("target", TARGETS)
def test_links_in_an_image_are_replaced_by_directories(clean_boxship: Engine, target: str) -> None:
    links = dict.fromkeys(("proc", "sys", "dev"), ("->", target))
    name = inside.image(clean_boxship, "nodir", links)
    script = "readlink /proc /sys /dev; stat -f -c %T /proc /sys /dev"
    shown = clean_boxship.docker("run", "--rm", name, "sh", "-c", script).stdout.split()
    assert shown == ["proc", "sysfs", "tmpfs"]


@pytest.mark.parametrize(("path", "kind"), [("proc", "proc"), ("sys", "sysfs")])
@pytest.mark.parametrize("target", TARGETS)
def test_procfs_and_sysfs_want_an_ordinary_directory(
    tmp_path: Path, path: str, kind: str, target: str
) -> None:
    """CVE-2019-19921: with a link in its place another tree would be taken for procfs."""
    require_root()
    (tmp_path / path).symlink_to(target)

    def attempt() -> str:
        process.unshare(process.CLONE_NEWNS)
        mount.mount(None, "/", None, mount.MS_REC | mount.MS_PRIVATE)
        root = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
        context = Context(root, str(tmp_path), [], None, (0, 0), Root(root))
        step = {"type": kind, "name": kind, "target": f"/{path}", "options": [], "attributes": 0}
        try:
            mounts.mount_one(context, step)
        except StageError as error:
            return str(error)
        return "mounted"

    expected = f'filesystem "{kind}" must be mounted on ordinary directory: /{path}'
    assert forked.in_child(attempt) == expected


@pytest.mark.parametrize("up", ["", "../../../../../../../.."])
@pytest.mark.parametrize("path", ["dev", "proc", "sys", "etc", "run"])
def test_a_directory_of_an_image_that_is_a_link_reaches_nothing_of_the_host(
    clean_boxship: Engine, tmp_path: Path, path: str, up: str
) -> None:
    """CVE-2026-41579: what the runtime removes and makes in /dev goes where the link leads."""
    names = ["console", "hosts", "mtab", "ptmx", "stdin"]
    for name in names:
        (tmp_path / name).write_text("untouched")
    name = inside.image(clean_boxship, "linked", {path: ("->", f"{up}{tmp_path}")})
    mounts = ["-v", "/run/new", "-v", f"{tmp_path}/hosts:/run/file:ro", "--tmpfs", "/tmp/x"]
    script = "echo x > /etc/new; echo x > /dev/new; echo x > /run/new/x; ls /dev/ptmx /run/file"
    words = ["-t", "--device", "/dev/zero:/dev/deep/zero", *mounts, name, "sh", "-c", script]
    shown = inside.run(clean_boxship, *words).split()
    assert shown == ["/dev/ptmx", "/run/file"]
    assert sorted(os.listdir(tmp_path)) == names
    assert {(tmp_path / name).read_text() for name in names} == {"untouched"}


@pytest.mark.parametrize("path", ["dev", "dev/pts"])
def test_devices_are_made_inside_where_dev_is_a_link(tmp_path: Path, path: str) -> None:
    """CVE-2026-41579, without the layer of ours that covers such links."""
    require_root()
    victim, top = tmp_path / "victim", tmp_path / "root"
    victim.mkdir()
    (victim / "ptmx").write_text("untouched")
    (top / path).parent.mkdir(parents=True)
    (top / path).symlink_to(victim)

    def attempt() -> None:
        root = os.open(top, os.O_PATH | os.O_DIRECTORY)
        context = Context(root, str(top), [], None, (0, 0), Root(root))
        null = {"path": "/dev/null", "type": "c", "major": 1, "minor": 3}
        devices.make(context, {"devices": [null, null | {"path": "/dev/pts/null"}]})

    forked.in_child(attempt)
    assert os.listdir(victim) == ["ptmx"] and (victim / "ptmx").read_text() == "untouched"
    assert (top / str(victim).lstrip("/")).is_dir()


@pytest.mark.parametrize("file", ["etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/passwd"])
def test_files_of_etc_that_are_links_touch_nothing_outside(
    clean_boxship: Engine, victim: Path, file: str
) -> None:
    name = inside.image(clean_boxship, "etclink", {file: ("->", f"{victim}/file")})
    clean_boxship.docker("run", "--rm", name, "true", check=False)
    assert (victim / "file").read_text() == "untouched"


@pytest.mark.parametrize("number", range(3, 16))
def test_a_leaked_descriptor_is_no_working_directory(clean_boxship: Engine, number: int) -> None:
    """CVE-2024-21626: a directory of the host that the runtime had open."""
    path = f"/proc/self/fd/{number}"
    words = ("run", "--name", "leaked", "-w", path, "busybox", "ls", "..")
    done = clean_boxship.docker(*words, check=False)
    # The container gets no directories named after directories of the host.
    assert clean_boxship.docker("diff", "leaked").stdout == ""
    if done.returncode == 0:
        assert "etc" in done.stdout and "busybox" not in done.stdout
        assert not {"boot", "work", "lib64", "snap"} & set(done.stdout.split())
    else:
        assert done.returncode in (125, 126, 127)


@pytest.mark.parametrize("number", range(3, 30))
def test_no_link_of_procfs_names_directories_to_make(tmp_path: Path, number: int) -> None:
    """A descriptor that is opened during the lookup is a link, its text a path of the host."""
    require_root()
    (tmp_path / "proc").mkdir()

    def attempt() -> bool:
        workers.private_mounts()
        proc = new_filesystem("proc", [], 0)
        root = Root(os.open(tmp_path, os.O_PATH | os.O_DIRECTORY))
        mount.move_mount(proc, root.open("/proc"))
        os.close(proc)
        for make in (root.directory, root.file):
            with contextlib.suppress(OSError):
                make(f"/proc/self/fd/{number}")
        return os.listdir(tmp_path) == ["proc"]

    assert forked.in_child(attempt)


@pytest.mark.parametrize("number", range(3, 16))
def test_nor_is_it_one_for_exec(running: str, boxship_daemon: Engine, number: int) -> None:
    path = f"/proc/self/fd/{number}"
    done = boxship_daemon.docker("exec", "-w", path, running, "pwd", check=False)
    assert (done.returncode, done.stdout) == (0, "/\n") or "chdir to cwd" in done.stdout


@pytest.fixture(scope="module")
def running(boxship_daemon: Engine) -> str:
    return inside.start(boxship_daemon, "busybox", "sleep", "1000")


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        (["-v", "{}:/proc"], "it is not of type proc"),
        (["-v", "{}:/proc/sys"], "it is inside /proc"),
        (["-v", "{}:/proc/self/attr"], "it is inside /proc"),
        (["-v", "{}/file:/proc/self/attr/exec"], "it is inside /proc"),
        (["-v", "{}/file:/proc/version"], "it is inside /proc"),
        (["--tmpfs", "/proc/1"], "it is inside /proc"),
        (["--tmpfs", "/proc"], "it is not of type proc"),
        (["-v", "{}:/x/../proc/sys"], "it is inside /proc"),
    ],
)
def test_writes_to_procfs_cannot_be_redirected(
    clean_boxship: Engine, victim: Path, option: list[str], reason: str
) -> None:
    """CVE-2019-16884: a volume over procfs takes what the runtime writes there."""
    words = [word.format(victim) for word in option]
    done = clean_boxship.docker("run", "--rm", *words, "busybox", "true", check=False)
    assert done.returncode == 125 and reason in done.stderr
    assert (victim / "file").read_text() == "untouched"


def test_procfs_through_a_link_cannot_be_covered_either(
    clean_boxship: Engine, victim: Path
) -> None:
    name = inside.image(clean_boxship, "proclink", {"way": ("->", "proc/self")})
    done = clean_boxship.docker(
        "run", "--rm", "-v", f"{victim}:/way/attr", name, "true", check=False
    )
    assert done.returncode == 125 and "it is inside /proc" in done.stderr


def test_what_lxcfs_replaces_may_be_covered(clean_boxship: Engine, victim: Path) -> None:
    volume = f"{victim}/file:/proc/cpuinfo"
    shown = inside.run(clean_boxship, "-v", volume, "busybox", "cat", "/proc/cpuinfo")
    assert shown == "untouched"


def test_masked_paths_hide_the_hosts_secrets(clean_boxship: Engine) -> None:
    """And what hides them is the container's own: the host's device keeps its mode and owner."""
    before = os.stat("/dev/null")
    script = (
        "cat /proc/keys /proc/timer_list /proc/kcore 2>/dev/null; ls /proc/acpi /sys/firmware "
        "/proc/scsi /sys/devices/virtual/powercap 2>/dev/null | grep -v :; "
        "chmod 600 /proc/keys /proc/timer_list; chown 7:7 /proc/keys; touch /sys/firmware/x"
    )
    done = clean_boxship.docker("run", "--rm", "busybox", "sh", "-c", script, check=False)
    assert done.stdout.strip() == "" and "Read-only file system" in done.stderr
    after = os.stat("/dev/null")
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


@pytest.mark.parametrize(
    "path",
    ["/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq/0/x", "/proc/bus/x", "/sys/x"],
)
def test_protected_paths_are_read_only(clean_boxship: Engine, path: str) -> None:
    done = clean_boxship.docker(
        "run", "--rm", "busybox", "sh", "-c", f"echo b > {path}", check=False
    )
    assert done.returncode != 0
    assert "Read-only file system" in done.stderr or "nonexistent directory" in done.stderr


def test_masks_are_missing_with_privileged(clean_boxship: Engine) -> None:
    script = "grep -c ' /proc/keys ' /proc/self/mountinfo; echo 1 > /proc/sys/net/ipv4/ip_forward"
    assert inside.run(clean_boxship, "--privileged", "busybox", "sh", "-c", script) == "0"


@pytest.mark.parametrize("user", ["0", "1000", "1000:1000"])
def test_the_hosts_null_device_is_not_given_away(clean_boxship: Engine, user: str) -> None:
    before = os.stat("/dev/null")
    inside.run(clean_boxship, "-u", user, "busybox", "true")
    container = inside.start(clean_boxship, "busybox", "sleep", "100")
    clean_boxship.docker("exec", "-u", user, container, "true")
    after = os.stat("/dev/null")
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


@pytest.mark.parametrize("place", ["../proc", "../sys", "../dev", "../dev/shm"])
def test_no_other_mount_is_had_for_a_volumes(clean_boxship: Engine, place: str) -> None:
    """Who shares a volume's file system with the next container renames what is above it."""
    engine, option = clean_boxship, "device=swapped"
    engine.docker("volume", "create", "-o", "type=tmpfs", "-o", option, "swapped")
    inside.start(engine, "--name", "first", "-v", "swapped:/data/v", "busybox", "sleep", "1000")
    engine.docker("exec", "first", "sh", "-c", "echo kept > /data/v/file; echo no > /dev/shm/file")
    words = ("-v", "swapped:/vol", "busybox", "sh", "-c")
    assert inside.run(engine, *words, "cat /vol/file") == "kept"
    swap = f"mv /data /aside; mkdir /data; ln -s {place} /data/v"
    engine.docker("exec", "first", "sh", "-c", swap)
    assert (
        inside.run(engine, *words, "ls /vol; grep -o ' /vol tmpfs' /proc/mounts") == " /vol tmpfs"
    )
    engine.remove_containers()
    engine.docker("volume", "rm", "swapped")
