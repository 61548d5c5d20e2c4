"""How programs end: exit codes, signals, stopping, and the process that --init puts in front."""

from pathlib import Path

import pytest

from support import inside
from support.engines import Engine
from support.waiting import eventually


@pytest.mark.parametrize("code", [0, 1, 2, 77, 125, 126, 127, 128, 137, 200, 255])
@pytest.mark.parametrize("options", [[], ["--init"]])
def test_exit_codes(clean_boxship: Engine, code: int, options: list[str]) -> None:
    words = ["run", "--rm", *options, "busybox", "sh", "-c", f"exit {code}"]
    assert clean_boxship.docker(*words, check=False).returncode == code


@pytest.mark.parametrize("code", [0, 3, 255])
def test_exit_codes_of_exec(clean_boxship: Engine, code: int) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    words = ["exec", container, "sh", "-c", f"exit {code}"]
    assert clean_boxship.docker(*words, check=False).returncode == code


@pytest.mark.parametrize(("name", "number"), [("KILL", 9), ("TERM", 15), ("USR1", 10), ("HUP", 1)])
@pytest.mark.parametrize("options", [[], ["--init"]])
def test_signals(clean_boxship: Engine, name: str, number: int, options: list[str]) -> None:
    script = (
        "sleep 1000" if name == "KILL" else f"trap 'exit 4' {name}; while :; do sleep 0.1; done"
    )
    container = inside.start(clean_boxship, *options, "busybox", "sh", "-c", f"{script} & wait")
    if name != "KILL":
        clean_boxship.docker("rm", "-f", container)
        container = inside.start(clean_boxship, *options, "busybox", "sh", "-c", script)
        pid = inside.pid_of(clean_boxship, container)
        eventually(lambda: _handles(pid, number, bool(options)))
    clean_boxship.docker("kill", "-s", name, container)
    assert clean_boxship.docker("wait", container).stdout == ("137\n" if name == "KILL" else "4\n")


def _handles(pid: int, number: int, has_init: bool) -> bool:
    """Whether the program, or with --init its only child, has its handler by now."""
    if has_init:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children:
            return False
        pid = int(children[0])
    return bool(int(inside.status_of(pid)["SigCgt"], 16) >> (number - 1) & 1)


def test_a_killed_program_has_the_code_of_its_signal(clean_boxship: Engine) -> None:
    words = ["run", "--rm", "--init", "busybox", "sh", "-c", "kill -SEGV $$"]
    assert clean_boxship.docker(*words, check=False).returncode == 139
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    words = ["exec", container, "sh", "-c", "kill -USR1 $$"]
    assert clean_boxship.docker(*words, check=False).returncode == 138


def stop(engine: Engine, container: str, seconds: int = 1000) -> int:
    """The exit code; it fails when the container takes these *seconds*, but for few."""
    engine.docker("stop", "-t", str(seconds), container)
    return int(inside.inspect(engine, container)["State"]["ExitCode"])


def test_a_first_process_that_drops_the_signal_is_not_waited_for(clean_boxship: Engine) -> None:
    """The kernel delivers nothing to process 1 that it has no handler for."""
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    assert stop(clean_boxship, container) == 137


def test_one_with_a_handler_is_waited_for(clean_boxship: Engine) -> None:
    script = "trap 'sleep 1; echo bye; exit 6' TERM; echo ready; while :; do sleep 0.1; done"
    container = inside.start(clean_boxship, "busybox", "sh", "-c", script)
    eventually(lambda: "ready" in clean_boxship.docker("logs", container).stdout)
    assert stop(clean_boxship, container) == 6
    assert clean_boxship.docker("logs", container).stdout == "ready\nbye\n"


def test_one_that_ignores_the_signal_is_killed_after_the_time(clean_boxship: Engine) -> None:
    script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    container = inside.start(clean_boxship, "busybox", "sh", "-c", script)
    eventually(lambda: "ready" in clean_boxship.docker("logs", container).stdout)
    assert stop(clean_boxship, container, 1) == 137


def test_the_stop_signal_is_the_users(clean_boxship: Engine) -> None:
    script = "trap 'exit 8' QUIT; echo ready; while :; do sleep 0.1; done"
    words = ["--stop-signal", "QUIT", "busybox", "sh", "-c", script]
    container = inside.start(clean_boxship, *words)
    eventually(lambda: "ready" in clean_boxship.docker("logs", container).stdout)
    assert stop(clean_boxship, container) == 8


def test_with_init_the_default_action_is_taken(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "--init", "busybox", "sleep", "1000")
    assert stop(clean_boxship, container) == 143


def test_init_reaps_orphans(clean_boxship: Engine) -> None:
    script = "for i in 1 2 3 4 5; do (sleep 0.1 & ) ; done; sleep 1; ps -o stat,comm; echo end"
    shown = inside.run(clean_boxship, "--init", "busybox", "sh", "-c", script)
    assert "Z" not in shown.replace("busybox", "") and "docker-init" in shown
    without = inside.run(clean_boxship, "busybox", "sh", "-c", script)
    assert "docker-init" not in without


def test_init_ends_with_its_program_not_with_its_orphans(clean_boxship: Engine) -> None:
    words = ["run", "--rm", "--init", "busybox", "sh", "-c", "sleep 1000 & exit 3"]
    assert clean_boxship.docker(*words, check=False).returncode == 3


def test_orphans_of_a_shared_pid_namespace_do_not_outlive_the_container(
    clean_boxship: Engine,
) -> None:
    first = inside.start(clean_boxship, "busybox", "sleep", "1000")
    for mode in ("host", f"container:{first}"):
        words = ["--pid", mode, "busybox", "sh", "-c", "(sleep 4242 &); true"]
        inside.run(clean_boxship, *words)
        eventually(lambda: "sleep\x004242" not in _command_lines())
    assert inside.inspect(clean_boxship, first)["State"]["Running"]


def _command_lines() -> str:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_text())
        except OSError:
            continue
    return "\n".join(lines)


def test_execs_end_with_their_container(clean_boxship: Engine) -> None:
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    clean_boxship.docker("exec", "-d", container, "sleep", "2424")
    clean_boxship.docker("kill", container)
    eventually(lambda: "sleep\x002424" not in _command_lines())


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["/nosuch"], 127, "no such file or directory"),
        (["nosuch"], 127, "executable file not found in $PATH"),
        (["/etc/passwd"], 126, "permission denied"),
        (["/etc"], 126, "is a directory"),
        (["a" * 9000], 127, "executable file not found in $PATH"),
    ],
)
def test_programs_that_cannot_run(
    clean_boxship: Engine, words: list[str], code: int, text: str
) -> None:
    done = clean_boxship.docker("run", "--rm", "busybox", *words, check=False)
    assert done.returncode == code and text in done.stderr
    container = inside.start(clean_boxship, "busybox", "sleep", "1000")
    done = clean_boxship.docker("exec", container, *words, check=False)
    assert done.returncode == 126 and text in done.stdout + done.stderr


def test_a_file_that_is_no_program_fails_by_itself(clean_boxship: Engine) -> None:
    name = inside.image(clean_boxship, "garbage", {"garbage": b"garbage", "script": b"#!/no\n"})
    for path, text in (("/garbage", "exec format error"), ("/script", "no such file")):
        done = clean_boxship.docker("run", "--rm", name, path, check=False)
        assert done.returncode != 0 and f"exec {path}: {text}" in done.stderr
