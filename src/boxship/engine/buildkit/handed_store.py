"""A store of blobs in a directory that a client of this machine has handed over."""

import asyncio
import contextlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator
from functools import partial
from io import FileIO
from pathlib import Path

from boxship.base.digests import is_digest, sha256
from boxship.oci.layout import Descriptor
from boxship.wire.grpc.status import Code, GrpcError

_PIECE = 1 << 20
_MOST_DOCUMENT = 8 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class HandedStore:
    """Blobs below the directory *fd*, the caller's, in the layout of OCI (image-layout.md).

    No link in it is followed; what is made belongs to *owner*, a user and a group. Methods raise
    GrpcError, as those of the stores of other clients do.
    """

    def __init__(self, fd: int, owner: tuple[int, int]) -> None:
        self._fd = fd
        self._owner = owner

    async def has(self, digest: str) -> bool:
        try:
            (await asyncio.to_thread(self._open, digest)).close()
        except GrpcError:
            return False
        return True

    async def read(self, blob: Descriptor) -> AsyncIterator[bytes]:
        """The bytes of *blob*, as many as it has; whether they are right is for others to check."""
        with await asyncio.to_thread(self._open, blob.digest) as file:
            if os.fstat(file.fileno()).st_size != blob.size:
                raise GrpcError(Code.UNKNOWN, f"{blob.digest} has another size than announced")
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece

    async def document(self, digest: str) -> bytes:
        """A small blob, verified."""
        with await asyncio.to_thread(self._open, digest) as file:
            data = await asyncio.to_thread(file.read, _MOST_DOCUMENT + 1)
        if len(data) > _MOST_DOCUMENT:
            raise GrpcError(Code.UNKNOWN, f"{digest} exceeds {_MOST_DOCUMENT} bytes")
        if digest != sha256(data):
            raise GrpcError(Code.UNKNOWN, f"{digest} has another content")
        return data

    async def put(self, digest: str, data: bytes) -> None:
        await asyncio.to_thread(self._write, digest, iter((data,)))

    async def put_file(self, blob: Descriptor, path: Path) -> None:
        with await asyncio.to_thread(open, path, "rb", 0) as file:
            await asyncio.to_thread(self._write, blob.digest, iter(partial(file.read, _PIECE), b""))

    def _directory(self, digest: str, *, make: bool) -> int:
        if not is_digest(digest):
            raise GrpcError(Code.UNKNOWN, f"invalid digest {digest}")
        fd = os.dup(self._fd)
        for name in ("blobs", digest.partition(":")[0]):
            try:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, 0o755, dir_fd=fd)
                        os.chown(name, *self._owner, dir_fd=fd, follow_symlinks=False)
                following = os.open(name, _DIRECTORY, dir_fd=fd)
            finally:
                os.close(fd)
            fd = following
        return fd

    def _open(self, digest: str) -> FileIO:
        try:
            directory = self._directory(digest, make=False)
            try:
                fd = os.open(digest.partition(":")[2], _READ, dir_fd=directory)
            finally:
                os.close(directory)
        except OSError as error:
            reason = (error.strerror or "").lower()
            raise GrpcError(Code.NOT_FOUND, f"content {digest}: {reason}") from None
        if stat.S_ISREG(os.fstat(fd).st_mode):
            return FileIO(fd)
        os.close(fd)
        raise GrpcError(Code.NOT_FOUND, f"content {digest}: not a file")

    def _write(self, digest: str, pieces: Iterator[bytes]) -> None:
        try:
            directory = self._directory(digest, make=True)
            try:
                self._write_into(directory, digest.partition(":")[2], pieces)
            finally:
                os.close(directory)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise GrpcError(Code.UNKNOWN, f"failed to write {digest}: {reason}") from None

    def _write_into(self, directory: int, name: str, pieces: Iterator[bytes]) -> None:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
                return
        fresh = f".{secrets.token_hex(8)}"
        with open(os.open(fresh, _NEW, 0o644, dir_fd=directory), "wb") as file:
            try:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fchown(file.fileno(), *self._owner)
                os.rename(fresh, name, src_dir_fd=directory, dst_dir_fd=directory)
            except BaseException:
                os.unlink(fresh, dir_fd=directory)
                raise
