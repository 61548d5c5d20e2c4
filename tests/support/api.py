"""Requests to the Engine API as bytes and JSON, for tests that look at statuses and headers."""

import contextlib
import http.client
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

SECONDS = 30.0
SLEEP = ["sleep", "1000"]


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """The text of an error."""
        return str(self.json["message"])


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SECONDS)
        self.sock.connect(self._path)


class Api:
    """One engine by its socket; each request has a connection of its own."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        /,
        **query: object,
    ) -> Answer:
        """*body*: bytes go as they are, anything else as JSON; dicts in *query* as JSON."""
        return self.begin(method, path, body, headers, **query)()

    def begin(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        /,
        **query: object,
    ) -> Callable[[], Answer]:
        """Returns when the head of the answer is there; what it returns waits for the rest."""
        sent = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        values = {k: json.dumps(v) if isinstance(v, dict) else v for k, v in query.items()}
        target = f"{path}?{urlencode(values)}" if values else path
        connection = _Connection(self.path)
        try:
            connection.request(method, target, body, sent)
            response = connection.getresponse()
        except BaseException:
            connection.close()
            raise
        names = {name.lower(): value for name, value in response.getheaders()}

        def rest() -> Answer:
            with contextlib.closing(connection):
                return Answer(response.status, names, response.read())

        return rest

    def create(self, name: str = "", host: dict[str, Any] | None = None, **config: Any) -> str:
        """The id of a new container of busybox, without a network unless *host* says so."""
        body = {"Image": "busybox", "Cmd": SLEEP, **config}
        body["HostConfig"] = {"NetworkMode": "none", **(host or {})}
        answer = self("POST", "/containers/create", body, **({"name": name} if name else {}))
        assert answer.status == 201, answer
        return str(answer.json["Id"])

    def start(self, name: str) -> None:
        answer = self("POST", f"/containers/{name}/start")
        assert answer.status == 204, answer

    def run(self, name: str = "", host: dict[str, Any] | None = None, **config: Any) -> str:
        """Create and start."""
        identity = self.create(name, host, **config)
        self.start(identity)
        return identity

    def wait(self, name: str) -> int:
        """The exit code, once the container has ended."""
        return int(self("POST", f"/containers/{name}/wait").json["StatusCode"])

    def inspect(self, name: str) -> Any:
        answer = self("GET", f"/containers/{name}/json")
        assert answer.status == 200, answer
        return answer.json

    def status(self, name: str) -> str:
        return str(self.inspect(name)["State"]["Status"])

    def clean(self) -> None:
        """Remove every container and every volume."""
        for row in self("GET", "/containers/json", all=1).json:
            self("DELETE", f"/containers/{row['Id']}", force=1, v=1)
        for row in self("GET", "/volumes").json["Volumes"] or ():
            self("DELETE", f"/volumes/{row['Name']}", force=1)
