"""Where Boxship answers otherwise than dockerd 26, on purpose: two tables, each row with a reason.

``HIDDEN`` rows hide what a pattern matches, in the answers of both engines. ``OTHERWISE`` rows name
a line whose answer differs as a whole, and say what Boxship answers. All else must be equal.
"""

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Hidden:
    """*pattern* is a multi-line regular expression; *stories* a glob of story names."""

    stories: str
    pattern: str
    reason: str
    stand_in: str = ""


@dataclass(frozen=True)
class Otherwise:
    """The line *line* ends with *code* and prints what the expression *output* finds."""

    line: str
    code: int
    output: str
    reason: str


HIDDEN: tuple[Hidden, ...] = (
    Hidden(
        "system",
        r"(?m)^\.BuildTime=str\n",
        "an installed Python package was not built at any one time",
    ),
    Hidden(
        "*",
        r"(?m)^\[0\]\.GraphDriver\..*\n",
        "layers are never unpacked: there are no directories of a graph driver to show",
    ),
    Hidden(
        "inspect-container",
        r"\b(overlay2|overlayfs|erofs)\b",
        "the storage driver has a name of its own",
        "<DRIVER>",
    ),
    Hidden(
        "*",
        r"runc create failed: ",
        "dockerd's text names a program that has no part in Boxship",
    ),
    Hidden(
        "system",
        r"\b(runc|boxship)\b",
        "the runtime has a name of its own",
        "<RUNTIME>",
    ),
    Hidden(
        "network-containers",
        r"(?m)^disconnect bridge\n(?=disconnect bridge$)",
        "dockerd tells it twice",
    ),
    Hidden(
        "*",
        r"(?<=/sys/fs/cgroup/)(\w+)/[\w-]+/<ID>",
        "the parent of containers' control groups has a name of its own",
        r"\1/<PARENT>/<ID>",
    ),
    Hidden(
        "*",
        r"(?<=: )unable to apply cgroup configuration(?=: failed to write)"
        r"|error during container init: error setting cgroup config for procHooks process",
        "Boxship sets all limits in one place",
        "<LIMITS>",
    ),
    Hidden(
        "*",
        r"runc did not terminate successfully: exit status 1: |(?<=invalid argument)\n: unknown",
        "dockerd's text names a program that has no part in Boxship",
    ),
    Hidden(
        "*",
        r"<ROOT>/data/overlay2/<ID>/merged| \(via /proc/self/fd/\d+\)",
        "where dockerd mounts roots on the host: Boxship does not",
    ),
    Hidden(
        "save-load",
        r"(?m)^\[0\]\.LayerSources\..*\n",
        "these describe layers that came from a registry; nothing reads them",
    ),
    Hidden(
        "*",
        r"(?<=unexpected EOF) in a tar header",
        "Boxship says where the archive ended",
    ),
)

_NOT_AN_IMAGE = r"holds neither manifest\.json nor index\.json"
_NO_REGISTRY = "registries are not served yet; the error says so"

OTHERWISE: tuple[Otherwise, ...] = (
    Otherwise(
        "skopeo copy -q docker-archive:image.tar oci:layout:mine"
        " && tar -C layout -cf layout.tar . && docker load -i layout.tar",
        0,
        r"Loaded image",
        "dockerd loads OCI layouts only with its containerd image store; Boxship always does",
    ),
    Otherwise(
        "echo garbage | docker load",
        1,
        r"Error response from daemon: unexpected EOF",
        "dockerd answers 200 before it looks; Boxship with an error",
    ),
    Otherwise(
        "tar cf - image.tar | docker load",
        1,
        _NOT_AN_IMAGE,
        "dockerd's text is about a temporary file of its own",
    ),
    Otherwise("docker load </dev/null", 1, _NOT_AN_IMAGE, "as for a tar that is no image"),
    Otherwise(
        "docker cp live:/proc/1/comm comm; cat comm",
        0,
        r"\A\Z",
        "a running container is read through its own mounts; files of /proc are empty"
        " by their size",
    ),
    Otherwise(
        "docker cp live:/dev/null null; ls -l null | cut -c1",
        0,
        r"\Ac\Z",
        "a running container is read through its own mounts, /dev among them",
    ),
    Otherwise(
        "DOCKER_API_VERSION=1.99 docker ps",
        1,
        r"client version 1\.99 is too new\. Maximum supported API version is 1\.51",
        "Boxship serves newer versions of the API",
    ),
    Otherwise(
        "docker pull --quiet localhost:1/nosuch 2>&1 | grep -c refused", 1, "0", _NO_REGISTRY
    ),
    Otherwise(
        "docker push localhost:1/nosuch",
        1,
        r"An image does not exist locally with the tag: localhost:1/nosuch",
        _NO_REGISTRY,
    ),
    Otherwise(
        "docker run --rm --workdir /etc/passwd busybox true",
        125,
        r"Cannot mkdir: /etc/passwd is not a directory",
        "seen when the container starts, not when it is made: only then its layers are mounted",
    ),
    Otherwise(
        "docker run --rm --mount type=image,src=busybox,dst=/x busybox true",
        0,
        r"\A\Z",
        "later versions mount images, and Boxship does",
    ),
    Otherwise(
        "docker run --rm --pull never --platform windows/amd64 busybox true",
        125,
        r"was found but does not provide the specified platform \(windows/amd64\)",
        "as for another architecture",
    ),
    Otherwise(
        "docker update --memory-swap -1 box && docker exec box sh -c"
        " 'cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'",
        0,
        r"\Abox\n9223372036854771712\Z",
        "dockerd keeps the old limit in force until the next start",
    ),
    Otherwise(
        "docker update --cpu-rt-runtime 1000 box",
        1,
        r'failed to write "1000": write .*/cpu\.rt_runtime_us: invalid argument',
        "dockerd does not try, and the container does not start any more",
    ),
    Otherwise(
        "docker run --rm -v $PWD/data/file/below:/x busybox true",
        125,
        r"error while creating mount source path '.*/below': mkdir .*/file: file exists",
        "seen before anything is made",
    ),
    Otherwise(
        "docker run --rm -v $PWD/data:/dev busybox true; ls data",
        0,
        r"unable to start container process: mask-paths: dev/null: no such file or directory",
        "/dev/null is missed where it is needed first",
    ),
    Otherwise(
        "docker run --rm --pull never --platform linux/arm64 busybox true",
        125,
        r"was found but does not provide the specified platform \(linux/arm64\)",
        "the wording of later versions, which keep several platforms of an image, as Boxship does",
    ),
    Otherwise(
        "docker run --rm --network nosuch busybox true",
        125,
        r"network nosuch not found",
        "refused before a container is made, not at its start",
    ),
)


def hide(story: str, output: str, rows: Iterable[Hidden] = HIDDEN) -> str:
    """*output* of a line of *story* without the accepted differences."""
    for row in rows:
        if fnmatch.fnmatchcase(story, row.stories):
            output = re.sub(row.pattern, row.stand_in, output)
    return output


def otherwise(line: str, rows: Iterable[Otherwise] = OTHERWISE) -> Otherwise | None:
    """The row for *line*, if its whole answer may differ."""
    return next((row for row in rows if row.line == line), None)
