"""Two daemons never share a data root."""

import subprocess

from support import engines


def test_a_second_daemon_is_refused(boxship_daemon: engines.Engine) -> None:
    root = boxship_daemon.root
    command = [*boxship_daemon.command, "-H", f"unix://{root}/other.sock"]
    command[command.index("--pidfile") + 1] = f"{root}/other.pid"
    hosts = command.index("-H")
    del command[hosts : hosts + 2]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert second.stderr == (
        f"boxship daemon: another daemon uses {root}/data: stop it, or give this one its own "
        "--data-root\n"
    )
    assert boxship_daemon.docker("version", check=False).returncode == 0
