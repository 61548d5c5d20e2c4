"""Commands that do one thing to each of several objects."""

from __future__ import annotations

from boxship.base.errors import BoxshipError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from boxship.cli.app import App
    from boxship.client.client import Client

PARALLEL = 16


class Harmless(BoxshipError):
    """Raised by an action: worth a message, not a failure."""


class Absent(BoxshipError):
    """Raised by an action: there was nothing to do, and there is nothing to say."""


def for_each(app: App, names: Sequence[str], act: Callable[[Client, str], object]) -> int:
    """Run *act* for all names, print each that succeeded and then the errors; the exit code.

    Stopping ten containers takes as long as the slowest: several names run side by side.
    """
    errors: list[BoxshipError] = []
    for name, error in _outcomes(app.client, names, act):
        if error is None:
            app.print(name)
        elif not isinstance(error, Absent):
            errors.append(error)
    for found in errors:
        app.warn(str(found))
    return int(any(not isinstance(found, Harmless) for found in errors))


def _outcomes(
    client: Client, names: Sequence[str], act: Callable[[Client, str], object]
) -> list[tuple[str, BoxshipError | None]]:
    if len(names) == 1:
        return [(names[0], _attempt(client, names[0], act))]
    from concurrent.futures import ThreadPoolExecutor

    # Clients are not for sharing between threads.
    assert client.version
    with ThreadPoolExecutor(min(PARALLEL, len(names))) as pool:
        errors = pool.map(lambda name: _attempt(client.fork(), name, act), names)
        return list(zip(names, errors, strict=True))


def _attempt(
    client: Client, name: str, act: Callable[[Client, str], object]
) -> BoxshipError | None:
    try:
        act(client, name)
    except BoxshipError as error:
        return error
    return None
