"""``--format``: a table, JSON lines, or a template for each row."""

from __future__ import annotations

from boxship.base.errors import InvalidParameter
from boxship.cli.output.columns import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any


class Listing:
    """What a listing command can show.

    ``columns``: name to function of the object; ``titles``: name to the table's head.
    ``kind`` is the type's name in error messages. ``wrong``: how those about templates that cannot
    be parsed or executed begin, which is not the same for all of Docker's listings.
    """

    __slots__ = ("columns", "kind", "titles", "wrong")

    def __init__(
        self,
        kind: str,
        columns: Mapping[str, Callable[..., object]],
        titles: Mapping[str, str],
        wrong: tuple[str, str] = ("template parsing error", "template parsing error"),
    ) -> None:
        self.kind = kind
        self.columns = columns
        self.titles = titles
        self.wrong = wrong

    def shown(self, source: str, items: Sequence[Any], names: Sequence[str], only: str = "") -> str:
        """As the format *source* says; without one, a line of the column *only* for each, or a
        table of the columns *names*."""
        if not is_plain_table(source):
            return self.formatted(source, items)
        if only:
            return "".join(f"{self.columns[only](item)}\n" for item in items)
        return self.table(names, items)

    def table(self, names: Sequence[str], items: Iterable[Any]) -> str:
        """The default table of these columns; no template is parsed for it."""
        functions = [self.columns[name] for name in names]
        lines = ["\t".join(self.titles[name] for name in names)]
        lines += ["\t".join(str(function(item)) for function in functions) for item in items]
        return "".join(f"{line}\n" for line in align(lines))

    def formatted(self, source: str, items: Iterable[Any]) -> str:
        """By a format that is neither empty nor plain ``table``."""
        from boxship.cli.template.template import Template
        from boxship.cli.template.values import Row

        rows = [Row(self.kind, self.columns, item) for item in items]
        is_table = source.startswith("table")
        text = _body(source)
        template = _parsed(Template, text, source, self.wrong[0])
        try:
            lines = [template.render(row) for row in rows]
            if not is_table:
                return "".join(f"{line}\n" for line in lines)
            titles = {name: _constant(title) for name, title in self.titles.items()}
            head = template.render_header(Row(self.kind, {"Label": _label_title, **titles}, None))
        except InvalidParameter as error:
            raise InvalidParameter(f"{self.wrong[1]}: {error}") from None
        return "".join(f"{line}\n" for line in align("\n".join([head, *lines]).split("\n")))


def _constant(title: str) -> Callable[..., object]:
    return lambda source: title


def _label_title(_source: object, name: str) -> str:
    """The last part of a label's name, as Docker heads its column."""
    return name.split(".")[-1].replace("-", " ").replace("_", " ")


def _body(source: str) -> str:
    """The template in *source*: the word ``table`` dropped, ``\\t`` and ``\\n`` made real."""
    if source == "json":
        return "{{json .}}"
    text = source.removeprefix("table").strip() if source.startswith("table") else source
    return text.replace("\\t", "\t").replace("\\n", "\n")


def _parsed(template: Callable[[str], Any], text: str, source: str, wrong: str) -> Any:
    try:
        return template(text)
    except InvalidParameter as error:
        # A line end in quotes is an error only once it is a real one.
        prefix = wrong if text == source else "template parsing error"
        raise InvalidParameter(f"{prefix}: {error}") from None


def is_plain_table(source: str) -> bool:
    return source.strip() in ("", "table")
