"""A build's progress as lines, as a table, and what is said at its end."""

import base64
import os
import pty
import select
from collections.abc import Iterator
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.views.plain import Plain
from boxship.cli.builds.views.steps import printable
from boxship.cli.builds.views.table import Table
from boxship.cli.builds.views.view import View, view_of

_BEGAN = "2026-01-02T23:59:59.5Z"
_ENDED = "2026-01-03T00:00:01Z"


def _vertex(digest: str, **members: Any) -> dict[str, Any]:
    return {"digest": digest, "name": f"[{digest}] RUN x", **members}


def _log(digest: str, text: str) -> dict[str, Any]:
    data = base64.b64encode(text.encode()).decode()
    return {"vertex": digest, "stream": 1, "data": data, "timestamp": _ENDED}


_STORY: list[dict[str, Any]] = [
    {"vertexes": [_vertex("a", started=_BEGAN), _vertex("b")]},
    {"logs": [_log("a", "one\nhalf")]},
    {"vertexes": [_vertex("b", started=_BEGAN, completed=_BEGAN, cached=True)]},
    {"logs": [_log("a", " done\n\x1b[2Jthree")]},
    {
        "statuses": [
            {"id": "t", "vertex": "a", "name": "sending", "current": 2000, "completed": _BEGAN}
        ]
    },
    {"vertexes": [_vertex("a", started=_BEGAN, completed=_ENDED, error="it broke")]},
    {"warnings": [{"vertex": "a", "short": base64.b64encode(b"Rule: text").decode()}]},
]


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def _shown(view: View, descriptor: int) -> str:
    for status in _STORY:
        view.show(status)
        view.tick()
    view.end()
    data = b""
    while select.select([descriptor], [], [], 0)[0]:
        data += os.read(descriptor, 1 << 16)
    return data.decode()


def test_lines(pipe: tuple[int, int]) -> None:
    assert _shown(Plain(pipe[1]), pipe[0]).splitlines() == [
        "#1 [a] RUN x",
        "#1 1.500 one",
        "#1 half",
        "",
        "#2 [b] RUN x",
        "#2 CACHED",
        "",
        "#1 [a] RUN x",
        "#1 1.500  done",
        "#1 sending 2kB done",
        "#1 \x1b[2Jthree",
        "#1 ERROR: it broke",
        "------",
        " > [a] RUN x:",
        "one",
        "half done",
        "\x1b[2Jthree",
        "------",
        "",
        " 1 warning found (use boxship build --check to expand):",
        " - Rule: text",
    ]


def test_a_table() -> None:
    ours, theirs = pty.openpty()
    try:
        shown = _shown(Table(theirs), ours)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "(0/2)" in shown and "(1/2)" in shown
    last = shown[shown.rindex("[+] Building") :]
    assert "(2/2)" in last and "FINISHED" not in last
    assert "ERROR [a] RUN x" in last and "1.5s" in last and "CACHED [b] RUN x" in last
    # What programs say cannot move the cursor of the table.
    assert "\x1b[2J" not in shown[: shown.index("------")]


def test_what_terminals_act_upon_is_not_shown() -> None:
    assert printable("a\x1b[31m\tb\r\x07") == "a [31m   b  ".replace("[31m   ", "[31m  ")


@pytest.mark.parametrize("mode", ["", "plain", "rawjson", "quiet"])
def test_views_without_a_terminal(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILDKIT_PROGRESS", raising=False)
    assert not view_of(mode, terminal=False).is_moving


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUILDKIT_PROGRESS", "plain")
    assert isinstance(view_of("", terminal=True), Plain)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(view_of("auto", terminal=True), Table)
    with pytest.raises(InvalidParameter, match="invalid progress mode colourful"):
        view_of("colourful", terminal=True)
