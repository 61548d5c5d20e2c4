"""Programs that go deeper than the daemon's interpreter has frames: it clears up all the same."""

import io
import tarfile
from pathlib import Path

import docker as docker_py

from support import engines
from support.contexts import add_file, build, context, text
from support.waiting import eventually

# As deep as a shell can go: paths have 4095 bytes at most.
_DIG = "i=0; while [ $i -lt 1900 ]; do mkdir d && cd d || exit 9; i=$((i+1)); done"


def _left(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


def test_volumes_and_containers_of_any_depth_go_away(
    client: docker_py.DockerClient, boxship_daemon: engines.Engine
) -> None:
    data = boxship_daemon.root / "data"
    before = _left(data / "containers")
    command = ["sh", "-c", f"cd /v; ({_DIG}) && cd /tmp && {_DIG}"]
    container = client.containers.run(
        "busybox", command, detach=True, volumes={"deep": {"bind": "/v", "mode": "rw"}}
    )
    assert container.wait()["StatusCode"] == 0
    container.remove()
    client.volumes.get("deep").remove()
    assert "deep" not in _left(data / "volumes")
    eventually(lambda: _left(data / "containers") == before)


def test_mounts_of_steps_of_any_depth_go_away(
    client: docker_py.DockerClient, boxship_daemon: engines.Engine
) -> None:
    mounts = "--mount=type=bind,target=/m,rw --mount=type=cache,target=/c,id=deep"
    source = f"FROM busybox\nRUN {mounts} cd /m; ({_DIG}) && cd /c && {_DIG}; echo dug $?\n"
    assert "dug 0" in text(build(client, context(source)))
    eventually(lambda: _left(boxship_daemon.root / "data" / "staging") == set())
    client.api.prune_builds(all=True)
    assert "dug 0" in text(build(client, context(source), nocache=True))
    client.api.prune_builds(all=True)


def test_archives_go_as_deep_as_they_like(client: docker_py.DockerClient) -> None:
    # Short of what a path may have, for those that look at it afterwards.
    inner = "d/" * 1500 + "f"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        add_file(tar, inner, b"deep")
    for where in ("ADD", "ADD --link"):
        source = f"FROM busybox\n{where} a.tar /t/\nRUN cat /t/{inner}\n"
        archive = context(source, **{"a.tar": out.getvalue().decode()})
        assert "deep" in text(build(client, archive))
