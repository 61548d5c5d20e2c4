"""A client that builds without a session: nothing can be asked of it."""

from collections.abc import Mapping
from typing import NoReturn

from boxship.engine.buildkit.sessions import Session
from boxship.registry.credentials import ANONYMOUS, Credentials
from boxship.wire.grpc.status import Code, GrpcError


class NoSession(Session):
    """Stands for the session *name*, which is not there. *known*: credentials by registry that
    came with the request itself."""

    def __init__(self, name: str, known: Mapping[str, Credentials]) -> None:
        self._name = name
        self._known = known
        self._output = 0
        self.shared_key = self.owner = ""

    def offers(self, path: str) -> bool:
        return False

    def start(self, path: str, values: Mapping[str, list[str]] | None = None) -> NoReturn:
        what = f"no active session for {self._name}: context deadline exceeded"
        raise GrpcError(Code.DEADLINE_EXCEEDED, what)

    async def credentials(self, domain: str) -> Credentials:
        return self._known.get(domain, ANONYMOUS)

    async def secret(self, name: str) -> None:
        return None

    async def has_agent(self, name: str) -> bool:
        return False
