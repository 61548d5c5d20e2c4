"""``# check=skip=RULES;error=true;experimental=RULES``: which rules count, and how much."""

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
