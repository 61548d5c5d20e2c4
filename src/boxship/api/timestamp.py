"""Points in time in query parameters: ``seconds[.fraction]`` since the epoch."""

import re

from boxship.base.errors import InvalidParameter

_FORM = re.compile(r"(-?\d{1,11})(?:\.(\d{1,18}))?\Z")


def parse_timestamp(text: str) -> int | None:
    """Nanoseconds since the epoch, None when *text* is empty; :class:`InvalidParameter`."""
    if not text:
        return None
    match = _FORM.match(text)
    if match is None:
        raise InvalidParameter(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    seconds, fraction = match.groups()
    nanoseconds = int((fraction or "")[:9].ljust(9, "0"))
    return int(seconds) * 1_000_000_000 + nanoseconds
