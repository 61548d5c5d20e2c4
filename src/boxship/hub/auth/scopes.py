"""Scopes of tokens: ``type:name:actions`` (Docker's token protocol, section Scope)."""

from collections.abc import Iterable
from dataclasses import dataclass

from boxship.hub.storage.records import Right
from boxship.oci.distribution.names import is_name

_MOST_SCOPES = 100
_NEEDS = {"pull": Right.PULL, "push": Right.PUSH, "delete": Right.DELETE, "*": Right.PULL}
_OFFERS = (("pull", Right.PULL), ("push", Right.PUSH), ("delete", Right.DELETE))
RIGHT_OF_ACTION = {"pull": Right.PULL, "push": Right.PUSH, "delete": Right.DELETE}


@dataclass(frozen=True, slots=True)
class Scope:
    """Actions on one repository."""

    name: str
    actions: tuple[str, ...]

    def within(self, right: Right) -> tuple[str, ...]:
        """The actions that *right* covers; ``*`` stands for all of them."""
        asked = {action for action in self.actions if action in _NEEDS}
        return tuple(
            action
            for action, needed in _OFFERS
            if needed <= right and (action in asked or "*" in asked)
        )


def parse(texts: Iterable[str]) -> list[Scope]:
    """The scopes about repositories in *texts*, each one or several; others are passed over."""
    found = []
    for text in (part for each in texts for part in each.split()):
        kind, _, rest = text.partition(":")
        name, _, actions = rest.rpartition(":")
        if kind.partition("(")[0] == "repository" and is_name(name):
            found.append(Scope(name, tuple(actions.split(","))))
    return found[:_MOST_SCOPES]
