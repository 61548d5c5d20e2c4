"""A corpus of Dockerfiles, by both protocols: files and configuration are those of BuildKit, which
keeps a working directory as it was written: the classic builder cleans it.

By its own protocol so is the history, but for this:

- A RUN that has changed no file has no layer. BuildKit's has one, of what it mounts things on.
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
    told = history(boxship_daemon.host, tag) if buildkit else []
    client_of(boxship_daemon.host).remove_image(tag, force=True)
    if case.own:
        digests = {k: hashlib.sha256(v.encode()).hexdigest()[:16] for k, v in case.own.items()}
        assert {path: found["tree"][path].split()[-1] for path in case.own} == digests
        return
    wanted = recorded[case.name]
    config = wanted["config"]
    if config["WorkingDir"] and not buildkit:
        config = config | {"WorkingDir": posixpath.normpath(config["WorkingDir"])}
    assert found["config"] == config
    assert found["tree"] == wanted["tree"]
    if buildkit:
        both = zip(wanted["history"], told, strict=True)
        assert told == [_as_here(step, here) for step, here in both]


def _as_here(step: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    """A *step* of BuildKit's, without its layer if it is a RUN that has none *here*."""
    is_nothing = step["created_by"].startswith("RUN ") and "empty_layer" in here
    return {**step, "empty_layer": True} if is_nothing else step
