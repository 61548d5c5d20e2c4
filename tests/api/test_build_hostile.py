"""Contexts, targets and programs that mean harm: nothing outside the build is touched."""

import io
import socket
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker as docker_py
import pytest

from support import contexts, engines, leaks
from support.contexts import build, context, image_of, text
from support.waiting import eventually

Add = Callable[[tarfile.TarFile], None]


@pytest.fixture(autouse=True)
def nothing_left(boxship_daemon: engines.Engine) -> Iterator[None]:
    """Neither containers nor contexts nor control groups outlive a build."""
    yield
    boxship_daemon.remove_containers()
    eventually(lambda: [*(boxship_daemon.root / "data" / "staging").iterdir()] == [])
    assert leaks.settled(lambda: leaks.cgroups(boxship_daemon.root.name)) == []


def _archive(dockerfile: str, add: Add) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        contexts.add_file(tar, "Dockerfile", dockerfile.encode())
        add(tar)
    return out.getvalue()


def _link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> Add:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        tar.addfile(info)

    return add


def _shown(client: docker_py.DockerClient, image: str, command: str) -> str:
    out: bytes = client.containers.run(image, ["sh", "-c", command], remove=True)
    return out.decode()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the host."""
    path = tmp_path / "secret"
    path.write_text("of the host")
    return path


def test_links_out_of_the_context_lead_nowhere(
    client: docker_py.DockerClient, secret: Path
) -> None:
    for target in (str(secret), f"../../../../../../../{secret}", "/proc/self/root/etc/passwd"):
        archive = _archive("FROM busybox\nCOPY out /x\n", _link("out", target))
        assert "file not found in build context" in build(client, archive)[-1]["error"]


def test_directories_that_are_links_out_lead_nowhere(
    client: docker_py.DockerClient, secret: Path
) -> None:
    source = f"FROM busybox\nCOPY dir/{secret.name} /x\n"
    archive = _archive(source, _link("dir", str(secret.parent)))
    assert "file not found in build context" in build(client, archive)[-1]["error"]


@pytest.mark.parametrize("name", ["../../etc/evil", "/etc/evil", "a/../../../etc/evil"])
def test_members_with_hostile_names_stay_in_the_context(
    client: docker_py.DockerClient, name: str
) -> None:
    def add(tar: tarfile.TarFile) -> None:
        contexts.add_file(tar, name, b"evil")

    try:
        messages = build(client, _archive("FROM busybox\nCOPY . /x/\n", add))
    except docker_py.errors.APIError as error:
        assert error.status_code == 400
    else:
        found = _shown(client, image_of(messages), "find / -xdev -name evil")
        assert all(line.startswith("/x/") for line in found.splitlines())
    assert not Path("/etc/evil").exists()


def test_a_dockerfile_that_is_a_link_out_is_none(
    client: docker_py.DockerClient, secret: Path
) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        _link("Dockerfile", str(secret))(tar)
    with pytest.raises(docker_py.errors.APIError, match="Cannot locate specified Dockerfile"):
        build(client, out.getvalue())


@pytest.mark.parametrize("link", ["{host}", "../../../../../..{host}"])
def test_links_in_the_image_catch_nothing_of_the_host(
    client: docker_py.DockerClient, tmp_path: Path, link: str
) -> None:
    target = link.format(host=tmp_path)
    source = f"FROM busybox\nRUN ln -s {target} /t\nCOPY a /t/\nADD b.tar /t/\nWORKDIR /t/w\n"
    inner = context("x", inner="1").decode("latin-1")

    def add(tar: tarfile.TarFile) -> None:
        contexts.add_file(tar, "a", b"1")
        contexts.add_file(tar, "b.tar", inner.encode("latin-1"))

    image = image_of(build(client, _archive(source, add)))
    assert [*tmp_path.iterdir()] == []
    assert _shown(client, image, f"ls {tmp_path}").split() == ["Dockerfile", "a", "inner", "w"]


def test_archives_of_add_cannot_leave_their_target(
    client: docker_py.DockerClient, tmp_path: Path
) -> None:
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as tar:
        _link("out", str(tmp_path))(tar)
        contexts.add_file(tar, "out/planted", b"1")
        contexts.add_file(tar, "../../planted", b"1")

    def add(tar: tarfile.TarFile) -> None:
        contexts.add_file(tar, "x.tar", inner.getvalue())

    build(client, _archive("FROM busybox\nADD x.tar /a/b/\n", add))
    assert [*tmp_path.iterdir()] == []


def test_a_context_deletes_nothing_of_the_base(client: docker_py.DockerClient) -> None:
    def add(tar: tarfile.TarFile) -> None:
        contexts.add_file(tar, "etc/.wh.passwd", b"")

    messages = build(client, _archive("FROM busybox\nCOPY etc /etc\n", add))
    assert "names may not begin with .wh." in messages[-1]["error"]


def test_devices_of_a_context_are_no_devices_of_the_host(client: docker_py.DockerClient) -> None:
    def add(tar: tarfile.TarFile) -> None:
        info = tarfile.TarInfo("disk")
        info.type, info.devmajor, info.devminor = tarfile.BLKTYPE, 8, 0
        tar.addfile(info)

    messages = build(client, _archive("FROM busybox\nCOPY disk /disk\n", add))
    if "aux" in messages[-2]:
        shown = _shown(client, image_of(messages), "head -c1 /disk 2>&1; true")
        assert "not permitted" in shown


@pytest.mark.parametrize("data", [b"", b"no archive at all" * 100, b"\x1f\x8b\x08broken"])
def test_what_is_no_archive_is_refused(client: docker_py.DockerClient, data: bytes) -> None:
    with pytest.raises(docker_py.errors.APIError):
        build(client, data)


def test_a_run_that_forks_without_end_meets_its_limit(client: docker_py.DockerClient) -> None:
    source = "FROM busybox\nRUN ulimit -u 60; for i in $(seq 500); do sleep 100 & done; exit 0\n"
    messages = build(client, context(source), forcerm=True)
    assert "aux" in messages[-2] or "non-zero code" in messages[-1]["error"]


def test_what_outlives_a_step_is_ended(client: docker_py.DockerClient) -> None:
    source = "FROM busybox\nRUN (setsid sleep 1000 </dev/null >/dev/null 2>&1 &); echo done\n"
    assert image_of(build(client, context(source)))
    assert client.containers.list(all=True) == []


def test_memory_ends_where_the_limit_is(client: docker_py.DockerClient) -> None:
    source = "FROM busybox\nRUN tail /dev/zero\n"
    limits = {"memory": 32 << 20, "memswap": 32 << 20}
    last = build(client, context(source), container_limits=limits, forcerm=True)[-1]
    assert last["errorDetail"]["code"] == 137


def test_bytes_that_are_no_text_do_not_break_the_stream(client: docker_py.DockerClient) -> None:
    messages = build(client, context("FROM busybox\nRUN printf '\\377\\376 end\\n'\n"))
    assert "\ufffd\ufffd end" in text(messages)


def test_a_client_that_does_not_read_holds_the_program_up(
    client: docker_py.DockerClient, boxship_daemon: engines.Engine
) -> None:
    """What it writes waits with the program, not in the daemon: a longer build ends before."""
    source = "FROM busybox\nRUN head -c {} /dev/zero | tr '\\0' x\n"
    archive = context(source.format(30_000_000))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(boxship_daemon.socket))
        head = "POST /build?rm=1 HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\n"
        connection.sendall(f"{head}Content-Length: {len(archive)}\r\n\r\n".encode() + archive)
        eventually(lambda: len(client.api.containers()) == 1)
        assert image_of(build(client, context(source.format(90_000_000))))
        assert len(client.api.containers()) == 1


def test_what_builds_keep_is_roots_alone(
    client: docker_py.DockerClient, boxship_daemon: engines.Engine
) -> None:
    """A program that is its user's by a set-user-ID bit would be root's where it is kept."""
    step = "RUN --mount=type=cache,target=/c cp /bin/busybox /c/su && chmod 4755 /c/su"
    source = f"FROM busybox\n{step}\n"
    assert image_of(build(client, context(source)))
    data = boxship_daemon.root / "data"
    boxship_daemon.root.chmod(0o711)
    kept = [path for path in (data / "build").rglob("*") if path.is_file()]
    kept += data.glob("boxship.db*")
    assert len(kept) > 1
    for path in kept:
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat", str(path)]
        done = subprocess.run(command, capture_output=True)
        assert done.returncode == 1 and b"Permission denied" in done.stderr
