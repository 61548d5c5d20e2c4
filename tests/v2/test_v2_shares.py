"""Volumes of NFS and CIFS: what the kernel is told of them, and a server that is one."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from boxship.network import namespace
from support.engines import Engine
from support.network_ground import shell

SHARED, CONTROL = Path("/srv/boxship-nfs"), Path("/srv/boxship-nfsd")
# The kernel's own server, told what rpc.mountd would be asked for (nfsd(7)): everybody has all of
# one directory, whose number is 0. Flags: numbered, no check of subtrees, any port.
SERVE = rf"""
modprobe nfsd
mount -t nfsd none {CONTROL}
cd /proc/net/rpc
printf "%s\n" "nfsd 127.0.0.1 2147483647 all" >auth.unix.ip/channel
printf "%s\n" "all {SHARED} 2147483647 9218 65534 65534 0" >nfsd.export/channel
printf "%s\n" "all 1 \\x00000000 2147483647 {SHARED}" >nfsd.fh/channel
cd {CONTROL}
echo "-3 +4" >versions
echo 10 >nfsv4leasetime
echo 10 >nfsv4gracetime
echo "tcp 2049" >portlist
echo 2 >threads
echo Y >v4_end_grace || echo "the time for clients of an earlier server is over already"
"""
# It serves as long as its file system is mounted.
END = f"umount {CONTROL}"


@pytest.fixture
def server(clean_boxship: Engine) -> Iterator[Engine]:
    """A directory of the daemon's host, served there to 127.0.0.1."""
    (SHARED / "path").mkdir(parents=True, exist_ok=True)
    CONTROL.mkdir(exist_ok=True)
    host = namespace.of_process(clean_boxship.pid)
    try:
        shell(host, SERVE)
        yield clean_boxship
    finally:
        clean_boxship.remove_containers()
        clean_boxship.docker("volume", "prune", "-af")
        with contextlib.suppress(subprocess.CalledProcessError):
            shell(host, END)
        host.close()


def volume(engine: Engine, name: str, kind: str, words: str, device: str) -> None:
    given = (f"type={kind}", f"o={words}", f"device={device}")
    engine.docker("volume", "create", *(word for each in given for word in ("-o", each)), name)


def sh(engine: Engine, script: str, *options: str, check: bool = True) -> str:
    words = ("--network", "none", *options, "busybox", "sh", "-c", script)
    done = engine.docker("run", "--rm", *words, check=check)
    return done.stdout + done.stderr


def test_files_of_a_server(server: Engine) -> None:
    volume(server, "share", "nfs", "addr=localhost,rw,nfsvers=4", ":/path")
    assert sh(server, "echo hello > /s/file; stat -f -c %T /s", "-v", "share:/s") == "nfs\n"
    assert (SHARED / "path/file").read_text() == "hello\n"
    # Two at a time have the same mount, whatever the second one may do with it.
    box = ("run", "-d", "--name", "box", "--network", "none", "-v", "share:/s")
    server.docker(*box, "busybox", "sleep", "1000")
    script = "cat /s/file; echo no > /s/file; echo $?"
    assert sh(server, script, "-v", "share:/s:ro").split()[0] == "hello"
    server.docker("exec", "box", "sh", "-c", "echo more >> /s/file")
    assert (SHARED / "path/file").read_text() == "hello\nmore\n"
    assert server.docker("cp", "box:/s/file", "-").stdout.count("more") == 1
    server.docker("rm", "-f", "box")
    # Nothing of it is mounted on the host, nor is it when the daemon looks.
    assert "nfs4" not in Path(f"/proc/{server.pid}/mounts").read_text()
    assert json.loads(server.docker("volume", "inspect", "share").stdout)[0]["Options"] == {
        "type": "nfs",
        "o": "addr=localhost,rw,nfsvers=4",
        "device": ":/path",
    }


def test_words_of_mount_are_passed_on(server: Engine) -> None:
    volume(server, "fixed", "nfs", "addr=127.0.0.1,ro,nfsvers=4,noatime", ":/")
    shown = sh(server, "touch /s/x; grep ' /s ' /proc/mounts", "-v", "fixed:/s")
    assert "Read-only file system" in shown
    options = next(row for row in shown.splitlines() if " /s nfs4 " in row).split()[3].split(",")
    assert {"ro", "noatime", "addr=127.0.0.1"} <= {*options}
    mount = ("type=volume,dst=/s,volume-opt=type=nfs,volume-opt=device=:/path", "busybox", "ls")
    words = ',"volume-opt=o=addr=127.0.0.1,nfsvers=4"'
    server.docker("run", "--rm", "--network", "none", "--mount", mount[0] + words, *mount[1:])


def test_what_fails_is_told(server: Engine) -> None:
    volume(server, "none", "nfs", "addr=127.0.0.1,nfsvers=4", ":/nosuch")
    told = sh(server, "true", "-v", "none:/s", check=False)
    assert "failed to mount local volume: mount :/nosuch:" in told
    assert "data: addr=127.0.0.1,nfsvers=4: no such file or directory" in told
    volume(server, "cifs", "cifs", "username=me,password=secret,port=9", "//localhost/share")
    told = sh(server, "true", "-v", "cifs:/s", check=False)
    assert "mount //127.0.0.1/share:" in told
    assert "data: username=me,password=********,port=9: connection refused" in told
