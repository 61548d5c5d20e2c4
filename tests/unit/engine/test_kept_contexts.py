"""Directories of clients' contexts: nobody removes one that a build begins to use."""

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from boxship.base.trees import remove_tree
from boxship.engine.buildkit import contexts
from boxship.engine.buildkit.contexts import KeptContexts

_CLIENT: Any = SimpleNamespace(owner="unix:0", shared_key="key")


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_directory_that_is_being_removed_is_nobodys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_cancelled: bool
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(path: Path) -> int:
        begun.set()
        assert go.wait(20)
        return remove_tree(path)

    async def main() -> None:
        kept = KeptContexts(tmp_path / "kept")
        async with kept.held(_CLIENT, "context", tmp_path / "own") as place:
            (place / "file").write_text("1")
        monkeypatch.setattr(contexts, "remove_tree", slow)
        pruning = asyncio.ensure_future(kept.prune())
        assert await asyncio.to_thread(begun.wait, 20)
        if is_cancelled:
            pruning.cancel()
            await asyncio.gather(pruning, return_exceptions=True)
        async with kept.held(_CLIENT, "context", tmp_path / "own") as other:
            assert other == tmp_path / "own"
        go.set()
        if not is_cancelled:
            assert await pruning == 1
            async with kept.held(_CLIENT, "context", tmp_path / "own") as again:
                assert again == place and [*place.iterdir()] == []

    asyncio.run(main())
