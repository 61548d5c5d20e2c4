"""Two images over one layer, and scenarios on a store of their own."""

import asyncio
import io
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from boxship.images.platform import host
from support.image_archives import Image, layer, oci_layout, sha
from support.image_store import Store, opened

HERE = host().architecture
OTHER = "s390x"
BASE, TOP = layer(bin_sh="#!", etc_passwd="root"), layer(etc_motd="hi")
ONE = Image([BASE], ["one:latest"], HERE)
TWO = Image([BASE, TOP], ["two:latest", "two:2"], HERE)
FOREIGN = Image([TOP], ["one:latest"], OTHER)
BOTH = oci_layout(FOREIGN, ONE, nested=True)
Scenario = Callable[[Store], Awaitable[None]]


def run(tmp_path: Path, scenario: Scenario) -> None:
    """Run *scenario* on a store below *tmp_path*, again on what an earlier one left."""

    async def main() -> None:
        async with opened(tmp_path) as store:
            await scenario(store)

    asyncio.run(main())


def put(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "archive"
    path.write_bytes(data)
    return path


def members(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened_:
        return {one.name: opened_.extractfile(one).read() for one in opened_ if one.isfile()}  # type: ignore[union-attr]


def diff(data: bytes) -> str:
    return f"sha256:{sha(data)}"
