"""POST /build?version=2: builds by BuildKit for clients that do not speak its protocol."""

import asyncio
import base64
import io
import json
import secrets
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boxship.builder.buildkit import session as messages
from boxship.builder.buildkit.control import StatusResponse
from boxship.wire.grpc.server import Call
from support.api import Answer, Api
from support.buildkit_session import send_files, session
from support.debian_registry import Registry, registry
from support.engines import Engine

_TRACE, _IMAGE = "moby.buildkit.trace", "moby.image.id"


@pytest.fixture(params=["boxship_daemon", "dockerd"])
def either(request: pytest.FixtureRequest) -> Iterator[Api]:
    """Boxship and dockerd, which have to agree."""
    engine: Engine = request.getfixturevalue(request.param)
    api = Api(str(engine.socket))
    yield api
    api.clean()


@pytest.fixture
def private(boxship_daemon: Engine, tmp_path: Path) -> Iterator[Registry]:
    with registry(boxship_daemon.pid, tmp_path, password=True, port=5043) as found:
        yield found


def _tar(**files: str) -> bytes:
    """An archive; ``_dot_`` in a name stands for a dot."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("_dot_", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()


def _post(api: Api, body: bytes, **query: object) -> Answer:
    return api("POST", "/build", body, {"Content-Type": "application/x-tar"}, version=2, **query)


def _lines(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer
    return [json.loads(line) for line in answer.body.splitlines()]


def _statuses(answer: Answer) -> list[StatusResponse]:
    rows = [row for row in _lines(answer) if row.get("id") == _TRACE]
    return [StatusResponse.decode(base64.b64decode(row["aux"])) for row in rows]


def _output(answer: Answer) -> str:
    return b"".join(log.msg for told in _statuses(answer) for log in told.logs).decode()


def _steps(answer: Answer) -> set[str]:
    return {vertex.name for told in _statuses(answer) for vertex in told.vertexes}


def _image(answer: Answer) -> str:
    (image,) = [row["aux"]["ID"] for row in _lines(answer) if row.get("id") == _IMAGE]
    assert isinstance(image, str)
    return image


def test_a_context_in_the_body_is_built_and_named(either: Api) -> None:
    dockerfile = f"FROM busybox\nCOPY . /c\nRUN cat /c/a /c/.dockerignore #{secrets.token_hex(4)}\n"
    body = _tar(Dockerfile=dockerfile, a="content-a\n", _dot_dockerignore="a\n")
    answer = _post(either, body, t="posted/it:1", labels={"one": "two"}, buildargs={"x": None})
    assert _output(answer) == "content-a\na\n"
    assert {"[2/3] COPY . /c", "exporting to image"} <= _steps(answer)
    image = either("GET", "/images/posted/it:1/json").json
    assert image["Id"] == _image(answer)
    assert image["Config"]["Labels"] == {"one": "two"}
    either("DELETE", "/images/posted/it:1")


def test_a_dockerfile_alone_in_the_body_is_built(either: Api) -> None:
    dockerfile = f"FROM busybox\nARG word\nRUN echo said-$word #{secrets.token_hex(4)}\n"
    answer = _post(either, dockerfile.encode(), buildargs={"word": "it"})
    assert _output(answer) == "said-it\n"
    either("DELETE", f"/images/{_image(answer)}")


def test_a_quiet_build_tells_of_its_image_alone(either: Api) -> None:
    rows = _lines(_post(either, _tar(Dockerfile="FROM busybox\nENV quiet=1\n"), q=1))
    (row,) = rows
    image = row["stream"].strip()
    assert either("GET", f"/images/{image}/json").json["Id"] == image
    either("DELETE", f"/images/{image}")


@pytest.mark.parametrize("quiet", ["0", "1"])
def test_a_build_that_fails_says_so_after_its_steps(either: Api, quiet: str) -> None:
    dockerfile = f"FROM busybox\nRUN echo before; exit 3 #{secrets.token_hex(4)}\n"
    answer = _post(either, _tar(Dockerfile=dockerfile), q=quiet)
    assert _output(answer) == "before\n"
    last = _lines(answer)[-1]
    assert last["error"].endswith("did not complete successfully: exit code: 3")
    assert last["errorDetail"] == {"message": last["error"]}


@pytest.mark.parametrize(
    ("body", "query", "reason"),
    [
        (_tar(Dockerfile="FROM busybox\nRUX x\n"), {}, "unknown instruction: RUX"),
        (_tar(a=""), {"dockerfile": "no"}, "failed to read dockerfile: open no: no such file"),
        (_tar(Dockerfile=""), {}, "the Dockerfile cannot be empty"),
    ],
)
def test_a_definition_that_cannot_be_built_is_told_of_in_the_stream(
    either: Api, body: bytes, query: dict[str, object], reason: str
) -> None:
    assert reason in _lines(_post(either, body, **query))[-1]["error"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"networkmode": "bridge"}, 'network mode "bridge" not supported by buildkit'),
        ({"outputs": '[{"Type":"moby"},{"Type":"tar"}]'}, "multiple outputs not supported"),
        ({"t": "Upper/Case"}, "must be lowercase"),
        ({"platform": "a/b/c/d"}, "cannot parse platform specifier"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    either: Api, query: dict[str, object], reason: str
) -> None:
    answer = _post(either, _tar(Dockerfile="FROM busybox\n"), **query)
    assert answer.status in (400, 500) and reason in answer.message


def test_another_version_of_the_builder_is_refused(either: Api) -> None:
    answer = either("POST", "/build", b"", version=3)
    assert (answer.status, answer.message) == (400, 'invalid version "3"')


def _over_a_session(
    api: Api, use: Callable[[str], Answer], files: dict[str, bytes], announced: bool = True
) -> Answer:
    """What *use* gets, which is told the name of a session that has *files* and credentials."""

    async def sync(call: Call) -> None:
        is_definition = call.metadata["dir-name"] == "dockerfile"
        names = [name for name in files if (name == "Dockerfile") == is_definition]
        if call.metadata.get("followpaths") == ".dockerignore":
            names = []
        await send_files(call, {name: files[name] for name in names})

    async def credentials(call: Call) -> None:
        await call.receive(messages.CredentialsRequest)
        await call.send(messages.CredentialsResponse("me", "secret"))

    async def main() -> Answer:
        more = {messages.CREDENTIALS: credentials}
        async with session(api.path, sync, more, announced=announced) as name:
            return await asyncio.to_thread(use, name)

    return asyncio.run(main())


def test_a_context_at_the_clients_session_is_built(either: Api) -> None:
    mark = secrets.token_hex(4)
    files = {"Dockerfile": b"FROM busybox\nCOPY a /a\nRUN cat /a\n", "a": mark.encode()}
    answer = _over_a_session(
        either, lambda name: _post(either, b"", session=name, remote="client-session"), files
    )
    assert _output(answer).strip() == mark
    either("DELETE", f"/images/{_image(answer)}")


def test_a_client_without_the_files_of_its_context_is_told(api: Api) -> None:
    row = _lines(_post(api, b"", remote="client-session"))[-1]
    assert row["error"] == "no active session for : context deadline exceeded"


def test_a_session_that_announces_no_methods_is_asked_for_credentials(
    boxship_daemon: Engine, api: Api, private: Registry
) -> None:
    name = f"{private.host}/posted/private:1"
    body = _tar(Dockerfile="FROM busybox\nENV private=1\n")
    outputs = json.dumps([{"Type": "image", "Attrs": {"name": name, "push": "true"}}])
    refused = _post(api, body, outputs=outputs)
    assert "no basic auth credentials" in _lines(refused)[-1]["error"]
    pushed = _over_a_session(
        api, lambda it: _post(api, body, outputs=outputs, session=it), {}, announced=False
    )
    assert _image(pushed)
    boxship_daemon.docker("rmi", "-f", name)
    tags = json.loads(private.curl("/v2/posted/private/tags/list", "-u", "me:secret"))
    assert tags["tags"] == ["1"]


def test_a_context_comes_with_a_request_of_its_own(either: Api) -> None:
    build_id, answers = secrets.token_hex(8), list[Answer]()

    def build() -> None:
        answers.append(_post(either, b"", buildid=build_id, remote="upload-request"))

    thread = threading.Thread(target=build)
    thread.start()
    body = _tar(Dockerfile=f"FROM busybox\nRUN echo later #{build_id}\n")
    brought = _post(either, body, buildid=f"upload-request:{build_id}")
    thread.join(60)
    assert brought.status == 200
    assert _output(answers[0]) == "later\n"
    either("DELETE", f"/images/{_image(answers[0])}")


def test_a_build_is_cancelled_by_its_id(either: Api) -> None:
    build_id = secrets.token_hex(8)
    body = _tar(Dockerfile=f"FROM busybox\nRUN echo up && sleep 600 #{build_id}\n")
    query = f"version=2&buildid={build_id}"
    finish = either.begin("POST", f"/build?{query}", body)
    cancelled = threading.Event()

    def cancel() -> None:
        while not cancelled.wait(0.2):
            either("POST", "/build/cancel", None, id=build_id)

    thread = threading.Thread(target=cancel)
    thread.start()
    try:
        answer = finish()
    finally:
        cancelled.set()
        thread.join()
    assert "context canceled" in _lines(answer)[-1]["error"]
