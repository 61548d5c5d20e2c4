"""What is wrong with a template, in the words of Go's package."""

from boxship.base.errors import InvalidParameter


class ParseError(InvalidParameter):
    """The template's text is malformed."""


class ExecutionError(InvalidParameter):
    """The template does not fit the data."""
