"""GET, PUT and HEAD /containers/{id}/archive, export and changes."""

import base64
import io
import json
import stat
import tarfile
from pathlib import Path

import pytest

from support.api import Api
from support.waiting import eventually


def pack(**members: "bytes | None") -> bytes:
    """A tar archive; ``a__b`` is the path a/b, None a directory. Files belong to 5:6."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            if data is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(info)
                continue
            info.size, info.mode, info.uid, info.gid = len(data), 0o640, 5, 6
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def unpack(data: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {member.name: member for member in tar}


def get(api: Api, name: str, path: str) -> dict[str, tarfile.TarInfo]:
    answer = api("GET", f"/containers/{name}/archive", path=path)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/x-tar"
    return unpack(answer.body)


def put(api: Api, name: str, path: str, data: bytes, **query: object) -> int:
    answer = api("PUT", f"/containers/{name}/archive", data, path=path, **query)
    return answer.status


def described(api: Api, name: str, path: str) -> dict[str, object]:
    answer = api("HEAD", f"/containers/{name}/archive", path=path)
    assert answer.status == 200
    return json.loads(base64.b64decode(answer.headers["x-docker-container-path-stat"]))


@pytest.fixture(params=["created", "running", "exited"])
def box(request: pytest.FixtureRequest, api: Api, tmp_path: Path) -> str:
    """A container in each state, with a bind at /bind."""
    (tmp_path / "given").write_text("from the host")
    identity = api.create("box", host={"Binds": [f"{tmp_path}:/bind"]})
    if request.param != "created":
        api.start(identity)
    if request.param == "exited":
        api("POST", f"/containers/{identity}/stop", t=0)
    return identity


def test_files_come_out_in_every_state(api: Api, box: str) -> None:
    assert [*get(api, box, "/etc/passwd")] == ["passwd"]
    assert "etc/passwd" in get(api, box, "/etc")
    assert "./passwd" in get(api, box, "/etc/.")
    assert get(api, box, "/bin/ls")["ls"].linkname == "busybox"


def test_files_go_in_in_every_state(api: Api, box: str) -> None:
    assert put(api, box, "/tmp", pack(a=b"hello", d=None, d__x=b"y")) == 200
    found = get(api, box, "/tmp")
    assert (found["tmp/a"].size, found["tmp/a"].mode, found["tmp/a"].uid) == (5, 0o640, 5)
    assert found["tmp/d"].isdir() and found["tmp/d/x"].size == 1


def test_mounts_are_seen_and_written_in_every_state(api: Api, box: str, tmp_path: Path) -> None:
    assert "bind/given" in get(api, box, "/bind")
    assert put(api, box, "/bind", pack(new=b"from the client")) == 200
    assert (tmp_path / "new").read_text() == "from the client"


def test_description(api: Api, box: str) -> None:
    shown = described(api, box, "/etc/passwd")
    assert (shown["name"], shown["size"], shown["linkTarget"]) == ("passwd", 160, "")
    link = described(api, box, "/bin/ls")
    assert link["linkTarget"] == "/bin/busybox"
    directory = described(api, box, "/etc")
    # Go's os.ModeDir is bit 31.
    assert int(str(directory["mode"])) & 1 << 31
    assert stat.S_IMODE(int(str(directory["mode"]))) == 0o755


def test_what_is_not_there(api: Api, box: str) -> None:
    for method in ("GET", "PUT"):
        answer = api(method, f"/containers/{box}/archive", pack(a=b""), path="/nosuch")
        assert answer.status == 404
        assert answer.message == f"Could not find the file /nosuch in container {box}"
    assert api("HEAD", f"/containers/{box}/archive", path="/nosuch").status == 404
    assert api("GET", f"/containers/{box}/archive").status == 400


def test_a_directory_is_needed_to_extract_in(api: Api, box: str) -> None:
    answer = api("PUT", f"/containers/{box}/archive", pack(a=b""), path="/etc/passwd")
    assert (answer.status, answer.message) == (400, "extraction point is not a directory")


def test_no_overwrite_of_directories(api: Api, box: str) -> None:
    answer = api(
        "PUT", f"/containers/{box}/archive", pack(tmp=b"x"), path="/", noOverwriteDirNonDir=1
    )
    assert answer.status == 400
    assert answer.message == 'cannot overwrite directory "/tmp" with non-directory "/"'


@pytest.mark.parametrize("data", [b"garbage", b"x" * 5000, pack(a=b"z" * 3000)[:1000]])
def test_noise_is_refused(api: Api, box: str, data: bytes) -> None:
    assert put(api, box, "/tmp", data) == 400


def test_nothing_leaves_the_root(api: Api, box: str, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside"
    assert put(api, box, "/bind", pack(**{"..__outside": b"x"})) == 400
    assert not outside.exists()


def test_owner_by_request(api: Api) -> None:
    plain, owned = api.create(User="guest"), api.create(User="guest")
    assert put(api, plain, "/tmp", pack(f=b"")) == 200
    assert put(api, owned, "/tmp", pack(f=b""), copyUIDGID=1) == 200
    assert get(api, plain, "/tmp/f")["f"].uid == 5
    assert get(api, owned, "/tmp/f")["f"].uid == 1000


def test_read_only_roots_and_mounts(api: Api, tmp_path: Path) -> None:
    locked = api.run(host={"ReadonlyRootfs": True, "Binds": [f"{tmp_path}:/ro:ro"]})
    answer = api("PUT", f"/containers/{locked}/archive", pack(a=b""), path="/etc")
    assert (answer.status, answer.message) == (403, "container rootfs is marked read-only")
    answer = api("PUT", f"/containers/{locked}/archive", pack(a=b""), path="/ro")
    assert (answer.status, answer.message) == (403, "mounted volume is marked read-only")


def test_changes(api: Api) -> None:
    script = "echo x >/new; rm /etc/group; mkdir /d; touch /d/f; echo done; sleep 1000"
    identity = api.create(Cmd=["sh", "-c", script])
    assert api("GET", f"/containers/{identity}/changes").json is None
    api.start(identity)
    eventually(lambda: b"done" in api("GET", f"/containers/{identity}/logs?stdout=1").body)
    rows = api("GET", f"/containers/{identity}/changes").json
    assert sorted((row["Kind"], row["Path"]) for row in rows) == [
        (0, "/etc"),
        (1, "/d"),
        (1, "/d/f"),
        (1, "/new"),
        (2, "/etc/group"),
    ]


def test_export_is_the_root_without_mounts(api: Api, box: str) -> None:
    put(api, box, "/tmp", pack(mine=b"1"))
    answer = api("GET", f"/containers/{box}/export")
    found = unpack(answer.body)
    assert {"tmp/mine", "etc/passwd", ".dockerenv", "bin/busybox"} <= {*found}
    assert "bind/given" not in found


def test_placeholders_are_there_before_the_start(api: Api) -> None:
    found = get(api, api.create(), "/etc")
    assert {"etc/hostname", "etc/hosts", "etc/resolv.conf", "etc/mtab"} <= {*found}
    assert found["etc/mtab"].linkname == "/proc/mounts"
