"""What becomes of builds: archives, layouts, files, names, pushes; for one platform or several."""

import io
import json
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import engines
from support.buildkit_client import Client, client_in
from support.debian_registry import Registry, registry
from support.requirements import require_tool

_PORT = 5013
_DOCKERFILE = (
    "FROM busybox\nRUN mkdir /d && echo x > /d/x && ln /d/x /d/y && ln -s x /d/z\nENV A=1\n"
)
_ACROSS = (
    "FROM --platform=$BUILDPLATFORM busybox AS make\nARG TARGETARCH\nRUN echo $TARGETARCH > /arch\n"
    "FROM scratch\nCOPY --from=make /arch /\n"
)
_BOTH = "linux/amd64,linux/arm64"
_EPOCH = 1_600_000_000


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        client.write(Dockerfile=_DOCKERFILE)
        yield client


@pytest.fixture
def store(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, port=_PORT) as found:
        yield found


def _metadata(here: Client, *words: str, fails: bool = False) -> dict[str, Any]:
    here.docker("buildx", "build", "--metadata-file", "m.json", *words, ".", fails=fails)
    found: dict[str, Any] = json.loads((here.directory / "m.json").read_text())
    return found


def _skopeo(what: str, *words: str) -> Any:
    require_tool("skopeo")
    done = subprocess.run(
        ["skopeo", "inspect", *words, what], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def _imagetools(here: Client, store: Registry, *words: str) -> str:
    """The client itself speaks with the registry: beside it."""
    beside = ["nsenter", "-t", str(store.pid), "-n", "docker", "buildx", "imagetools"]
    done = subprocess.run(
        [*beside, *words], env=here.environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_archive_for_docker(here: Client, dockerd: engines.Engine) -> None:
    told = _metadata(here, "-o", "type=docker,dest=o.tar,name=out/it:1", "--iidfile", "id")
    path = here.directory / "o.tar"
    assert told["image.name"] == "docker.io/out/it:1"
    assert told["buildx.build.ref"].startswith("default/default/")
    assert (here.directory / "id").read_text() == told["containerimage.config.digest"]
    descriptor = told["containerimage.descriptor"]
    assert descriptor["digest"] == told["containerimage.digest"]
    # Nothing of that name is here, but there.
    assert "out/it" not in here.docker("images")
    assert "Loaded image: out/it:1" in dockerd.docker("load", "-i", str(path)).stdout
    try:
        image = json.loads(dockerd.docker("inspect", "out/it:1").stdout)[0]
        assert image["Id"] == told["containerimage.config.digest"]
        shown = dockerd.docker("run", "--rm", "out/it:1", "sh", "-c", "cat /d/x /d/y /d/z; echo $A")
        assert shown.stdout == "x\nx\nx\n1\n"
    finally:
        dockerd.docker("rmi", "-f", "out/it:1")
    assert _skopeo(f"docker-archive:{path}", "--config")["config"]["Env"][-1] == "A=1"


def test_an_archive_on_standard_output(here: Client) -> None:
    done = subprocess.run(
        ["docker", "buildx", "build", "-q", "-o", "type=docker,dest=-,name=out/it:2", "."],
        cwd=here.directory,
        env=here.environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        file = tar.extractfile("manifest.json")
        assert file is not None
        assert json.load(file)[0]["RepoTags"] == ["out/it:2"]


def test_an_archive_and_a_directory_in_ocis_terms(here: Client, tmp_path: Path) -> None:
    require_tool("podman")
    told = _metadata(here, "-o", "type=oci,dest=o.tar", "-t", "out/it:3")
    manifest = _skopeo(f"oci-archive:{here.directory}/o.tar", "--raw")
    assert manifest["config"]["digest"] == told["containerimage.config.digest"]
    same = _metadata(here, "-o", "type=oci,dest=layout,tar=false", "-t", "out/it:3")
    assert same["containerimage.digest"] == told["containerimage.digest"]
    assert _skopeo(f"oci:{here.directory}/layout", "--raw") == manifest
    copy = tmp_path / "copy.tar"
    source = f"oci:{here.directory}/layout"
    subprocess.run(["skopeo", "copy", "-q", source, f"docker-archive:{copy}:a/b:c"], check=True)
    loaded = here.docker("load", "-i", str(copy))
    assert "Loaded image: a/b:c" in loaded
    assert json.loads(here.docker("inspect", "a/b:c"))[0]["Id"] == manifest["config"]["digest"]
    storage = ["--root", str(tmp_path / "p"), "--runroot", str(tmp_path / "r")]
    podman = ["podman", *storage, "--storage-driver", "vfs"]
    try:
        said = subprocess.run(
            [*podman, "load", "-i", str(here.directory / "o.tar")],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        assert "out/it:3" in said.stdout
    finally:
        subprocess.run([*podman, "rmi", "-af"], capture_output=True, timeout=60)


def test_layers_of_archives_are_compressed_by_request(here: Client) -> None:
    words = ["buildx", "build", "-o", "type=oci,compression=gzip,"]
    here.docker(*words[:3], words[3] + "dest=o.tar", "-t", "out/z:1", ".")
    here.docker(*words[:3], words[3] + "dest=layout,tar=false", "-t", "out/z:1", ".")
    manifest = _skopeo(f"oci-archive:{here.directory}/o.tar", "--raw")
    assert _skopeo(f"oci:{here.directory}/layout", "--raw") == manifest
    assert {row["mediaType"][-5:] for row in manifest["layers"]} == {"+gzip"}
    here.docker("load", "-i", "o.tar")
    assert here.file("out/z:1", "/d/x") == "x\n"


@pytest.mark.parametrize(
    ("words", "ending"),
    [
        ("zstd,force-compression=true,compression-level=19", ".v1.tar+zstd"),
        ("gzip,force-compression=true,compression-level=-2", ".v1.tar+gzip"),
        ("uncompressed,force-compression=true", ".v1.tar"),
    ],
)
def test_any_compression_is_read_again(
    here: Client, store: Registry, dockerd: engines.Engine, words: str, ending: str
) -> None:
    """What is pushed by us, what is in archives by dockerd too."""
    here.docker("buildx", "build", "-o", f"type=oci,dest=o.tar,compression={words}", "-t", "z", ".")
    found = _skopeo(f"oci-archive:{here.directory}/o.tar", "--raw")["layers"]
    assert {row["mediaType"] for row in found} == {"application/vnd.oci.image.layer" + ending}
    theirs = {"DOCKER_HOST": dockerd.host}
    here.docker("load", "-i", "o.tar", **theirs)
    assert here.docker("run", "--rm", "z", "cat", "/d/x", **theirs) == "x\n"
    here.docker("rmi", "z", **theirs)

    name = f"{store.host}/out/{words.partition(',')[0]}:1"
    wanted = f"type=registry,oci-mediatypes=true,compression={words}"
    here.docker("buildx", "build", "-o", wanted, "-t", name, ".")
    beside = ("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    assert json.loads(store.run(*beside))["layers"] == found
    here.docker("rmi", name)
    here.docker("pull", name)
    assert here.file(name, "/d/x") == "x\n"
    here.docker("rmi", name)


def test_several_names(here: Client) -> None:
    told = _metadata(here, "-o", 'type=image,"name=out/a:1,out/b"')
    assert told["image.name"] == "docker.io/out/a:1,docker.io/out/b:latest"
    for name in ("out/a:1", "out/b"):
        assert (
            json.loads(here.docker("inspect", name))[0]["Id"]
            == told["containerimage.config.digest"]
            == told["containerimage.digest"]
        )


@pytest.mark.parametrize(
    "words", [["--push"], ["-o", "type=registry"], ["-o", "type=image,push=true"]]
)
def test_pushes(here: Client, store: Registry, words: list[str]) -> None:
    names = [f"{store.host}/out/{name}" for name in ("a:1", "b:2")]
    told = _metadata(here, *words, "-t", names[0], "-t", names[1])
    for name in names:
        path = name.removeprefix(store.host).replace(":", "/manifests/")
        accept = "Accept: application/vnd.docker.distribution.manifest.v2+json"
        manifest = json.loads(store.curl("/v2" + path, "-H", accept))
        assert manifest["config"]["digest"] == told["containerimage.config.digest"]
    assert told["containerimage.digest"] in _imagetools(here, store, "inspect", names[0])


def test_several_results_of_one_build(here: Client) -> None:
    outputs = ["type=tar,dest=a.tar", "type=tar,dest=b.tar", "c", "type=image,name=out/m"]
    words = [word for output in outputs for word in ("-o", output)]
    here.docker("buildx", "build", *words, ".")
    first, second = ((here.directory / name).read_bytes() for name in ("a.tar", "b.tar"))
    assert first == second and b"d/x" in first
    assert (here.directory / "c" / "d" / "x").read_text() == "x\n"
    assert here.file("out/m", "/d/x") == "x\n"


def test_what_cannot_be_written_is_said(here: Client) -> None:
    for words, said in (
        ("compression=estargz", "compression estargz is not supported"),
        ("compression=lzw", "unsupported compression type lzw"),
        ("compression=gzip,compression-level=10", "gzip: invalid compression level: 10"),
        ("compression=zstd,compression-level=x", "non-integer value x specified"),
        ("force-compression=maybe", "non-bool value maybe specified"),
    ):
        assert said in here.docker(
            "buildx", "build", "-o", f"type=oci,dest=x,{words}", ".", fails=True
        )
    for words in ("compression=lzw", "compression-level=x", "force-compression=maybe"):
        here.docker("buildx", "build", "-o", f"type=tar,dest=x,{words}", ".")
        here.docker("buildx", "build", "--cache-to", f"type=inline,{words}", ".")
    said = here.docker("buildx", "build", "-o", "type=nonsense,dest=x", ".", fails=True)
    assert "nonsense" in said


# platforms


def test_another_platform_needs_no_emulator_for_files(here: Client) -> None:
    here.write(Dockerfile=_ACROSS)
    here.docker("build", "--platform", "linux/arm64", "-t", "out/arm", ".")
    image = json.loads(here.docker("inspect", "out/arm"))[0]
    assert (image["Os"], image["Architecture"]) == ("linux", "arm64")
    assert _files(here, "out/arm") == {"arch": b"arm64\n"}


def _files(here: Client, image: str) -> dict[str, bytes]:
    """Of an image that cannot be run."""
    identity = here.docker("create", image, "x").split()[-1]
    archive = subprocess.run(
        ["docker", "export", identity], env=here.environment, capture_output=True, check=True
    )
    here.docker("rm", identity)
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        for member in tar:
            file = tar.extractfile(member) if member.isreg() and member.size else None
            if file is not None:
                found[member.name] = file.read()
    return found


def test_the_same_files_on_two_platforms_are_two_images(here: Client) -> None:
    here.write(Dockerfile="FROM scratch\nCOPY a /\n", a="1")
    images = [
        here.docker("build", "-q", "--platform", f"linux/{name}", ".").strip()
        for name in ("amd64", "arm64")
    ]
    assert images[0] != images[1]


def test_programs_of_another_platform(here: Client) -> None:
    """A program of a machine that nobody has an emulator for: s390's of 32 bits."""
    head = b"\x7fELF" + bytes([1, 2, 1]) + bytes(9)
    program = head + struct.pack(">HHIIIIIHHHHHH", 2, 22, 1, 0, 52, 0, 0, 52, 32, 0, 0, 0, 0)
    (here.directory / "sh").write_bytes(program + bytes(200))
    (here.directory / "sh").chmod(0o755)
    here.write(Dockerfile="FROM scratch\nCOPY sh /bin/sh\nRUN true\n")
    said = here.docker("build", "--platform", "linux/mips64", ".", fails=True)
    assert "exec format error" in said
    assert "programs of linux/mips64 do not run on this machine" in said
    assert "   3 | >>> RUN true\n" in said


def test_several_platforms_in_the_store_and_a_registry(here: Client, store: Registry) -> None:
    here.write(Dockerfile=_ACROSS)
    name = f"{store.host}/out/many:1"
    said = here.docker("buildx", "build", "--platform", _BOTH, "--push", "-t", name, ".")
    assert "[linux/amd64 make 2/2] RUN" in said and "[linux/arm64 make 2/2] RUN" in said
    index = json.loads(_imagetools(here, store, "inspect", "--raw", name))
    platforms = [row["platform"]["architecture"] for row in index["manifests"]]
    assert sorted(platforms) == ["amd64", "arm64"]
    assert json.loads(here.docker("inspect", name))[0]["Architecture"] == "amd64"
    here.docker("rmi", "-f", name)
    here.docker("pull", "-q", "--platform", "linux/arm64", name)
    assert _files(here, name) == {"arch": b"arm64\n"}


def test_images_are_put_together_in_a_registry(here: Client, store: Registry) -> None:
    here.write(Dockerfile=_ACROSS)
    names = []
    for architecture in ("amd64", "arm64"):
        names.append(f"{store.host}/out/part:{architecture}")
        words = ["--platform", f"linux/{architecture}", "-t", names[-1]]
        here.docker("buildx", "build", "--push", *words, ".")
    whole = f"{store.host}/out/whole"
    _imagetools(here, store, "create", "-t", whole, *names)
    shown = _imagetools(here, store, "inspect", whole)
    assert "linux/amd64" in shown and "linux/arm64" in shown
    here.docker("pull", "-q", "--platform", "linux/arm64", whole)
    assert _files(here, whole) == {"arch": b"arm64\n"}


def test_several_platforms_as_files_and_archives(here: Client) -> None:
    here.write(Dockerfile=_ACROSS)
    words = ["buildx", "build", "--platform", _BOTH]
    here.docker(*words, "-o", "files", ".")
    found = {path.parent.name: path.read_text() for path in here.directory.glob("files/*/arch")}
    assert found == {"linux_amd64": "amd64\n", "linux_arm64": "arm64\n"}
    here.docker(*words, "-o", "type=tar,dest=files.tar", ".")
    with tarfile.open(here.directory / "files.tar") as tar:
        assert {"linux_amd64/arch", "linux_arm64/arch"} <= set(tar.getnames())
    told = _metadata(here, "--platform", _BOTH, "-o", "type=oci,dest=o.tar")
    index = _skopeo(f"oci-archive:{here.directory}/o.tar", "--raw")
    assert [row["platform"]["architecture"] for row in index["manifests"]] == ["amd64", "arm64"]
    assert "containerimage.config.digest" not in told
    assert told["containerimage.descriptor"]["mediaType"].endswith("image.index.v1+json")
    said = here.docker(*words, "-o", "type=docker,dest=x.tar", ".", fails=True)
    assert "docker exporter does not support exporting manifest lists" in said


# times


def test_the_same_bytes_again(here: Client) -> None:
    output = f"type=oci,rewrite-timestamp=true,dest={here.directory}"
    words = ["--build-arg", f"SOURCE_DATE_EPOCH={_EPOCH}", "--no-cache", "--target", "end"]
    here.write(Dockerfile=_DOCKERFILE.replace("busybox", "busybox AS end"))
    archives = []
    for name in ("1.tar", "2.tar"):
        here.docker("buildx", "build", *words, "-o", f"{output}/{name}", ".")
        archives.append((here.directory / name).read_bytes())
    assert archives[0] == archives[1]
    raw = _skopeo(f"oci-archive:{here.directory}/1.tar", "--config")
    assert raw["created"] == "2020-09-13T12:26:40Z"
    with tarfile.open(here.directory / "1.tar") as tar:
        layer = tar.extractfile("blobs/" + raw["rootfs"]["diff_ids"][-1].replace(":", "/"))
        with tarfile.open(fileobj=layer) as files:
            assert {member.mtime for member in files} == {_EPOCH}
    here.docker("buildx", "build", *words, "-o", "files", ".")
    assert (here.directory / "files/d/x").stat().st_mtime == _EPOCH


def test_a_stage_of_nothing_is_an_image_of_nothing(here: Client) -> None:
    here.write(Dockerfile="FROM scratch AS a\nFROM a\n")
    here.docker("build", "-t", "out/nothing", "--platform", "linux/arm64", ".")
    image = json.loads(here.docker("inspect", "out/nothing"))[0]
    assert (image["Architecture"], image["RootFS"]) == ("arm64", {"Type": "layers"})
    assert here.docker("history", "-q", "out/nothing") == ""
    here.docker("build", "-o", "type=tar,dest=o.tar", ".")
    assert tarfile.open(here.directory / "o.tar").getnames() == []
    said = here.docker("build", ".", fails=True, DOCKER_BUILDKIT="0")
    assert "No image was generated. Is your Dockerfile empty?" in said
