"""Flags of ``run`` and their places in the create body, as the docker CLI fills them."""

from pathlib import Path
from typing import Any

import pytest

from boxship.cli.errors import Failed, UsageError
from boxship.cli.flags.parser import parse
from boxship.cli.run_flags.table import FLAGS, PLACED, create_body


def body(*words: str) -> dict[str, Any]:
    arguments = parse(FLAGS, [*words, "image", "a", "-b"], interspersed=False)
    image, *command = arguments.positional
    return create_body(arguments, image, command)


def host(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = body(*words)["HostConfig"]
    return found


def test_without_flags() -> None:
    found = body()
    assert (found["Image"], found["Cmd"]) == ("image", ["a", "-b"])
    assert [found[f"Attach{stream}"] for stream in ("Stdin", "Stdout", "Stderr")] == [
        False,
        True,
        True,
    ]
    # Docker's client sends these empty; inspection shows what was sent.
    empty = (
        "BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps"
        " BlkioWeightDevice Devices Dns DnsOptions DnsSearch Ulimits"
    )
    assert found["HostConfig"] == {
        **{name: [] for name in empty.split()},
        "PortBindings": {},
        "NetworkMode": "default",
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
    }


def test_streams() -> None:
    found = body("-it")
    assert found["Tty"] and found["OpenStdin"] and found["AttachStdin"] and found["StdinOnce"]
    found = body("-a", "STDERR")
    assert (found["AttachStdout"], found["AttachStderr"]) == (False, True)


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "env"
    file.write_text("# comment\n\n  A=1\nTAKEN\nMISSING\nB=x # y\n")
    monkeypatch.setenv("TAKEN", "t")
    monkeypatch.delenv("MISSING", raising=False)
    found = body("-e", "A=2", "-e", "TAKEN", "-e", "MISSING", "--env-file", str(file))
    assert found["Env"] == ["A=1", "TAKEN=t", "B=x # y", "A=2", "TAKEN=t", "MISSING"]
    file.write_text("A B=1\n")
    with pytest.raises(Failed, match="contains whitespaces"):
        body("--env-file", str(file))


def test_volumes_and_mounts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/usr")
    found = body("-v", "/a:/b:ro", "-v", "/anon", "-v", "./x:/y", "--tmpfs", "/t:size=1m")
    assert found["Volumes"] == {"/anon": {}}
    assert found["HostConfig"]["Binds"] == ["/a:/b:ro", "/usr/x:/y"]
    assert found["HostConfig"]["Tmpfs"] == {"/t": "size=1m"}
    mounts = host(
        "--mount",
        "type=bind,src=/x,dst=/y,readonly,bind-propagation=rslave",
        "--mount",
        "type=tmpfs,dst=/z,tmpfs-size=10m,tmpfs-mode=700",
        "--mount",
        '"source=v","target=/a,b",volume-opt=k=v',
    )["Mounts"]
    assert mounts == [
        {
            "Type": "bind",
            "Source": "/x",
            "Target": "/y",
            "ReadOnly": True,
            "BindOptions": {"Propagation": "rslave"},
        },
        {"Type": "tmpfs", "Target": "/z", "TmpfsOptions": {"SizeBytes": 10 << 20, "Mode": 0o700}},
        {
            "Type": "volume",
            "Source": "v",
            "Target": "/a,b",
            "VolumeOptions": {"DriverConfig": {"Options": {"k": "v"}}},
        },
    ]


def test_ports() -> None:
    found = body(
        "-p", "80", "-p", "127.0.0.1:81:82/udp", "-p", "8000-8001:90-91", "--expose", "5-6"
    )
    assert sorted(found["ExposedPorts"]) == [
        "5/tcp",
        "6/tcp",
        "80/tcp",
        "82/udp",
        "90/tcp",
        "91/tcp",
    ]
    assert found["HostConfig"]["PortBindings"] == {
        "80/tcp": [{"HostIp": "", "HostPort": ""}],
        "82/udp": [{"HostIp": "127.0.0.1", "HostPort": "81"}],
        "90/tcp": [{"HostIp": "", "HostPort": "8000"}],
        "91/tcp": [{"HostIp": "", "HostPort": "8001"}],
    }
    bindings = host("-p", "[::1]:90:90", "-p", "7000-7005:70", "-p", "target=1,published=2")
    assert bindings["PortBindings"] == {
        "90/tcp": [{"HostIp": "::1", "HostPort": "90"}],
        "70/tcp": [{"HostIp": "", "HostPort": "7000-7005"}],
        "1/tcp": [{"HostIp": "", "HostPort": "2"}],
    }


def test_limits() -> None:
    found = host(
        "--cpus=1.5",
        "-m",
        "10m",
        "--memory-swap=-1",
        "--ulimit",
        "nofile=1:2",
        "--pids-limit=5",
        "--device-read-bps",
        "/dev/sda:1mb",
        "--shm-size=1g",
        "--cpuset-cpus=0",
    )
    assert found["NanoCpus"] == 1_500_000_000
    assert (found["Memory"], found["MemorySwap"], found["ShmSize"]) == (10 << 20, -1, 1 << 30)
    assert found["Ulimits"] == [{"Name": "nofile", "Hard": 2, "Soft": 1}]
    assert found["BlkioDeviceReadBps"] == [{"Path": "/dev/sda", "Rate": 1 << 20}]
    assert (found["PidsLimit"], found["CpusetCpus"]) == (5, "0")


def test_networks() -> None:
    found = body("--network", "mine", "--network-alias", "al", "--ip", "1.2.3.4", "--link", "c:d")
    assert found["HostConfig"]["NetworkMode"] == "mine"
    assert found["NetworkingConfig"]["EndpointsConfig"] == {
        "mine": {
            "Aliases": ["al"],
            "Links": ["c:d"],
            "IPAMConfig": {"IPv4Address": "1.2.3.4"},
        }
    }
    found = body("--network", "name=a,alias=x,ip=1.2.3.4", "--net", "b")
    assert found["NetworkingConfig"]["EndpointsConfig"] == {
        "a": {"Aliases": ["x"], "IPAMConfig": {"IPv4Address": "1.2.3.4"}},
        "b": {},
    }
    assert host("--net", "host")["NetworkMode"] == "host"


def test_security(tmp_path: Path) -> None:
    profile = tmp_path / "seccomp.json"
    profile.write_text('{ "defaultAction": "SCMP_ACT_ALLOW" }')
    found = host(
        "--security-opt=no-new-privileges",
        "--security-opt=systempaths=unconfined",
        "--security-opt",
        f"seccomp={profile}",
        "--device=/dev/null:/dev/x:r",
        "--device=/dev/a",
        "--gpus=all",
        "--sysctl=net.a=b",
        "--cap-add=x",
    )
    assert found["SecurityOpt"] == [
        "no-new-privileges",
        'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}',
    ]
    assert (found["MaskedPaths"], found["ReadonlyPaths"]) == ([], [])
    assert found["Devices"] == [
        {"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "r"},
        {"PathOnHost": "/dev/a", "PathInContainer": "/dev/a", "CgroupPermissions": "rwm"},
    ]
    assert found["DeviceRequests"] == [{"Capabilities": [["gpu"]], "Count": -1}]
    assert (found["Sysctls"], found["CapAdd"]) == ({"net.a": "b"}, ["x"])


def test_health_labels_restart_and_logs(tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.write_text("a=1\nb=2\n")
    found = body(
        "--health-cmd=true",
        "--health-interval=3s",
        "--label-file",
        str(labels),
        "-l",
        "b=3",
        "--restart=on-failure:3",
        "--log-driver=json-file",
        "--log-opt=x=y",
        "--entrypoint=",
    )
    assert found["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 3_000_000_000}
    assert found["Labels"] == {"a": "1", "b": "3"}
    assert found["HostConfig"]["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
    assert found["HostConfig"]["LogConfig"] == {"Type": "json-file", "Config": {"x": "y"}}
    assert found["Entrypoint"] == [""]
    assert body("--no-healthcheck")["Healthcheck"] == {"Test": ["NONE"]}


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--pid=foo", "--pid: invalid PID mode"),
        ("--uts=container:x", "--uts: invalid UTS mode"),
        ("--restart=always --rm", "Conflicting options: --restart and --rm"),
        ("--restart=x:y", "maximum retry count must be an integer"),
        ("--no-healthcheck --health-cmd=x", "--no-healthcheck conflicts with --health-* options"),
        ("--health-interval=-1s", "--health-interval cannot be negative"),
        ("--log-driver=none --log-opt=a=b", "invalid logging opts for driver none"),
        ("-p x", "Invalid containerPort: x"),
        ("-p 1-2:5-9", "Invalid ranges specified for container and host Ports: 5-9 and 1-2"),
        ("-p 80/foo", "Invalid proto: foo"),
        ("--expose 1:2", "invalid port format for --expose: 1:2"),
        ("-v /a:", "invalid spec: /a:: empty section between colons"),
        ("--security-opt x", 'Invalid --security-opt: "x"'),
        ("--device x", "x is not an absolute path"),
        ("--memory-swappiness 101", "Valid memory swappiness range is 0-100"),
        ("--env-file /nowhere", "open /nowhere: no such file or directory"),
    ],
)
def test_values_that_contradict(words: str, text: str) -> None:
    with pytest.raises(Failed) as caught:
        body(*words.split())
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--ulimit foo=1", "invalid ulimit type: foo"),
        ("--ulimit nofile=5:2", "soft limit must be less than or equal to hard limit: 5 > 2"),
        ("--mount type=bind", "target is required"),
        ("--mount foo=bar,dst=/x", "unexpected key 'foo' in 'foo=bar'"),
        ("--mount type=bind,dst=/x,tmpfs-size=1", "cannot mix 'tmpfs-*' options"),
        ("--add-host x:y", 'invalid IP address in add-host: "y"'),
        ("--dns x", "IP address is not correctly formatted: x"),
        ("--sysctl a=b", "sysctl 'a=b' is not allowed"),
        ("-a foo", "valid streams are STDIN, STDOUT and STDERR"),
        ("-e =x", "invalid environment variable: =x"),
        ("--device-read-bps x:1", "bad format for device path: x:1"),
        ("--cpus x", "failed to parse x as a rational number"),
    ],
)
def test_values_that_are_malformed(words: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        body(*words.split())
    assert text in str(caught.value)


def test_flags_are_unique() -> None:
    names = [name for row in PLACED for name in (row.flag.name, *row.flag.aliases)]
    shorts = [row.flag.short for row in PLACED if row.flag.short]
    assert sorted(names) == sorted(set(names))
    assert sorted(shorts) == sorted(set(shorts))
