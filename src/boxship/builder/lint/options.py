"""``# check=skip=RULES;error=true;experimental=RULES``: which rules count, and how much."""

from collections.abc import Iterable
from dataclasses import dataclass

from boxship.base.errors import InvalidParameter
from boxship.builder.lint.rule import Rule

_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")
_ALL = "all"


@dataclass(frozen=True, slots=True)
class LintOptions:
    """*skip* and *experimental* are names of rules, or ``all``; *error*: findings end the build."""

    skip: tuple[str, ...] = ()
    experimental: tuple[str, ...] = ()
    error: bool = False

    def applies(self, rule: Rule) -> bool:
        if rule.experimental and not _names(self.experimental, rule):
            return False
        return not _names(self.skip, rule)

    def applies_to(self, rule: Rule, comments: Iterable[str]) -> bool:
        """Return whether *rule* counts for an instruction below *comments*: those may skip a rule
        or ask for an experimental one in addition. Of several ``check=`` the first counts; one
        that makes no sense is an ordinary comment, as with BuildKit."""
        text = next((text for text in map(check_in, comments) if text is not None), "")
        try:
            own = parse_options(text)
        except InvalidParameter:
            return self.applies(rule)
        if rule.experimental and not _names(self.experimental, rule):
            return own.applies(rule)
        return self.applies(rule) and not _names(own.skip, rule)


def check_in(comment: str) -> str | None:
    """Return the options of a comment ``check=OPTIONS …``, None for other comments. Words after
    the options explain them."""
    name, equals, value = comment.partition("=")
    if not equals or name.strip().lower() != "check":
        return None
    return value.strip().split(" ", 1)[0]


def parse_options(text: str) -> LintOptions:
    """:class:`InvalidParameter` in BuildKit's words for what is none."""
    values: dict[str, tuple[str, ...]] = {}
    error = False
    for part in text.split(";", 2) if text.strip() else ():
        name, equals, value = part.partition("=")
        name, value = name.strip(), value.strip()
        if not equals:
            raise InvalidParameter(f'invalid check option "{part}"')
        if name in ("skip", "experimental"):
            values[name] = tuple(word.strip() for word in value.split(","))
        elif name == "error":
            if value not in (*_TRUE, *_FALSE):
                raise InvalidParameter(
                    f'failed to parse check option "{part}": strconv.ParseBool: '
                    f'parsing "{value}": invalid syntax'
                )
            error = value in _TRUE
        else:
            raise InvalidParameter(f'invalid check option "{name}"')
    return LintOptions(values.get("skip", ()), values.get("experimental", ()), error)


def _names(words: tuple[str, ...], rule: Rule) -> bool:
    return rule.name in words or words == (_ALL,)
