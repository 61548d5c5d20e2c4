"""What a file offers: its targets, and what one of them takes. Pure."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.run import RunInstruction
from boxship.builder.lint.report import place
from boxship.builder.lint.variables import Noting
from boxship.builder.needs import begin
from boxship.builder.plan import Plan, PlannedStage
from boxship.builder.stage import Stage

VERSION = "1.0.0"
REQUESTS = {
    "outline": "List all parameters current build target supports",
    "targets": "List all targets current build supports",
    "lint": "Lint a Dockerfile",
    "subrequests.describe": "List available subrequest types",
}
Row = dict[str, Any]


def targets(plan: Plan) -> dict[str, bytes]:
    """The answer to ``frontend.targets``."""
    rows = [_target(stage, plan) for stage in plan.stages]
    shown = [["TARGET", "DESCRIPTION"]]
    for row in rows:
        name = row.get("name", "")
        if row.get("default"):
            name = f"{name} (default)" if name else "(default)"
        shown.append([name, row.get("description", "")])
    return _answer({"targets": rows, "sources": _sources(plan)}, _table(shown, 1))


def outline(plan: Plan, bases: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """The answer to ``frontend.outline``; *bases*: configurations of base images by name."""
    collected = {planned.number: _Collected(plan) for planned in plan.needed}
    before: dict[int, Stage] = {}
    for planned in plan.needed:
        before[planned.number] = stage = begin(plan, planned, before, bases)
        collected[planned.number].start(planned)
        try:
            for step in planned.steps:
                collected[planned.number].step(step, stage)
        except DockerfileError:
            continue  # a build would say so
    target = plan.stages[plan.target]
    found: Row = {}
    if target.start.name:
        found["name"] = target.start.name
    if _description(target.start.line, target.start.name):
        found["description"] = _description(target.start.line, target.start.name)
    merged: dict[str, dict[str, Row]] = {}
    for number in _visited(plan):
        for key, rows in collected[number].rows.items():
            merged[key] = {**rows, **merged.get(key, {})}
    for key, rows in merged.items():
        if rows:
            found[key] = sorted(rows.values(), key=_first_line)
    found["sources"] = _sources(plan)
    return _answer(found, _outline_text(found))


def describe() -> dict[str, bytes]:
    """The answer to ``frontend.subrequests.describe``."""
    rows = [
        {
            "name": f"frontend.{name}",
            "version": VERSION,
            "type": "rpc",
            "description": text,
            "opts": None,
            "metadata": [{"name": "result.json"}, {"name": "result.txt"}],
        }
        for name, text in REQUESTS.items()
    ]
    shown = [["NAME", "VERSION", "DESCRIPTION"]]
    shown += [[name, VERSION, text] for name, text in REQUESTS.items()]
    return _answer(rows, _table(shown, 1))


def _visited(plan: Plan) -> list[int]:
    """The stages that are needed: the target, then those that it is made on top of and with. What
    the first ones say counts."""
    order: dict[int, None] = {}
    todo = [plan.target]
    while todo:
        number = todo.pop()
        if number in order:
            continue
        order[number] = None
        stage = plan.stages[number]
        others = sorted(stage.needs - {stage.base}, reverse=True)
        todo += [*others, *([] if stage.base is None else [stage.base])]
    return [*order]


class _Collected:
    """What a stage takes, by name; the first place that says so counts."""

    def __init__(self, plan: Plan) -> None:
        self._globals = {name: step for step in plan.globals for name, _ in step.entries}
        self._defaults = {name: text for step in plan.globals for name, text in step.entries}
        self._plan = plan
        self.rows: dict[str, dict[str, Row]] = {"args": {}, "secrets": {}, "ssh": {}, "cache": {}}

    def start(self, planned: PlannedStage) -> None:
        """What the name and the platform of the base are made of."""
        start = planned.start
        self._used(_asked(start.base, start.line) | _asked(start.platform, start.line), start.line)

    def _used(self, names: Iterable[str], line: Line) -> None:
        """Those of *names* that have a value on *line*, before the first FROM or in one."""
        declared = self._plan.arguments.declared
        for name in names:
            step = self._globals.get(name)
            is_known = step is not None and step.line.first <= line.first
            if is_known and declared.get(name) is not None:
                self._global(name)

    def _global(self, name: str) -> None:
        """An argument from before the first FROM, and those that its default is made of."""
        step = self._globals.get(name)
        if step is None or name in self.rows["args"]:
            return
        self._arg(name, self._plan.arguments.declared.get(name), step.line)
        default = self._defaults[name]
        if default and name not in self._plan.arguments.given:
            self._used(_asked(default, step.line), step.line)

    def step(self, step: Any, stage: Stage) -> None:
        step.apply(stage)
        if isinstance(step, Arg):
            for name, default in step.entries:
                arguments = self._plan.arguments
                is_own = default is not None or name in arguments.given
                if not is_own and name in self._globals:
                    self._global(name)
                elif is_own or name not in arguments.platform:
                    self._arg(name, stage.args.get(name), step.line)
        elif isinstance(step, RunInstruction):
            for mount in step.parsed_mounts(stage):
                self._mount(mount.kind, mount.options, step.line)

    def _arg(self, name: str, value: str | None, line: Line) -> None:
        row = {"name": name, "description": _description(line, name), "value": value or ""}
        self._add("args", name, row, line)

    def _mount(self, kind: str, options: Mapping[str, str], line: Line) -> None:
        if kind in ("secret", "ssh"):
            is_required = options.get("required", "").lower() in ("true", "1")
            row = {"name": options["id"], "required": is_required}
            self._add("secrets" if kind == "secret" else "ssh", options["id"], row, line)

    def _add(self, key: str, name: str, row: Row, line: Line) -> None:
        kept = {k: v for k, v in row.items() if v}
        self.rows[key].setdefault(name, {**kept, "location": place(line.first, line.last)})


def _target(stage: PlannedStage, plan: Plan) -> Row:
    row = {
        "name": stage.start.name,
        "default": stage.number == len(plan.stages) - 1,
        "description": _description(stage.start.line, stage.start.name),
        "base": stage.start.base,
        "platform": stage.start.platform,
    }
    line = stage.start.line
    return {k: v for k, v in row.items() if v} | {"location": place(line.first, line.last)}


def _description(line: Line, name: str) -> str:
    """What the comment above *line* says of *name*."""
    starts = f"{name} "
    said = [text.removeprefix(starts) for text in line.comments if text.startswith(starts)]
    return said[-1].strip() if said and name else ""


def _asked(text: str, line: Line) -> set[str]:
    """The variables that *text* names."""
    noting = Noting((), set())
    try:
        Lexer(line.escape).word(text, noting)
    except DockerfileError:
        pass  # a build would say so
    return noting.asked


def _first_line(row: Row) -> int:
    return int(row["location"]["ranges"][0]["start"]["line"])


def _sources(plan: Plan) -> list[str]:
    return [base64.b64encode(plan.dockerfile.text.encode("utf-8", "surrogateescape")).decode()]


def _outline_text(found: Row) -> str:
    blocks = []
    if found.get("name") or found.get("description"):
        head = [["TARGET:", found.get("name", "(default)")]]
        if found.get("description"):
            head.append(["DESCRIPTION:", found["description"]])
        blocks.append(_table(head, 1))
    arguments = [
        [row["name"], row.get("value", ""), row.get("description", "")]
        for row in found.get("args", ())
    ]
    blocks.append(_block(["BUILD ARG", "VALUE", "DESCRIPTION"], arguments))
    for title, key in (("SECRET", "secrets"), ("SSH", "ssh")):
        rows = [[row["name"], "true" if row.get("required") else ""] for row in found.get(key, ())]
        blocks.append(_block([title, "REQUIRED"], rows))
    return "".join(f"{block}\n" for block in blocks if block)


def _block(head: list[str], rows: list[list[str]]) -> str:
    return _table([head, *rows], 3) if rows else ""


def _table(rows: Iterable[list[str]], gap: int) -> str:
    """Columns that are *gap* apart; the last one is not filled up."""
    rows = [*rows]
    widths = [max(len(cell) for cell in column) + gap for column in zip(*rows, strict=True)]
    lines = [
        "".join(cell.ljust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True))
        + row[-1]
        for row in rows
    ]
    return "".join(f"{line}\n" for line in lines)


def _answer(value: Any, text: str) -> dict[str, bytes]:
    return {
        "result.json": json.dumps(value, indent=2, ensure_ascii=False).encode(),
        "result.txt": text.encode("utf-8", "surrogateescape"),
        "version": VERSION.encode(),
    }
