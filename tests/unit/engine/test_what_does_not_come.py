"""Builds and sessions that a client speaks of and that never begin: BuildKit's codes and words."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxship.engine.buildkit import builds, sessions
from boxship.engine.buildkit.builds import Builds
from boxship.engine.buildkit.sessions import Sessions
from boxship.wire.grpc.status import Code, GrpcError


def test_a_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "_PATIENCE", 0.0)
    engine: Any = SimpleNamespace(options=SimpleNamespace(data_root=tmp_path))

    async def main() -> None:
        found = Builds(engine, Sessions())
        for ask in (found.feed, found.get, found.told):
            with pytest.raises(GrpcError) as caught:
                await ask("none")
            status = caught.value.status
            assert (status.code, status.message) == (Code.NOT_FOUND, "no such job none")

    asyncio.run(main())


def test_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_PATIENCE", 0.0)

    async def main() -> None:
        with pytest.raises(GrpcError) as caught:
            await Sessions().get("none")
        assert caught.value.status.code == Code.DEADLINE_EXCEEDED
        message = "no active session for none: context deadline exceeded"
        assert caught.value.status.message == message

    asyncio.run(main())
