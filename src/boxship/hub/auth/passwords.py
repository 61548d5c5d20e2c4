"""Passwords, as argon2id hashes with the parameters of RFC 9106, section 4."""

import asyncio
import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2  # a verification costs 64 MiB
LONGEST = 1024


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@functools.cache
def _nobody() -> str:
    """What an unknown user's password is compared with, so that it takes as long."""
    return _hasher().hash("")


def hash_password(password: str) -> str:
    """Takes a twentieth of a second, on purpose."""
    return _hasher().hash(password)


class Passwords:
    """Verifies passwords off the event loop, few at once."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def fits(self, password: str, hashed: str | None) -> bool:
        """Whether *password* belongs to *hashed*; None, for nobody's, never fits."""
        if len(password) > LONGEST:
            return False
        async with self._places:
            return await asyncio.to_thread(_verify, password, hashed)


def _verify(password: str, hashed: str | None) -> bool:
    try:
        _hasher().verify(hashed or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return hashed is not None
