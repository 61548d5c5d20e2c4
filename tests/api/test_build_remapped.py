"""Builds of a daemon that remaps users: owners in images are those of the containers."""

import os
import subprocess
from pathlib import Path

from support.engines import Engine
from support.mortal import remapped_mortal

__all__ = ["remapped_mortal"]

SOURCE = """\
FROM busybox
COPY --chown=guest f /f
RUN echo x > /o && chown guest:disk /o && stat -c 'owners %u:%g' /f /o
RUN --mount=type=cache,target=/c,uid=1000 echo 1 > /c/f && stat -c 'cache %u' /c /c/f
RUN --mount=target=/ctx [ "$(cat /ctx/f)" = 1 ]
WORKDIR /w
RUN --mount=target=.,rw echo 2 >> f && echo 3 > g && rm Dockerfile && stat -c "rw %u" . f g
USER guest
RUN cat /f /o && id -u
"""


def test_owners_are_those_inside(remapped_mortal: Engine, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SOURCE)
    (tmp_path / "f").write_text("1")
    environment = {**os.environ, "DOCKER_BUILDKIT": "0", "DOCKER_HOST": remapped_mortal.host}
    done = subprocess.run(
        ["docker", "build", str(tmp_path)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [
        line for line in done.stdout.splitlines() if line.startswith(("owners", "cache", "rw"))
    ]
    assert shown == [
        "owners 1000:1000",
        "owners 1000:6",
        "cache 1000",
        "cache 0",
        "rw 0",
        "rw 0",
        "rw 0",
    ]
