"""Images as mounts: what is seen, that nobody writes to it, and that it counts as a use."""

from collections.abc import Iterator
from typing import Any

import pytest

from support.api import Api
from support.engines import Engine


@pytest.fixture
def api(clean_boxship: Engine) -> Iterator[Api]:
    """An engine with an image ``tool``, which has a file, a directory and links out of itself."""
    script = "mkdir -p /opt/a; echo inner > /opt/a/f; ln -s / /opt/root; ln -s ../../.. /opt/a/up"
    clean_boxship.docker("run", "--name", "made", "busybox", "sh", "-c", script)
    clean_boxship.docker("commit", "made", "tool")
    clean_boxship.docker("rm", "made")
    yield Api(str(clean_boxship.socket))
    clean_boxship.remove_containers()
    clean_boxship.docker("rmi", "-f", "tool", check=False)


def _host(target: str = "/tool", subpath: str = "", **fields: Any) -> dict[str, Any]:
    mount = {"Type": "image", "Source": "tool", "Target": target, **fields}
    if subpath:
        mount["ImageOptions"] = {"Subpath": subpath}
    return {"Mounts": [mount]}


def _output(api: Api, host: dict[str, Any], script: str) -> str:
    identity = api.run(host=host, Cmd=["sh", "-c", script], Tty=True)
    api.wait(identity)
    log = api("GET", f"/containers/{identity}/logs", stdout=1).body.decode()
    return log.replace("\r\n", "\n")


def test_the_files_of_an_image_are_there_and_stay_as_they_are(api: Api) -> None:
    script = (
        "cat /tool/opt/a/f; touch /tool/x; rm -f /tool/opt/a/f; mount -o remount,rw /tool; ls /x"
    )
    shown = _output(api, _host(ReadOnly=False), script)
    assert shown.startswith("inner\n")
    assert shown.count("Read-only file system") == 2
    assert _output(api, _host(), "cat /tool/opt/a/f") == "inner\n"


def test_two_of_one_image_beside_a_root_of_it(api: Api) -> None:
    mounts = [*_host("/one")["Mounts"], *_host("/two", "opt/a")["Mounts"]]
    assert _output(api, {"Mounts": mounts}, "cat /one/opt/a/f /two/f") == "inner\ninner\n"


def test_a_file_of_an_image(api: Api) -> None:
    assert _output(api, _host("/etc/one", "opt/a/f"), "cat /etc/one") == "inner\n"


@pytest.mark.parametrize("subpath", ["opt/root/etc", "opt/a/up", "opt/root"])
def test_links_lead_nowhere_else(api: Api, subpath: str) -> None:
    identity = api.create(host=_host(subpath=subpath))
    answer = api("POST", f"/containers/{identity}/start")
    assert answer.status == 400
    assert "path concatenation escapes the base directory" in answer.message


@pytest.mark.parametrize("subpath", ["../x", "/etc", "a/../../x"])
def test_paths_lead_nowhere_else(api: Api, subpath: str) -> None:
    body = {"Image": "busybox", "HostConfig": _host(subpath=subpath)}
    answer = api("POST", "/containers/create", body)
    assert answer.status == 400
    assert answer.message.endswith("subpath must be a relative path within the volume")


def test_a_missing_image_is_told(api: Api) -> None:
    body = {
        "Image": "busybox",
        "HostConfig": {"Mounts": [{"Type": "image", "Source": "nosuch", "Target": "/x"}]},
    }
    answer = api("POST", "/containers/create", body)
    assert answer.status == 404
    assert answer.message == "No such image: nosuch:latest"


def test_a_mounted_image_is_in_use(api: Api) -> None:
    identity = api.run(host=_host())
    shown = api.inspect(identity)["Mounts"][0]
    assert (shown["Type"], shown["Source"], shown["RW"]) == ("image", "tool", False)
    assert api("DELETE", "/images/tool").status == 409
    pruned = api("POST", "/images/prune", filters={"dangling": ["false"]}).json
    assert "untagged: tool:latest" not in str(pruned).lower()
    assert _output(api, _host(), "cat /tool/opt/a/f") == "inner\n"


def test_an_image_that_lost_its_name_is_still_mounted(api: Api) -> None:
    host = {**_host(), "RestartPolicy": {"Name": "no"}}
    identity = api.create(host=host, Cmd=["cat", "/tool/opt/a/f"], Tty=True)
    api("DELETE", "/images/tool", force=1)
    api.start(identity)
    assert api.wait(identity) == 0
    log = api("GET", f"/containers/{identity}/logs", stdout=1).body
    assert log == b"inner\r\n"


def test_what_another_container_mounts_is_inherited(api: Api) -> None:
    api.create("holder", _host())
    script = "cat /tool/opt/a/f; touch /tool/x"
    shown = _output(api, {"VolumesFrom": ["holder"]}, script)
    assert shown.startswith("inner\n") and "Read-only" in shown


def test_files_are_copied_out_of_one(api: Api) -> None:
    identity = api.create(host=_host())
    answer = api("GET", f"/containers/{identity}/archive", path="/tool/opt/a/f")
    assert answer.status == 200 and b"inner\n" in answer.body
