"""``--progress rawjson``: what the daemon tells, an object a line."""

from __future__ import annotations

from boxship.cli.builds.views.view import View
from boxship.cli.pump import write_all
from boxship.client.jsontext import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Raw(View):
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def show(self, status: dict[str, Any]) -> None:
        write_all(self._descriptor, (dumps(status) + "\n").encode())
