"""Published escapes by processes: the interpreter's binary, ptrace, keys, the image's own code."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support import delayed, inside
from support.engines import Engine
from support.waiting import eventually


def test_the_interpreter_cannot_be_the_program(clean_boxship: Engine) -> None:
    """CVE-2019-5736: /proc/self/exe leads to the binary that is about to execute."""
    done = clean_boxship.docker(
        "run", "--rm", "--entrypoint", "/proc/self/exe", "busybox", "--version", check=False
    )
    assert done.returncode == 126 and done.stdout == ""
    assert 'exec: "/proc/self/exe": permission denied' in done.stderr


@pytest.mark.parametrize("program", ["exe", "script"])
def test_nor_of_an_exec(clean_boxship: Engine, program: str) -> None:
    """Also as the interpreter of a script, which the kernel itself follows."""
    name = inside.image(
        clean_boxship,
        "selfexe",
        {"exe": ("->", "/proc/self/exe"), "script": b"#!/proc/self/exe\n--version\n"},
    )
    container = inside.start(clean_boxship, name, "sleep", "1000")
    done = clean_boxship.docker("exec", container, f"/{program}", check=False)
    assert done.returncode != 0 and "Python" not in done.stdout + done.stderr


def test_the_binary_that_joins_a_container_cannot_be_written(clean_boxship: Engine) -> None:
    """What the exploit does: wait for an exec, then open its /proc/PID/exe for writing.

    Even with CAP_SYS_PTRACE, which opens the link, the file is on a read-only mount.
    """
    binary = Path(sys.executable).resolve()
    before = (binary.stat().st_mtime_ns, binary.stat().st_size)
    attack = (
        "while [ ! -e /stop ]; do for p in /proc/[0-9]*; do "
        "readlink $p/exe | grep -q python && { echo seen >> /seen; "
        "(echo x >> $p/exe) 2>>/refused && echo $p >> /written; }; done; done; sleep 1000"
    )
    options = ["--cap-add", "SYS_PTRACE", "--init", "busybox", "sh", "-c", attack]
    container = inside.start(clean_boxship, *options)
    shim = inside.parent_of(inside.pid_of(clean_boxship, container))
    with delayed.executions(shim, 2.0):
        clean_boxship.docker("exec", container, "true")
    clean_boxship.docker("exec", container, "touch", "/stop")
    show = clean_boxship.docker("exec", container, "sh", "-c", "cat /written; cat /refused /seen")
    assert "seen" in show.stdout and "Read-only file system" in show.stdout
    assert "can't open '/written'" in show.stderr
    assert (binary.stat().st_mtime_ns, binary.stat().st_size) == before


def test_without_ptrace_our_processes_show_nothing_to_a_container(clean_boxship: Engine) -> None:
    """The process of an exec is not dumpable from its birth to its execve."""
    probe = (
        "while [ ! -e /stop ]; do for p in /proc/[0-9]*; do "
        "case $(cat $p/comm) in boxship*) echo x >> /seen; "
        "f=$(readlink $p/fd/* $p/cwd $p/root $p/exe); "
        'case "$(cat $p/comm):$f" in boxship*:?*) echo "$f" >> /opened; esac; esac; '
        "done; done 2>/dev/null"
    )
    container = inside.start(clean_boxship, "busybox", "sh", "-c", probe)
    shim = inside.parent_of(inside.pid_of(clean_boxship, container))
    with delayed.executions(shim, 2.0):
        clean_boxship.docker("exec", container, "true")
    clean_boxship.docker("exec", container, "test", "-e", "/seen")
    shown = clean_boxship.docker("exec", container, "cat", "/opened", check=False)
    assert "can't open" in shown.stderr and shown.stdout == ""


def test_init_keeps_its_host_environment_to_itself(boxship_daemon: Engine) -> None:
    """With --init our own code stays as process 1; the daemon's environment is not in it."""
    daemon = Path(f"/proc/{boxship_daemon.pid}/environ").read_bytes()
    assert b"DOCKER_SECRET_OF_THE_HOST" not in daemon
    script = "tr '\\0' '\\n' < /proc/1/environ | cut -d= -f1 | sort"
    options = ["--init", "--privileged", "busybox", "sh", "-c", script]
    kept = set(inside.run(boxship_daemon, *options).split())
    allowed = {"PATH", "LANG", "LANGUAGE", "LD_LIBRARY_PATH", "LD_PRELOAD", "LD_BIND_NOW"}
    other = {name for name in kept - allowed if not name.startswith(("PYTHON", "LC_", "BOXSHIP_"))}
    assert "PATH" in kept and other == set()


