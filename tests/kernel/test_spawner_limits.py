"""The spawner refuses a request beyond the limits of a message, and lives on."""

import asyncio
import os
from pathlib import Path

import pytest

from boxship.base.errors import Internal
from boxship.runtime.spawner import SpawnerProcess
from boxship.runtime.workers import Workers
from boxship.sandbox import messages
from support.requirements import require_root


def test_a_request_beyond_the_limit_harms_no_spawner(tmp_path: Path) -> None:
    require_root()
    (tmp_path / "f").write_bytes(b"12345")

    async def scenario() -> None:
        spawner = SpawnerProcess(tmp_path / "run")
        spawner.start()
        fd = os.open(tmp_path, os.O_PATH | os.O_DIRECTORY)
        memfd = os.memfd_create("message")
        os.truncate(memfd, messages.LIMIT + 1)
        try:
            workers, pid = Workers(spawner), spawner.pid
            with pytest.raises(Internal, match="of at most"):
                await workers.run("du", {"text": "x" * messages.LIMIT}, [fd])
            assert spawner._channel is not None
            messages._sendmsg(spawner._channel, b"m", [memfd])
            spawner._channel.send(b"j" * 100_000)
            assert (await workers.run("du", {}, [fd]))["size"] == 5
            assert spawner.pid == pid
        finally:
            spawner.close()
            os.close(fd)
            os.close(memfd)

    asyncio.run(scenario())
