"""A RUN step is confined as a container of ``docker run`` is: nothing more, nothing less."""

from pathlib import Path

import docker as docker_py
import pytest

from support.contexts import build, context, image_of, text

# What differs from container to container.
_SHOW = r"""
exec 2>&1
grep -E '^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)' /proc/self/status
cut -d' ' -f5- /proc/self/mountinfo | grep -vE '^/ |/etc/(hosts|hostname|resolv)' \
  | sed -E 's/(lowerdir|upperdir|workdir|subdir)=[^, ]*//g; s/ [0-9]+:[0-9]+ / /g' | sort
for f in /proc/kcore /proc/keys /proc/timer_list /proc/sysrq-trigger /sys/firmware; do
  stat -c '%n %F %s' $f; head -c1 $f 2>&1 | wc -c; done
for f in /proc/sys/kernel/panic /proc/sys/kernel/core_pattern /sys/fs/cgroup/x /proc/sysrq-trigger
do (echo 1 > $f) 2>&1 | sed 's/.*: //'; done
ls /dev; cat /proc/self/oom_score_adj; ulimit -a
mount -t tmpfs none /mnt 2>&1 | sed 's/.*: //'; mknod /tmp/d b 8 0; cat /tmp/d; rm -f /tmp/d
unshare -U true 2>&1; chroot / id -u 2>&1; dmesg 2>&1 | head -1
for n in pid net ipc uts mnt; do [ -e /proc/1/ns/$n ] && echo has $n; done; echo $$ is small
"""


def _lines(output: str) -> list[str]:
    return [line.rstrip() for line in output.splitlines() if line.strip()]


@pytest.mark.parametrize("user", ["", "guest"])
def test_a_step_has_what_a_container_has(client: docker_py.DockerClient, user: str) -> None:
    source = f"FROM busybox\nCOPY show /show\n{'USER ' * bool(user)}{user}\nRUN sh /show\n"
    messages = build(client, context(source, show=_SHOW), nocache=True)
    shown = "".join(message.get("stream", "") for message in messages)
    inside = shown.partition(" ---> Running in ")[2].partition("\n")[2]
    inside = inside.partition(" ---> Removed intermediate")[0]
    ran = client.containers.run(image_of(messages), ["sh", "/show"], remove=True, stderr=True)
    expected = _lines(ran.decode())
    assert any(line.startswith("Seccomp:\t2") for line in expected)
    assert _lines(inside) == expected


@pytest.mark.parametrize("flag", ["--security=insecure", "--security=$s"])
def test_no_step_is_exempt(client: docker_py.DockerClient, flag: str) -> None:
    try:
        said = text(build(client, context(f"FROM busybox\nARG s=insecure\nRUN {flag} id\n")))
    except docker_py.errors.APIError as error:
        said = str(error)
    assert "uid=0" not in said
    assert "security.insecure is not allowed" in said or "is not valid" in said


def test_a_step_cannot_take_all_process_numbers(client: docker_py.DockerClient) -> None:
    show = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true"
    said = text(build(client, context(f"FROM busybox\nRUN {show}\n"), nocache=True))
    whole = int(Path("/proc/sys/kernel/pid_max").read_text())
    assert str(whole // 2) in said.splitlines()
