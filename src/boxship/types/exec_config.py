"""Bodies of ``POST /containers/{id}/exec`` and ``POST /exec/{id}/start``."""

from boxship.types.model import Model, Size, Strings


class ExecConfig(Model):
    """A process to add to a running container. ``console_size``: rows, columns."""

    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: Size | None = None
    attach_stdin: bool = False
    attach_stderr: bool = False
    attach_stdout: bool = False
    detach: bool = False
    detach_keys: str = ""
    env: Strings = None
    working_dir: str = ""
    cmd: Strings = None


class ExecStart(Model):
    detach: bool = False
    tty: bool = False
    console_size: Size | None = None
