"""Findings as the front end's request ``frontend.lint`` answers them."""

import base64
import json
from typing import Any

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.lint.rule import Finding
from boxship.builder.source_lines import shown_lines

VERSION = "1.0.0"
_LANGUAGE = "Dockerfile"


def place(first: int, last: int) -> dict[str, Any]:
    """A place in the file, as BuildKit writes it in JSON."""
    return {"ranges": [{"start": {"line": first}, "end": {"line": last}}]}


def lint_report(
    name: str, text: str, findings: list[Finding], error: DockerfileError | None = None
) -> dict[str, bytes]:
    """*error*: why the file *name* cannot be built at all."""
    result: dict[str, Any] = {
        "warnings": [
            {
                "ruleName": each.rule.name,
                "description": each.rule.description,
                "url": each.rule.url,
                "detail": each.message,
                "location": place(each.first, each.last),
            }
            for each in findings
        ]
        or None,
        "sources": [
            {
                "filename": name,
                "data": base64.b64encode(text.encode("utf-8", "surrogateescape")).decode(),
                "language": _LANGUAGE,
            }
        ],
    }
    if error is not None:
        result["buildError"] = {
            "message": str(error),
            "location": place(error.line, error.line) if error.line else {},
        }
    status = 1 if findings or error is not None else 0
    return {
        "result.json": json.dumps(result, indent=2, ensure_ascii=False).encode(),
        "result.txt": _text(name, text, findings, error).encode("utf-8", "surrogateescape"),
        "result.statuscode": str(status).encode(),
        "version": VERSION.encode(),
    }


def _text(name: str, text: str, findings: list[Finding], error: DockerfileError | None) -> str:
    pieces = [
        f"\nWARNING: {' - '.join(filter(None, (each.rule.name, each.rule.url)))}\n{each.message}\n"
        + shown_lines(name, text, each.first, each.last)
        for each in findings
    ]
    if error is not None:
        shown = shown_lines(name, text, error.line, error.line) if error.line else ""
        pieces.append(f"\nERROR: {error}\n{shown}")
    return "".join(pieces)
