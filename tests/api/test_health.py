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


def test_a_disabled_check_has_no_health(clean_boxship: engines.Engine) -> None:
    clean_boxship.docker("run", "-d", "--name", "none", "--no-healthcheck", "busybox", "sleep", "9")
    state = json.loads(clean_boxship.docker("inspect", "-f", "{{json .State}}", "none").stdout)
    assert "Health" not in state
