"""The error of the codec."""

from boxship.base.errors import InvalidParameter


class TarError(InvalidParameter):
    """The archive is malformed, cut off or hostile. The message says where and what."""
