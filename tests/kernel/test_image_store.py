"""The image store with real, unprivileged workers: load, import, save, commit, removal, crashes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from boxship.api.filters import Filters
from boxship.archive.erofs import build_index
from boxship.archive.reader import open_file
from boxship.base.errors import Conflict, InvalidParameter, NotFound
from boxship.images.creation import Origin
from boxship.oci.layout import blob_path
from support.image_archives import (
    COMPRESS,
    Image,
    docker_archive,
    sha,
    tar,
)
from support.image_scenarios import (
    BASE,
    BOTH,
    FOREIGN,
    HERE,
    ONE,
    OTHER,
    TOP,
    TWO,
    diff,
    members,
    put,
    run,
)
from support.image_store import TESTS, Store
from support.requirements import require_root


@pytest.fixture(autouse=True)
def root() -> None:
    require_root()


def test_load_names_verifies_and_keeps_bytes(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        text = await store.load(put(tmp_path, docker_archive(ONE, TWO, compression="gzip")))
        assert text == "".join(
            f"Loaded image: {name}\n" for name in ("one:latest", "two:latest", "two:2")
        )
        image = store.images.resolve("two:2")
        assert image.raw == TWO.raw
        assert image.layers() == [diff(BASE), diff(TOP)]
        assert image.repo_tags == ["two:2", "two:latest"]
        assert store.files() == {diff(BASE), diff(TOP)}
        for data in (BASE, TOP):
            stored = tmp_path / "layers/sha256" / sha(data) / "layer.tar"
            assert stored.read_bytes() == data
            assert (stored.stat().st_uid, stored.stat().st_mode & 0o777) == (0, 0o600)
        assert [event[:2] for event in store.events] == [("load", ONE.id), ("load", TWO.id)]
        assert [Path(one["data"]).parent.name for one in store.images.rootfs_layers(TWO.id)] == [
            sha(TOP),
            sha(BASE),
        ]

    run(tmp_path, scenario)


def test_an_image_without_a_name_is_told_by_its_id(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        text = await store.load(put(tmp_path, docker_archive(Image([BASE]))))
        assert text == f"Loaded image ID: {Image([BASE]).id}\n"

    run(tmp_path, scenario)


def test_a_tag_that_moves_is_told_of(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        moved = Image([TOP], ["one:latest"], HERE)
        text = await store.load(put(tmp_path, docker_archive(moved)))
        assert text.startswith(
            f"The image one:latest already exists, renaming the old one with ID {ONE.id} to empty"
        )
        assert store.images.resolve("one").id == moved.id
        assert store.images.resolve(ONE.id).repo_tags == []

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(b"noise", id="noise"),
        pytest.param(docker_archive(ONE, TWO)[:5000], id="cut"),
        pytest.param(docker_archive(Image([BASE], ["UPPER/"])), id="name"),
        pytest.param(docker_archive(Image([BASE], ["one@sha256:" + "0" * 64])), id="digest"),
        pytest.param(docker_archive(Image([BASE], config={"Env": 3})), id="env"),
        pytest.param(docker_archive(Image([BASE], extra={"config": []})), id="config"),
        pytest.param(docker_archive(ONE, Image([tar([("../x", b"")])])), id="escape"),
    ],
)
def test_a_bad_archive_changes_nothing(tmp_path: Path, archive: bytes) -> None:
    async def scenario(store: Store) -> None:
        with pytest.raises(InvalidParameter):
            await store.load(put(tmp_path, archive))
        assert store.images.count == 0
        assert store.files() == set()
        assert store.events == []

    run(tmp_path, scenario)


def test_the_worker_has_no_privileges(tmp_path: Path) -> None:
    """Looks at a worker in the middle of its work."""
    staging = tmp_path / "staging"
    staging.mkdir()
    reader, writer = os.pipe()
    args = json.dumps({"staging": str(staging), "limit": 1 << 20})
    worker = subprocess.Popen(
        [sys.executable, "-m", "support.worker_process", "import", args, str(reader)],
        pass_fds=[reader],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"},
    )
    try:
        os.write(writer, BASE[:700])
        child = _child_of(worker.pid, staging)
        status = dict(
            line.split(":\t") for line in Path(f"/proc/{child}/status").read_text().splitlines()
            if ":\t" in line
        )  # fmt: skip
        assert set(status["Uid"].split()) == set(status["Gid"].split()) == {"65534"}
        assert status["Groups"].strip() == ""
        assert status["NoNewPrivs"] == "1"
        for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0
        assert os.readlink(f"/proc/{child}/root") == str(staging)
        assert os.readlink(f"/proc/{child}/ns/net") != os.readlink("/proc/self/ns/net")
        limits = Path(f"/proc/{child}/limits").read_text()
        assert "Max processes             0" in limits
        assert "Max file size             1048576" in limits
        os.write(writer, BASE[700:])
    finally:
        os.close(writer)
        os.close(reader)
        output, _ = worker.communicate(timeout=20)
    assert json.loads(output)["result"]["diff_id"] == sha(BASE)


def _child_of(pid: int, staging: Path) -> int:
    """The forked worker, once it has something to show."""
    for _ in range(500):
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if children and (staging / "layer-0/layer.tar").exists():
            return int(children[0])
        time.sleep(0.02)
    raise AssertionError("the worker did not begin")


def test_save_gives_everything_back(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE, TWO)))
        saved = await store.save("two", "one:latest")
        assert saved == await store.save("two", "one:latest")
        found = members(saved)
        assert found[blob_path(diff(BASE))] == BASE
        assert found[blob_path(TWO.id)] == TWO.raw
        rows = json.loads(found["manifest.json"])
        assert [row["RepoTags"] for row in rows] == [["two:2", "two:latest"], ["one:latest"]]
        assert rows[0]["Layers"] == [blob_path(diff(BASE)), blob_path(diff(TOP))]
        assert rows[1]["LayerSources"][diff(BASE)]["size"] == len(BASE)
        names = [
            entry["annotations"]["io.containerd.image.name"]
            for entry in json.loads(found["index.json"])["manifests"]
        ]
        assert names == [
            f"docker.io/library/{name}" for name in ("two:2", "two:latest", "one:latest")
        ]
        assert json.loads(found["repositories"])["two"]["2"] == sha(TOP)
        for name, data in found.items():
            if name.startswith("blobs/"):
                assert name == f"blobs/sha256/{sha(data)}"
        for name in ("one:latest", "two:latest", "two:2"):
            await store.remove(name)
        assert store.files() == set()
        await store.load(put(tmp_path, saved))
        assert await store.save("two", "one:latest") == saved
        assert [event[0] for event in store.events].count("save") == 6

    run(tmp_path, scenario)


def test_save_of_an_id_has_no_names(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        found = members(await store.save(ONE.id[7:19]))
        assert json.loads(found["manifest.json"])[0]["RepoTags"] is None
        assert "repositories" not in found
        for name, error in (("nope", NotFound), ("Nope", InvalidParameter)):
            with pytest.raises(error):
                store.images.save([name])

    run(tmp_path, scenario)


def test_platforms_share_a_tag(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, BOTH))
        images = store.images
        assert images.resolve("one").id == ONE.id
        assert images.resolve("one", f"linux/{OTHER}").id == FOREIGN.id
        with pytest.raises(NotFound, match="does not provide the specified platform"):
            images.resolve("one", "linux/386")
        rows = images.list(Filters(), manifests=True)
        assert [row["Id"] for row in rows] == [ONE.id]
        platforms = [one["ImageData"]["Platform"]["architecture"] for one in rows[0]["Manifests"]]
        assert platforms == [HERE, OTHER]
        await images.tag("one", "copy", "x")
        assert images.resolve("copy:x", f"linux/{OTHER}").id == FOREIGN.id
        saved = await store.save("copy:x")
        only = await store.save("copy:x", platform=f"linux/{OTHER}")
        assert blob_path(ONE.id) not in members(only)
        await store.remove("copy:x")
        await store.remove("one")
        assert store.images.count == 0
        assert store.files() == set()
        await store.load(put(tmp_path, saved))
        assert images.resolve("copy:x", f"linux/{OTHER}").id == FOREIGN.id

    run(tmp_path, scenario)


def test_load_of_one_platform(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, BOTH), f"linux/{OTHER}")
        assert store.images.resolve("one").id == FOREIGN.id
        assert store.images.count == 1
        with pytest.raises(NotFound, match="no image for the platform"):
            await store.load(put(tmp_path, BOTH), "linux/386")

    run(tmp_path, scenario)


@pytest.mark.parametrize("compression", COMPRESS)
def test_import(tmp_path: Path, compression: str) -> None:
    async def scenario(store: Store) -> None:
        archive = put(tmp_path, COMPRESS[compression](BASE))
        changes = ['CMD ["sh"]', "LABEL a=b"]
        image_id = await store.import_(archive, "im", "1", "why", changes, "linux/arm64")
        found = store.images.inspect("im:1")
        assert found["Id"] == image_id
        assert found["RootFS"]["Layers"] == [diff(BASE)]
        assert (found["Config"]["Cmd"], found["Config"]["Labels"]) == (["sh"], {"a": "b"})
        assert (found["Comment"], found["Architecture"]) == ("why", "arm64")
        assert store.events == [
            ("tag", image_id, {"a": "b", "name": "im:1"}),
            ("import", image_id, {"a": "b", "name": image_id}),
        ]
        assert store.images.history("im:1")[0]["Comment"] == "why"

    run(tmp_path, scenario)


def test_import_refuses_before_it_reads(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        for options in ({"repo": "UP"}, {"changes": ["RUN x"]}, {"platform": "windows"}):
            with pytest.raises(InvalidParameter):
                await store.images.import_(-1, **options)  # type: ignore[arg-type]
        with pytest.raises(InvalidParameter):
            await store.import_(put(tmp_path, b"noise"))
        assert store.files() == set()

    run(tmp_path, scenario)


def stage(directory: Path, data: bytes) -> tuple[Path, str]:
    """A layer as the diff worker leaves it."""
    (directory / "layer.tar").write_bytes(data)
    with open(directory / "layer.tar", "rb") as archive, open(directory / "index", "wb") as index:
        build_index(open_file(archive), index, tar_size=len(data))
    return directory, diff(data)


def test_commit_builds_on_its_parent(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        origin, config = Origin(10**18, "msg", "me"), {"Env": ["A=b"], "Cmd": ["/bin/x", "y"]}
        with store.images.staging() as directory:
            child = await store.images.commit(
                ONE.id, stage(directory, TOP), config, origin, ["USER x"], "com", "1"
            )
        found = store.images.inspect("com:1")
        assert found["Parent"] == ONE.id
        assert found["RootFS"]["Layers"] == [diff(BASE), diff(TOP)]
        assert (found["Config"]["Env"], found["Config"]["User"]) == (["A=b"], "x")
        steps = store.images.history("com:1")
        assert [step["CreatedBy"] for step in steps] == ["/bin/x y", "step 0"]
        assert [step["Id"] for step in steps] == [child, ONE.id]
        assert steps[0]["Size"] == len("hi")
        with pytest.raises(Conflict, match="image has dependent child images"):
            await store.remove(ONE.id, force=True)
        await store.remove("one")
        assert store.images.resolve(ONE.id).repo_tags == []
        # The parent has lost its name: it goes with its last child.
        assert [row.get("Deleted") for row in await store.remove("com:1")][1:3:2] == [child]
        assert store.files() == set()

    run(tmp_path, scenario)


def test_commit_of_no_change_adds_no_layer(tmp_path: Path) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        with store.images.staging() as directory:
            layer_of_nothing = stage(directory, bytes(1024))
            child = await store.images.commit(ONE.id, layer_of_nothing, {}, Origin(10**18))
        image = store.images.resolve(child)
        assert image.layers() == [diff(BASE)]
        assert image.document["history"][-1]["empty_layer"] is True

    run(tmp_path, scenario)


@pytest.mark.parametrize("wanted", [False, True])
def test_what_a_build_has_is_removed_when_it_is_over(tmp_path: Path, wanted: bool) -> None:
    async def scenario(store: Store) -> None:
        await store.load(put(tmp_path, docker_archive(ONE)))
        store.held.add(ONE.id)
        assert {"Deleted": ONE.id} in await store.remove("one")
        assert not store.images.list(Filters(), all=True)
        assert store.images.rootfs_layers(store.images.resolve(ONE.id).id)
        await store.images.forget_steps()
        if wanted:
            await store.images.tag(ONE.id, "one", "again")
        store.held.clear()
        await store.images.forget_steps()
        assert bool(store.files()) is wanted
        assert len(store.images.list(Filters())) == wanted

    run(tmp_path, scenario)
