"""Programs that keep secrets: ``docker-credential-<name>``, JSON on their standard streams."""

from __future__ import annotations

from boxship.cli.errors import Failed

_MISSING = "credentials not found in native keychain"


class Helper:
    """The helper *name*; :class:`Failed` with its own words when it fails."""

    __slots__ = ("_program",)

    def __init__(self, name: str) -> None:
        self._program = f"docker-credential-{name}"

    def get(self, server: str) -> tuple[str, str] | None:
        """User and secret for *server*; None when there are none."""
        import json

        output = self._run("get", server, missing=True)
        if output is None:
            return None
        try:
            found = json.loads(output)
            return str(found["Username"]), str(found["Secret"])
        except (ValueError, KeyError, TypeError):
            raise Failed(f"error getting credentials: {self._program} printed no JSON") from None

    def store(self, server: str, user: str, secret: str) -> None:
        import json

        row = {"ServerURL": server, "Username": user, "Secret": secret}
        self._run("store", json.dumps(row))

    def erase(self, server: str) -> None:
        self._run("erase", server, missing=True)

    def _run(self, verb: str, text: str, missing: bool = False) -> str | None:
        import subprocess

        try:
            done = subprocess.run(
                [self._program, verb], input=text, capture_output=True, text=True, check=False
            )
        except OSError as error:
            raise Failed(
                f"error {_DOING[verb]} credentials - err: exec: {self._program!r}: "
                f"{error.strerror or error}"
            ) from None
        if done.returncode == 0:
            return done.stdout
        said = (done.stdout or done.stderr).strip()
        if missing and said == _MISSING:
            return None
        raise Failed(
            f"error {_DOING[verb]} credentials - err: exit status {done.returncode}, out: {said!r}"
        )


_DOING = {"get": "getting", "store": "storing", "erase": "erasing"}
