"""The classic builder's text, whatever order the stages run in."""

from typing import Any

from boxship.builder.classic import Classic
from boxship.builder.dockerfile.lines import parse
from boxship.builder.plan import make_plan
from boxship.builder.stage import Arguments

SOURCE = "ARG X\nFROM a AS one\nRUN b\nFROM c AS two\nRUN d\nFROM one\nCOPY --from=two /e /e\n"


def _listener(quiet: bool = False) -> tuple[Classic, list[dict[str, Any]]]:
    sent: list[dict[str, Any]] = []
    return Classic(sent.append, make_plan(parse(SOURCE), Arguments()), quiet), sent


def _text(sent: list[dict[str, Any]]) -> str:
    return "".join(message.get("stream", "") for message in sent)


def test_stages_that_run_beside_each_other_are_told_of_in_order() -> None:
    listener, sent = _listener()
    listener.start()
    listener.begin(1, "FROM c AS two")
    listener.begin(0, "FROM a AS one")
    listener.begin(1, "RUN d")
    listener.say(1, "second\n")
    listener.leave(1)
    listener.begin(0, "RUN b")
    listener.say(0, "first\n")
    listener.leave(0)
    listener.begin(2, "FROM one")
    assert _text(sent).splitlines() == [
        "Step 1/7 : ARG X",
        "Step 2/7 : FROM a AS one",
        "Step 3/7 : RUN b",
        "first",
        "Step 4/7 : FROM c AS two",
        "Step 5/7 : RUN d",
        "second",
        "Step 6/7 : FROM one",
    ]


def test_a_failure_brings_out_what_was_held_back() -> None:
    listener, sent = _listener()
    listener.begin(1, "FROM c AS two")
    listener.say(1, "why it failed\n")
    assert "why it failed" not in _text(sent)
    listener.flush()
    assert "why it failed" in _text(sent)


def test_triggers_have_no_numbers() -> None:
    listener, sent = _listener()
    listener.begin(0, "FROM a AS one")
    listener.triggers(0, 2)
    listener.begin(0, "RUN x")
    listener.begin(0, "RUN y")
    listener.begin(0, "RUN b")
    assert _text(sent).splitlines()[1:] == [
        "# Executing 2 build triggers",
        "# Executing: RUN x",
        "# Executing: RUN y",
        "Step 3/7 : RUN b",
    ]


def test_quiet_is_quiet() -> None:
    listener, sent = _listener(quiet=True)
    listener.begin(0, "FROM a AS one")
    listener.say(0, "text")
    assert sent == []


def test_what_has_to_wait_does_not_pile_up() -> None:
    listener, sent = _listener()
    listener.begin(1, "FROM c AS two")
    for _ in range(40):
        listener.say(1, "x" * 65535 + "\n")
    listener.flush()
    assert len(_text(sent)) < 1 << 21 and _text(sent).count("[output clipped]") == 1
