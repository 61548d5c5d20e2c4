"""A corpus of Dockerfiles, by both protocols: files and configuration are those of BuildKit, but
that the classic builder cleans a working directory, takes no author from a base, and drops what a
RUN writes to a volume.

By its own protocol so is the history, and by the classic one that of dockerd's classic builder, but
for this:

- A RUN that has changed no file has no layer. BuildKit's has one, of what it mounts things on.
- A WORKDIR that was there has a layer. The classic builder's has none.
"""

import hashlib
import json
import posixpath
from typing import Any

import pytest

from e2e.builds.case import Case
from e2e.builds.corpus import CASES, RECORDED, build, client_of, history, look
from support import engines


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RECORDED.read_text())
    return found


@pytest.mark.parametrize("buildkit", [False, True], ids=["classic", "buildkit"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_buildkit_makes_of_it(
    case: Case, buildkit: bool, boxship_daemon: engines.Engine, recorded: dict[str, Any]
) -> None:
    tag = f"corpus:{case.name}"
    build(boxship_daemon.host, case, tag, buildkit=buildkit)
    found = look(boxship_daemon.host, tag)
    steps = recorded.get(case.name, {}).get("history" if buildkit else "classic") or []
    told = history(boxship_daemon.host, tag) if steps else []
    client_of(boxship_daemon.host).remove_image(tag, force=True)
    if case.own:
        digests = {k: hashlib.sha256(v.encode()).hexdigest()[:16] for k, v in case.own.items()}
        assert {path: found["tree"][path].split()[-1] for path in case.own} == digests
        return
    wanted = recorded[case.name]
    assert found["config"] == wanted["config"] | ({} if buildkit else _classic(wanted))
    volumes = [] if buildkit else [*(wanted["config"]["Volumes"] or ())]
    assert _outside(volumes, found["tree"]) == _outside(volumes, wanted["tree"])
    assert told == [_as_here(step, here) for step, here in zip(steps, told, strict=True)]


def _outside(volumes: list[str], tree: dict[str, str]) -> dict[str, str]:
    """The part of *tree* that is in none of *volumes*."""
    inside = tuple(f"{path}/" for path in volumes)
    return {path: row for path, row in tree.items() if not f"/{path}/".startswith(inside)}


def _classic(wanted: dict[str, Any]) -> dict[str, str | None]:
    """Where the classic builder's configuration is another than BuildKit's."""
    directory = wanted["config"]["WorkingDir"]
    found = {"WorkingDir": directory and posixpath.normpath(directory)}
    if wanted.get("classic"):
        found["Author"] = wanted["classic"][-1].get("author")
    return found


def _as_here(step: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """A *step* of dockerd's with a layer or not as *here*, if it is one that may differ in that."""
    text, found = step["created_by"], {**step}
    if text.startswith("RUN ") and "empty_layer" in here:
        found["empty_layer"] = True
    if "#(nop) WORKDIR " in text and "empty_layer" not in here:
        found.pop("empty_layer", None)
    return found