POISON = b"import os\nopen('/poisoned', 'a').write(__name__)\nraise SystemExit('poisoned')\n"


def _poisoned() -> dict[str, "bytes | tuple[str, str] | None"]:
    """Files that a chrooted interpreter or C library would load, each of them telling of it."""
    names = "pwd grp os encodings encodings/idna encodings/utf_8 traceback linecache tokenize json"
    names += " socket select signal contextlib tarfile zlib struct locale codecs site warnings"
    added: dict[str, bytes | tuple[str, str] | None] = {}
    places = [path.lstrip("/") for path in sys.path if path.startswith("/")]
    places += ["usr/lib/python3", "usr/lib/python3.11", "usr/lib/python3.13", "root", ""]
    for place in {*places}:
        for name in names.split():
            added[os.path.join(place, f"{name}.py")] = POISON
    added["etc/nsswitch.conf"] = b"passwd: evil files\ngroup: evil files\nhosts: evil\n"
    added["etc/ld.so.preload"] = b"/lib/libevil.so\n"
    for library in ("libnss_evil.so.2", "libnss_files.so.2", "libc.so.6", "libevil.so"):
        for place in (
            "lib",
            "lib64",
            "usr/lib",
            "lib/x86_64-linux-gnu",
            "usr/lib/x86_64-linux-gnu",
        ):
            added[f"{place}/{library}"] = b"\x7fELF not really"
    return added


@pytest.fixture(scope="module")
def poisoned(boxship_daemon: Engine) -> str:
    return inside.image(boxship_daemon, "poisoned", _poisoned())


@pytest.mark.parametrize("user", ["root", "guest:guest", "1000"])
def test_nothing_of_the_image_is_loaded(clean_boxship: Engine, poisoned: str, user: str) -> None:
    """CVE-2019-14271: init, --init, exec, cp, top, diff and export run no code of the image."""
    container = inside.start(clean_boxship, "--init", "-u", user, "-t", poisoned, "sleep", "1000")
    trace = Path(f"/proc/{inside.pid_of(clean_boxship, container)}/root/poisoned")
    clean_boxship.docker("exec", "-u", user, container, "id")
    clean_boxship.docker("exec", "-u", "nosuchuser", container, "id", check=False)
    clean_boxship.docker("exec", container, "/nosuchprogram", check=False)
    clean_boxship.docker("cp", f"{container}:/etc/passwd", "-")
    clean_boxship.docker("cp", "/etc/hostname", f"{container}:/tmp/copied")
    clean_boxship.docker("top", container)
    changes = clean_boxship.docker("diff", container).stdout
    assert "A /tmp/copied" in changes and "poisoned" not in changes
    assert not trace.exists()
    clean_boxship.docker("stop", "-t", "0", container)
    clean_boxship.docker("cp", f"{container}:/etc/group", "-")
    assert "poisoned" not in clean_boxship.docker("diff", container).stdout


def test_the_poison_works(boxship_daemon: Engine, poisoned: str, tmp_path: Path) -> None:
    """The same files do catch an interpreter that imports late in a chroot."""
    (tmp_path / "encodings").mkdir()
    for name in ("json.py", "poisoned"):
        (tmp_path / name).write_bytes(POISON if name.endswith("py") else b"")
    script = f"import os, sys\nos.chroot({str(tmp_path)!r}); sys.path[:] = ['/']; import json\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "poisoned" in done.stderr and (tmp_path / "poisoned").read_text() == "json"


