"""Errors as BuildKit tells them: a sentence, and the lines of the file that it is about."""

import base64
import json

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.lines import Line
from boxship.builder.machine import StepFailed
from boxship.wire.grpc.status import Code, Detail, GrpcError

_SOURCE = "github.com/moby/buildkit/errdefs.Source+json"
_VERTEX = "github.com/moby/buildkit/errdefs.Vertex+json"

# Clients get the whole file in a header, which has to have an end.
_LONGEST = 1 << 18


class BuildFailure(GrpcError):
    """A build that failed. *place*: the error, when it is about a line of the file; *explained*:
    the same for people, with the lines; *code*: the exit code of the program that failed, or 1."""

    def __init__(
        self,
        message: str,
        details: list[Detail],
        place: DockerfileError | None = None,
        explained: str = "",
        code: int = 1,
    ) -> None:
        super().__init__(Code.UNKNOWN, message, details)
        self.place = place
        self.explained = explained or message
        self.code = code


def sentence(error: Exception) -> str:
    if isinstance(error, StepFailed):
        command = json.dumps(error.command, ensure_ascii=False)
        return f"process {command} did not complete successfully: exit code: {error.code}"
    return str(error)


def source(name: str, text: str, first: int, last: int) -> Detail:
    """The lines *first* to *last* of the file *name*, for clients to show."""
    if len(text) > _LONGEST:
        text = ""
    value = {
        "info": {
            "filename": name,
            "data": base64.b64encode(text.encode("utf-8", "surrogateescape")).decode(),
            "language": "Dockerfile",
        },
        "ranges": [{"start": {"line": first}, "end": {"line": last}}],
    }
    return Detail(_SOURCE, json.dumps(value).encode())


def vertex(digest: str) -> Detail:
    return Detail(_VERTEX, json.dumps({"digest": digest}).encode())


def failure(
    error: Exception, name: str, text: str, line: Line | None = None, digest: str = ""
) -> BuildFailure:
    """*error* of a build of *text*; *line* is the step that failed, *digest* its vertex."""
    details = []
    place = error if isinstance(error, DockerfileError) else None
    if place is None and line is not None:
        place = DockerfileError(sentence(error), line.first, line.text.split("\n")[0])
    if isinstance(error, DockerfileError) and error.line and line is None:
        details.append(source(name, text, error.line, error.line))
    elif line is not None:
        details.append(source(name, text, line.first, line.last))
    if digest:
        details.append(vertex(digest))
    explained = place.explain(text, name) if place is not None else ""
    code = error.code if isinstance(error, StepFailed) else 1
    return BuildFailure(sentence(error), details, place, explained, code)
