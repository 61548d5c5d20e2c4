"""A corpus of Dockerfiles, by both protocols: files and configuration are those of BuildKit."""

import hashlib
import json
from typing import Any

import pytest

from e2e.builds.case import Case
from e2e.builds.corpus import CASES, RECORDED, build, client_of, look
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
    client_of(boxship_daemon.host).remove_image(tag, force=True)
    if case.own:
        digests = {k: hashlib.sha256(v.encode()).hexdigest()[:16] for k, v in case.own.items()}
        assert {path: found["tree"][path].split()[-1] for path in case.own} == digests
        return
    wanted = recorded[case.name]
    assert found["config"] == wanted["config"]
    assert found["tree"] == wanted["tree"]
