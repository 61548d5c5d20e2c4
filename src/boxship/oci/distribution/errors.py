"""The protocol's error codes (distribution-spec, section Error Codes)."""

from typing import Any

from boxship.base.errors import BoxshipError

# Code → (status unless the case has one of its own, description).
CODES: dict[str, tuple[int, str]] = {
    "BLOB_UNKNOWN": (404, "blob unknown to registry"),
    "BLOB_UPLOAD_INVALID": (400, "blob upload invalid"),
    "BLOB_UPLOAD_UNKNOWN": (404, "blob upload unknown to registry"),
    "DIGEST_INVALID": (400, "provided digest did not match uploaded content"),
    "MANIFEST_BLOB_UNKNOWN": (404, "manifest references a manifest or blob unknown to registry"),
    "MANIFEST_INVALID": (400, "manifest invalid"),
    "MANIFEST_UNKNOWN": (404, "manifest unknown to registry"),
    "NAME_INVALID": (400, "invalid repository name"),
    "NAME_UNKNOWN": (404, "repository name not known to registry"),
    "SIZE_INVALID": (400, "provided length did not match content length"),
    "UNAUTHORIZED": (401, "authentication required"),
    "DENIED": (403, "requested access to the resource is denied"),
    "UNSUPPORTED": (405, "the operation is unsupported"),
    "TOOMANYREQUESTS": (429, "too many requests"),
}


class DistributionError(BoxshipError):
    """An answer in the protocol's own words; *status* and *headers* where the case has its own."""

    def __init__(
        self,
        code: str,
        message: str = "",
        *,
        status: int = 0,
        detail: Any = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        default, description = CODES[code]
        super().__init__(message or description)
        self.code = code
        self.status = status or default
        self.detail = detail
        self.headers = headers

    def document(self) -> dict[str, Any]:
        """The body of the answer."""
        entry: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.detail is not None:
            entry["detail"] = self.detail
        return {"errors": [entry]}
