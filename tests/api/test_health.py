"""Health checks: status, log and events of probes that pass, fail, hang, or cannot run."""

import json
from typing import Any

import pytest

from support import engines
from support.waiting import eventually


def _health(daemon: engines.Engine, name: str) -> dict[str, Any]:
    text = daemon.docker("inspect", "-f", "{{json .State.Health}}", name).stdout
    health: dict[str, Any] = json.loads(text)
    return health


@pytest.mark.parametrize(
    ("flags", "status", "code", "output"),
    [
        (["--health-cmd", "echo fine"], "healthy", 0, "fine\n"),
        (["--health-cmd", "echo bad; exit 3"], "unhealthy", 3, "bad\n"),
        (["--health-cmd", "sleep 9"], "unhealthy", -1, "Health check exceeded timeout (1s)"),
    ],
)
def test_a_probe_decides(
    clean_boxship: engines.Engine, flags: list[str], status: str, code: int, output: str
) -> None:
    quick = ["--health-interval", "100ms", "--health-timeout", "1s", "--health-retries", "1"]
    clean_boxship.docker("run", "-d", "--name", "probed", *quick, *flags, "busybox", "sleep", "99")
    eventually(lambda: _health(clean_boxship, "probed")["Status"] == status)
    newest = _health(clean_boxship, "probed")["Log"][-1]
    assert (newest["ExitCode"], newest["Output"]) == (code, output)
    listed = clean_boxship.docker("ps", "--filter", f"health={status}", "--format", "{{.Names}}")
    assert listed.stdout == "probed\n"


def test_failures_in_the_start_period_do_not_count(clean_boxship: engines.Engine) -> None:
    flags = ["--health-interval", "100ms", "--health-start-period", "60s"]
    flags += ["--health-start-interval", "100ms", "--health-retries", "1"]
    flags += ["--health-cmd", "false"]
    clean_boxship.docker("run", "-d", "--name", "young", *flags, "busybox", "sleep", "99")
    eventually(lambda: len(_health(clean_boxship, "young")["Log"]) >= 3)
    assert _health(clean_boxship, "young")["Status"] == "starting"


def test_an_unhealthy_container_restarts_where_its_label_says_so(
    clean_boxship: engines.Engine,
) -> None:
    quick = ["--health-interval", "100ms", "--health-retries", "1", "--health-cmd", "test -e /ok"]
    heals = ["sh", "-c", "test -e /again && touch /ok; touch /again; exec sleep 99"]
    label = ["--label", "boxship.restart-on-unhealthy=true", "--stop-timeout", "0"]
    for name, flags in (("heals", label), ("reported", [])):
        clean_boxship.docker("run", "-d", "--name", name, *quick, *flags, "busybox", *heals)
    eventually(lambda: _health(clean_boxship, "heals")["Status"] == "healthy")
    eventually(lambda: _health(clean_boxship, "reported")["Status"] == "unhealthy")
    count = clean_boxship.docker("inspect", "-f", "{{.RestartCount}}", "heals", "reported").stdout
    assert count.split() == ["1", "0"]


def test_a_stop_prevails_over_the_restart_of_an_unhealthy_container(
    clean_boxship: engines.Engine,
) -> None:
    flags = ["--health-interval", "100ms", "--health-retries", "1", "--health-cmd", "false"]
    flags += ["--label", "boxship.restart-on-unhealthy=true", "--stop-signal", "USR1"]
    ignores = ["sh", "-c", "trap '' USR1; sleep 99"]
    clean_boxship.docker("run", "-d", "--name", "ill", *flags, "busybox", *ignores)
    eventually(lambda: _health(clean_boxship, "ill")["Status"] == "unhealthy")
    clean_boxship.docker("stop", "-t", "0", "ill")
    state = clean_boxship.docker("inspect", "-f", "{{.State.Status}} {{.RestartCount}}", "ill")
    assert state.stdout == "exited 0\n"


def test_who_does_not_run_is_not_healthy(clean_boxship: engines.Engine) -> None:
    flags = ["--health-interval", "100ms", "--health-cmd", "true"]
    clean_boxship.docker("run", "-d", "--name", "well", *flags, "busybox", "sleep", "99")
    eventually(lambda: _health(clean_boxship, "well")["Status"] == "healthy")
    clean_boxship.docker("kill", "well")
    assert _health(clean_boxship, "well")["Status"] == "unhealthy"


def test_a_disabled_check_has_no_health(clean_boxship: engines.Engine) -> None:
    clean_boxship.docker("run", "-d", "--name", "none", "--no-healthcheck", "busybox", "sleep", "9")
    state = json.loads(clean_boxship.docker("inspect", "-f", "{{json .State}}", "none").stdout)
    assert "Health" not in state
