"""What a Dockerfile offers, as BuildKit 0.13 tells of the same file."""

import json

from boxship.builder.dockerfile.lines import parse
from boxship.builder.outline import describe, outline, targets
from boxship.builder.plan import Plan, make_plan
from boxship.builder.stage import Arguments

SOURCE = """\
# syntax not
# VERSION which one
ARG VERSION=1
# wrong comment
ARG OTHER

# base the first stage
FROM busybox AS base
# A is an a
ARG A=x
ARG VERSION
RUN --mount=type=secret,id=s,required=true --mount=type=ssh --mount=type=secret,id=t echo $A

# final what comes out
FROM --platform=$BUILDPLATFORM base AS final
ARG B
RUN --mount=type=secret,id=z,target=/zz true
FROM final
CMD x
"""
TABLES = """\
BUILD ARG   VALUE   DESCRIPTION
VERSION     1       which one
A           3       is an a
B

SECRET   REQUIRED
s        true
t
z

SSH       REQUIRED
default

"""


def _text(answer: dict[str, bytes]) -> str:
    """Without the blanks that fill up columns."""
    return "".join(f"{line.rstrip()}\n" for line in answer["result.txt"].decode().splitlines())


def _plan(target: str = "") -> Plan:
    return make_plan(parse(SOURCE), Arguments({"A": "3"}), target)


def test_what_the_last_stage_takes() -> None:
    found = outline(_plan(), {})
    assert _text(found) == TABLES
    value = json.loads(found["result.json"])
    assert [row["location"]["ranges"][0]["start"]["line"] for row in value["args"]] == [3, 10, 16]
    assert value["secrets"][0]["required"] is True and "required" not in value["secrets"][1]


def test_a_target_by_name() -> None:
    assert (
        _text(outline(_plan("final"), {}))
        == "TARGET:      final\nDESCRIPTION: what comes out\n\n" + TABLES
    )


NESTED = """\
ARG V=latest
ARG U=unused
# G of all
ARG G=$W
ARG W=w
ARG Y=box
ARG X
ARG N=${X:-busy}$Y
FROM --platform=$BUILDPLATFORM $N:$V AS base
ARG A=1
ARG B
ARG G
ARG C=${A}x D=$B
FROM base AS second
ARG B=given
ARG TARGETARCH
ARG H=$G
FROM scratch
COPY --from=second / /
"""


def test_arguments_of_bases_and_those_of_the_last_stages_first() -> None:
    here = {"TARGETARCH": "amd64", "BUILDPLATFORM": "linux/amd64"}

    def rows(**given: str) -> dict[str, tuple[str, int]]:
        plan = make_plan(parse(NESTED), Arguments(given, {}, here))
        found = json.loads(outline(plan, {})["result.json"])["args"]
        lines = [row["location"]["ranges"][0]["start"]["line"] for row in found]
        assert lines == sorted(lines)
        return {
            row["name"]: (row.get("value", ""), line)
            for row, line in zip(found, lines, strict=True)
        }

    assert rows() == {
        "V": ("latest", 1),
        "G": ("", 4),
        "Y": ("box", 6),
        "N": ("busybox", 8),
        "A": ("1", 10),
        "C": ("1x", 13),
        "D": ("", 13),
        "B": ("given", 15),
        "H": ("", 17),
    }
    found = rows(G="g", N="n", B="b")
    assert found.keys() == {*"VGNACDBH"} and found["G"] == ("g", 12)


def test_all_targets() -> None:
    found = targets(_plan())
    assert found["result.txt"].decode() == (
        "TARGET    DESCRIPTION\nbase      the first stage\nfinal     what comes out\n(default) \n"
    )
    rows = json.loads(found["result.json"])["targets"]
    assert [row["base"] for row in rows] == ["busybox", "base", "final"]
    assert rows[1]["platform"] == "$BUILDPLATFORM" and rows[2]["default"] is True


def test_what_may_be_asked() -> None:
    assert b"targets" in describe()["result.txt"]
    names = [row["name"] for row in json.loads(describe()["result.json"])]
    assert names == [
        "frontend.outline", "frontend.targets", "frontend.lint", "frontend.subrequests.describe",
    ]  # fmt: skip
