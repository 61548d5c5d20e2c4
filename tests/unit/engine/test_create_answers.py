"""Create requests beside what dockerd 26 answered to each of them.

``create_answers.json`` holds rows of a fragment (merged into ``BASE``), dockerd's status, and its
message or its list of warnings. dockerd ran on two CPUs under cgroup v1 without block I/O weights;
it knew no mounts of images, which came with API 1.48.
Where it answered 500 to a client's mistake, Boxship answers 400 with the same text.
"""

import copy
import json
import posixpath
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from boxship.engine.containers.host_facts import HostFacts
from boxship.engine.containers.mount_points import image_volumes
from boxship.engine.containers.validate import complete, prepare
from boxship.types.create import CreateRequest
from boxship.types.decode import decode

FACTS = HostFacts(
    cpus=2,
    online_cpus="0-1",
    cgroup_version=1,
    unsupported=frozenset({"blkio_weight", "blkio_weight_device"}),
)
BASE = {"Image": "busybox", "Cmd": ["true"], "HostConfig": {"NetworkMode": "none"}}
ROWS = json.loads(Path(__file__).with_name("create_answers.json").read_text())


def merged(fragment: dict[str, Any]) -> bytes:
    body = copy.deepcopy(BASE)
    for key, value in fragment.items():
        current = body.get(key)
        body[key] = {**current, **value} if isinstance(current, dict) else value
    return json.dumps(body).encode()


def warnings_of(fragment: dict[str, Any]) -> list[str]:
    request = decode(CreateRequest, merged(fragment))
    prepared = prepare(
        request, FACTS, exists=lambda path: posixpath.normpath(path) in ("/tmp", "/usr", "/usr/lib")
    )
    done = complete(prepared, {})
    image_volumes(done.config, done.host_config, {point.destination for point in done.mounts})
    return done.warnings


@pytest.mark.parametrize(("fragment", "status", "answer"), ROWS, ids=lambda value: str(value)[:60])
def test_same_answer_as_dockerd(fragment: dict[str, Any], status: int, answer: Any) -> None:
    if status == 201:
        assert warnings_of(fragment) == answer
        return
    expected = NotFound if status == 404 else InvalidParameter
    with pytest.raises(expected) as error:
        warnings_of(fragment)
    assert str(error.value) == answer


def test_the_table_has_both_kinds() -> None:
    refused = [row for row in ROWS if row[1] >= 400]
    assert len(refused) >= 150 and len(ROWS) - len(refused) >= 100
