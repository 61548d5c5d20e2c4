"""What one connection may cost before its request reaches the engine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    head: int = 256 << 10
    """Request line and headers: 431 beyond."""
    head_time: float = 20.0
    """From the first byte of a request, or the connection, to the end of its headers."""
    idle_time: float = 600.0
    """Between two requests of a kept-alive connection."""
    body_time: float = 120.0
    """For a body that is read as a whole (JSON). Streams may take as long as they want."""
    linger_time: float = 2.0
    """For a client to read our answer and hang up, when we answer before the end of its body."""
    backlog: int = 256 << 10
    """Unread body, or requests pipelined behind the current one, before we stop reading."""
