"""All cases, what is looked at of each, and the recorder.

``python -m e2e.builds.corpus SOCKET`` (from ``tests``) builds every case with BuildKit at the
dockerd of SOCKET and records what came out in ``e2e/data/builds.json``, with the history that its
classic builder gives the cases of ``history.builds``, as far as it can build them. Where docker
does not know buildx, BUILDX is the path of that plugin.
"""

import functools
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import docker as docker_py

from e2e.builds import special
from e2e.builds.case import Case, read_cases

_HERE = Path(__file__).parent
CASES = (
    *(
        case
        for path in sorted(_HERE.glob("*.builds"))
        for case in read_cases(path.read_text(), special.TREE)
    ),
    *special.CASES,
)
RECORDED = _HERE.parent / "data" / "builds.json"
_KEYS = (
    "Cmd", "Entrypoint", "Env", "ExposedPorts", "Healthcheck", "Labels", "OnBuild", "Shell",
    "StopSignal", "User", "Volumes", "WorkingDir",
)  # fmt: skip
# Put there by the engine that exports.
_PLACES = frozenset((".dockerenv", "dev", "proc", "sys", "etc/hostname", "etc/hosts")) | {
    "etc/resolv.conf", "etc/mtab", "dev/console", "dev/pts", "dev/shm",
}  # fmt: skip
_CONTENT = re.compile(r"(file|dir|multi):[0-9a-f]{64}")
_KINDS = {tarfile.DIRTYPE: "d", tarfile.SYMTYPE: "l", tarfile.FIFOTYPE: "p"}


@functools.cache
def client_of(host: str) -> docker_py.APIClient:
    """Docker's client for Python: much quicker than the CLI."""
    return docker_py.APIClient(base_url=host, version="auto", timeout=60)


def docker(host: str, *arguments: str, buildkit: bool = False) -> bytes:
    """The output of the docker CLI; what it complains about is in the assertion."""
    with tempfile.TemporaryDirectory() as config:
        if buildkit and "BUILDX" in os.environ:
            plugins = Path(config) / "cli-plugins"
            plugins.mkdir()
            (plugins / "docker-buildx").symlink_to(os.environ["BUILDX"])
        environment = {**os.environ, "DOCKER_HOST": host, "DOCKER_CONFIG": config}
        environment["DOCKER_BUILDKIT"] = "1" if buildkit else "0"
        done = subprocess.run(
            ["docker", *arguments], capture_output=True, env=environment, timeout=100
        )
    text = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"docker {arguments}: {text}"
    return done.stdout


def build(host: str, case: Case, tag: str, buildkit: bool = False) -> None:
    """Build the case by the docker CLI."""
    with tempfile.TemporaryDirectory() as context:
        case.write(Path(context))
        flags = [*case.flags]
        if "-f" in flags:
            at = flags.index("-f") + 1
            flags[at] = f"{context}/{flags[at]}"
        docker(host, "build", "-t", tag, *flags, context, buildkit=buildkit)


def look(host: str, tag: str) -> dict[str, Any]:
    """``config`` and ``tree`` of an image: path to kind, mode, owner, link or digest."""
    client = client_of(host)
    image = client.inspect_image(tag)
    config = {key: image["Config"].get(key) or None for key in _KEYS}
    config["Author"] = image.get("Author") or None
    container = client.create_container(tag, "x")
    try:
        data = b"".join(client.export(container))
    finally:
        client.remove_container(container, v=True)
    return {"config": config, "tree": _tree(data)}


def history(host: str, tag: str) -> list[dict[str, Any]]:
    """The steps that the image's configuration tells of, without their times and the digests of
    what was copied."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(client_of(host).get_image(tag)))) as tar:

        def read(name: str) -> Any:
            file = tar.extractfile(name)
            assert file is not None
            return json.load(file)

        (manifest,) = read("manifest.json")
        steps = read(manifest["Config"])["history"]
    told = [{key: step[key] for key in step if key != "created"} for step in steps]
    return [row | {"created_by": _CONTENT.sub("CONTENT", row["created_by"])} for row in told]


def _tree(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            name = member.name.strip("/")
            if name in _PLACES or not name or name.startswith("bin/"):
                continue
            kind = _KINDS.get(member.type, "f")
            what = member.linkname if member.issym() else ""
            if kind == "f":
                file = tar.extractfile(member)
                assert file is not None
                what = hashlib.sha256(file.read()).hexdigest()[:16]
            mode = "" if member.issym() else f"{member.mode:o}"
            found[name] = f"{kind} {mode} {member.uid}:{member.gid} {what}".strip()
    return found


def main(socket: str) -> None:
    """Record what is not recorded yet."""
    host = f"unix://{socket}"
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    for case in CASES:
        if not case.own and case.name not in recorded:
            tag = f"corpus:{case.name}"
            build(host, case, tag, buildkit=True)
            recorded[case.name] = {**look(host, tag), "history": history(host, tag)}
            if case.name.startswith("history-"):
                recorded[case.name]["classic"] = _classic(host, case, tag)
            RECORDED.write_text(json.dumps(recorded, indent=0, sort_keys=True) + "\n")
            print(case.name)


def _classic(host: str, case: Case, tag: str) -> list[dict[str, Any]] | None:
    """None where the classic builder does not know all that the case has."""
    try:
        build(host, case, tag)
    except AssertionError as error:
        assert "requires BuildKit" in str(error), error
        return None
    return history(host, tag)


if __name__ == "__main__":
    main(sys.argv[1])