def test_a_failing_start_loads_nothing_either(clean_boxship: Engine, poisoned: str) -> None:
    for words in (["-w", "/etc/passwd", poisoned, "true"], [poisoned, "/etc/passwd"]):
        container = clean_boxship.docker("create", *words).stdout.strip()
        assert clean_boxship.docker("start", container, check=False).returncode != 0
        assert "poisoned" not in clean_boxship.docker("diff", container).stdout


def test_a_container_has_a_session_keyring_of_its_own(clean_boxship: Engine) -> None:
    """Which its exec sessions share, with nobody else."""
    containers = [inside.start(clean_boxship, "busybox", "sleep", "1000") for _ in "12"]
    for container in containers * 2:
        clean_boxship.docker("exec", "-d", container, "sleep", "1000")
    for container in containers:
        rows = [row for row in Path("/proc/keys").read_text().splitlines() if container in row]
        # Usage: a reference for each of the three processes, at least.
        assert len(rows) == 1 and int(rows[0].split()[2]) >= 3, rows
    assert "_ses.exec" not in Path("/proc/keys").read_text()


def test_exec_and_attach_leak_no_descriptor(clean_boxship: Engine) -> None:
    """0, 1, 2 and the descriptor of the listing itself, whichever way a process came to be."""
    script = "for fd in /proc/self/fd/*; do echo $fd $(readlink $fd); done"
    container = inside.start(clean_boxship, "-it", "busybox", "sh")
    attached = [_attach(clean_boxship, container) for _ in range(3)]
    outputs = [
        inside.run(clean_boxship, "busybox", "sh", "-c", script),
        inside.run(clean_boxship, "--init", "busybox", "sh", "-c", script),
        inside.run(clean_boxship, "-t", "busybox", "sh", "-c", script),
        inside.run(clean_boxship, "--privileged", "-i", "busybox", "sh", "-c", script),
        clean_boxship.docker("exec", container, "sh", "-c", script).stdout,
        clean_boxship.docker("exec", "-i", container, "sh", "-c", script).stdout,
        clean_boxship.docker("exec", "-t", container, "sh", "-c", script).stdout,
    ]
    for shown in outputs:
        numbers = {line.split()[0] for line in shown.splitlines() if len(line.split()) == 2}
        assert numbers == {f"/proc/self/fd/{n}" for n in (0, 1, 2)} | (
            {"/proc/self/fd/10"} & numbers
        ), shown
    assert set(inside.descriptors(inside.pid_of(clean_boxship, container))) == {0, 1, 2, 10}
    for process in attached:
        process.kill()
        process.wait()


def _attach(engine: Engine, container: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        ["docker", "attach", "--no-stdin", container],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DOCKER_HOST": engine.host},
    )


def test_process_one_of_init_holds_no_descriptor(clean_boxship: Engine) -> None:
    """It would keep the streams open after its program has closed them."""
    container = inside.start(clean_boxship, "--init", "busybox", "sleep", "1000")
    assert inside.descriptors(inside.pid_of(clean_boxship, container)) == {}


def test_a_thousand_execs_leave_the_shim_as_it_was(clean_boxship: Engine) -> None:
    """Failed ones among them: descriptors, children and memory stay."""
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    shim = inside.parent_of(inside.pid_of(clean_boxship, container))

    def run_some(count: int) -> None:
        words = [["exec", container, "true"], ["exec", "-t", container, "true"]]
        words += [["exec", "-i", container, "nosuchprogram"], ["exec", "-w", "/no", container, "x"]]
        for n in range(count):
            clean_boxship.docker(*words[n % 4], check=False)

    run_some(40)
    before = len(inside.descriptors(shim)), _private(shim)
    threads = [threading.Thread(target=run_some, args=(60,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    eventually(lambda: len(inside.descriptors(shim)) <= before[0])
    assert _private(shim) < before[1] + 300
    children = Path(f"/proc/{shim}/task/{shim}/children").read_text().split()
    assert children == [str(inside.pid_of(clean_boxship, container))]


def _private(pid: int) -> int:
    """Private memory in KB."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(row.split()[1]) for row in rows if row.startswith("Private_"))
