"""``--secret`` and ``--ssh``: what steps may see and no image keeps."""

from __future__ import annotations

import base64
import os
import stat

from boxship.base.errors import InvalidParameter
from boxship.cli.builds.fields import read_fields
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.builds.handover import Handover

_MOST = 512 << 10
_DEFAULT_AGENT = "default"


def hand_over_secrets(handover: Handover, texts: list[str]) -> None:
    """:class:`InvalidParameter`, :class:`Failed`."""
    found = secrets_of(texts)
    handover.document["Secrets"] = {k: base64.b64encode(v).decode() for k, v in found.items()}


def secrets_of(texts: list[str]) -> dict[str, bytes]:
    """``id=NAME,src=FILE`` or ``id=NAME,env=VARIABLE``."""
    found = {}
    for text in texts:
        fields = read_fields(text)
        kind = fields.get("type", "file")
        name = fields.get("id", "")
        path = fields.get("src") or fields.get("source") or ""
        variable = fields.get("env") or (path if kind == "env" else "")
        if not name:
            raise InvalidParameter(f"invalid secret {text!r}: id is missing")
        if variable or (not path and name in os.environ):
            found[name] = os.environb.get(os.fsencode(variable or name), b"")
            continue
        found[name] = _read(path or name)
    return found


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as handle:
            data = handle.read(_MOST + 1)
    except OSError as error:
        raise Failed(f"failed to stat {path}: {str(error.strerror).lower()}") from None
    if len(data) > _MOST:
        raise Failed(f"invalid secret size {len(data)}: it may have {_MOST} bytes")
    return data


class Agents:
    """A context in which the agents of ``--ssh`` can be reached: ``id``, ``id=SOCKET`` or
    ``id=KEY,KEY``; for keys there is an ssh-agent(1) as long as this lasts."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._processes: list[int] = []
        self._directory = ""

    def __enter__(self) -> Agents:
        return self

    def __exit__(self, *_: object) -> None:
        import signal

        for pid in self._processes:
            os.kill(pid, signal.SIGTERM)
        if self._directory:
            import shutil

            shutil.rmtree(self._directory, ignore_errors=True)

    def hand_over(self, handover: Handover) -> None:
        """:class:`Failed` for an agent that is not there."""
        numbers = {}
        for text in self._texts:
            name, _, paths = text.partition("=")
            socket = self._socket(name or _DEFAULT_AGENT, [one for one in paths.split(",") if one])
            descriptor = os.open(socket, os.O_PATH | os.O_CLOEXEC)
            numbers[name or _DEFAULT_AGENT] = handover.add(descriptor)
        handover.document["Agents"] = numbers

    def _socket(self, name: str, paths: list[str]) -> str:
        if not paths:
            paths = [os.environ.get("SSH_AUTH_SOCK", "")]
            if not paths[0]:
                raise Failed("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set")
        try:
            are_sockets = [stat.S_ISSOCK(os.stat(path).st_mode) for path in paths]
        except OSError as error:
            reason = str(error.strerror).lower()
            raise Failed(f"failed to stat {error.filename}: {reason}") from None
        if not any(are_sockets):
            return self._agent(name, paths)
        if len(paths) > 1:
            raise Failed("only single socket allowed")
        return paths[0]

    def _agent(self, name: str, keys: list[str]) -> str:
        """The socket of a new agent that has the *keys*."""
        import subprocess
        import tempfile

        self._directory = self._directory or tempfile.mkdtemp(prefix="boxship-ssh-")
        socket = f"{self._directory}/{len(self._processes)}"
        try:
            said = subprocess.run(
                ["ssh-agent", "-s", "-a", socket], capture_output=True, text=True, check=True
            ).stdout
            pid = said.partition("SSH_AGENT_PID=")[2].partition(";")[0]
            self._processes.append(int(pid))
            environment = {**os.environ, "SSH_AUTH_SOCK": socket}
            added = subprocess.run(
                ["ssh-add", "-q", *keys], capture_output=True, text=True, env=environment
            )
        except (OSError, ValueError, subprocess.CalledProcessError) as error:
            raise Failed(f"failed to start an agent for {name}: {error}") from None
        if added.returncode:
            raise Failed(f"failed to parse {', '.join(keys)}: {added.stderr.strip()}")
        return socket
