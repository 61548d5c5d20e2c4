"""The pushing half of a :class:`support.fake_registry.FakeRegistry`."""

import hashlib
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from support.fake_registry import Asked, FakeRegistry, Reply

_BLOB = re.compile(r"/v2/(.+)/blobs/(sha256:[0-9a-f]{64})\Z")
_UPLOADS = re.compile(r"/v2/(.+)/blobs/uploads/\Z")
_UPLOAD = re.compile(r"/up/(\d+)\Z")
_MANIFEST = re.compile(r"/v2/(.+)/manifests/(.+)\Z")

Fault = Callable[[Asked], Reply | None]


class Uploads:
    """Takes what *registry* is sent, unless ``fault`` has another answer. ``blobs`` by repository
    and digest; ``manifests`` by repository and reference. Blobs are mounted if ``mounts``; where
    uploads go is ``elsewhere``, if there is such a place. ``sent`` counts the bytes of blobs."""

    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], bytes] = {}
        self.open: dict[str, bytearray] = {}
        self.fault: Fault = lambda asked: None
        self.mounts = True
        self.elsewhere = ""
        self.sent = 0
        self._number = 0
        registry.gate = self.answer
        registry.cut_off = self.take_part

    def take_part(self, asked: Asked) -> None:
        """A request that broke off in its body: what came counts."""
        found = _UPLOAD.match(asked.path)
        if found and found[1] in self.open:
            assert self._fits(found[1], asked)
            self._append(found[1], asked)

    def answer(self, asked: Asked) -> Reply | None:
        return self.fault(asked) or self._answer(asked)

    def _answer(self, asked: Asked) -> Reply | None:
        if found := _UPLOADS.match(asked.path):
            return self._begin(found[1], asked)
        if found := _UPLOAD.match(asked.path):
            return self._upload(found[1], asked)
        if (found := _BLOB.match(asked.path)) and asked.method == "HEAD":
            data = self.blobs.get((found[1], found[2]))
            return Reply(404) if data is None else Reply(body=data)
        if (found := _MANIFEST.match(asked.path)) and asked.method == "PUT":
            self.manifests[found[1], found[2]] = asked.body
            return Reply(201)
        return None

    def _begin(self, name: str, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        if "mount" in query and self.mounts:
            data = self.blobs.get((query["from"][0], query["mount"][0]))
            if data is not None:
                self.blobs[name, query["mount"][0]] = data
                return Reply(201)
        self._number += 1
        upload = str(self._number)
        self.open[upload] = bytearray()
        return Reply(202, {"Location": f"{self.elsewhere}/up/{upload}?name={name}"})

    def _upload(self, upload: str, asked: Asked) -> Reply:
        if upload not in self.open:
            return Reply(404)
        if asked.method == "PATCH":
            if not self._fits(upload, asked):
                return Reply(416)
            self._append(upload, asked)
        if asked.method == "PUT":
            return self._finish(upload, asked)
        if asked.method == "DELETE":
            del self.open[upload]
            return Reply(204)
        last = max(len(self.open[upload]) - 1, 0)
        return Reply(202, {"Location": asked.target, "Range": f"0-{last}"})

    def _fits(self, upload: str, asked: Asked) -> bool:
        start = asked.headers.get("content-range", "").partition("-")[0]
        return int(start or 0) == len(self.open[upload])

    def _append(self, upload: str, asked: Asked) -> None:
        self.open[upload] += asked.body
        self.sent += len(asked.body)

    def _finish(self, upload: str, asked: Asked) -> Reply:
        query = parse_qs(urlsplit(asked.target).query)
        self._append(upload, asked)
        data, digest = bytes(self.open.pop(upload)), query["digest"][0]
        if digest != "sha256:" + hashlib.sha256(data).hexdigest():
            fault = {"code": "DIGEST_INVALID", "message": "other content"}
            return Reply(400, body=json.dumps({"errors": [fault]}).encode())
        self.blobs[query["name"][0], digest] = data
        return Reply(201)
