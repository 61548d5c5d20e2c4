"""nftables through libnftables (libnftables(3)): one buffer of commands is one transaction."""

import ctypes
import functools
from typing import Any

from boxship.base.errors import Internal, NotSupported

_LIBRARY = "libnftables.so.1"


@functools.cache
def _library() -> Any:
    """Loaded at the first use: an engine without networks never needs it."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError:
        raise NotSupported(f"{_LIBRARY} is not installed (Debian: libnftables1)") from None
    library.nft_ctx_new.restype = ctypes.c_void_p
    library.nft_ctx_new.argtypes = [ctypes.c_uint32]
    library.nft_ctx_free.argtypes = [ctypes.c_void_p]
    library.nft_ctx_free.restype = None
    for name in ("nft_ctx_buffer_output", "nft_ctx_buffer_error"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
    for name in ("nft_ctx_get_output_buffer", "nft_ctx_get_error_buffer"):
        getattr(library, name).argtypes = [ctypes.c_void_p]
        getattr(library, name).restype = ctypes.c_char_p
    library.nft_run_cmd_from_buffer.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    return library


class Nft:
    """A handle on the rule set of the network namespace that the calling thread is in."""

    def __init__(self) -> None:
        """:class:`NotSupported` without the library."""
        self._library = _library()
        self._context = self._library.nft_ctx_new(0)
        if not self._context:
            raise Internal("nft_ctx_new failed")
        self._library.nft_ctx_buffer_output(self._context)
        self._library.nft_ctx_buffer_error(self._context)

    def run(self, commands: str) -> str:
        """Carry out all of *commands*, or none and raise :class:`Internal` with nft's reason."""
        failed = self._library.nft_run_cmd_from_buffer(self._context, commands.encode())
        output = self._library.nft_ctx_get_output_buffer(self._context) or b""
        errors = self._library.nft_ctx_get_error_buffer(self._context) or b""
        if failed:
            raise Internal(f"nftables: {errors.decode(errors='replace').strip()}")
        return str(output.decode(errors="replace"))

    def close(self) -> None:
        if self._context:
            self._library.nft_ctx_free(self._context)
            self._context = None
