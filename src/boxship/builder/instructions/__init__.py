"""Instructions, a file each with its parsing and its effect; ``TABLE`` has them by keyword."""

from collections.abc import Callable

from boxship.builder.dockerfile.errors import suggest
from boxship.builder.dockerfile.lines import Line
from boxship.builder.instructions.add import Add
from boxship.builder.instructions.arg import Arg
from boxship.builder.instructions.cmd import Cmd
from boxship.builder.instructions.copy import CopyInstruction
from boxship.builder.instructions.entrypoint import Entrypoint
from boxship.builder.instructions.env import Env
from boxship.builder.instructions.expose import Expose
from boxship.builder.instructions.from_ import From
from boxship.builder.instructions.healthcheck import Healthcheck
from boxship.builder.instructions.instruction import Instruction
from boxship.builder.instructions.label import Label
from boxship.builder.instructions.maintainer import Maintainer
from boxship.builder.instructions.onbuild import Onbuild
from boxship.builder.instructions.run import RunInstruction
from boxship.builder.instructions.shell import Shell
from boxship.builder.instructions.stopsignal import Stopsignal
from boxship.builder.instructions.user import User
from boxship.builder.instructions.volume import Volume
from boxship.builder.instructions.workdir import Workdir

TABLE: dict[str, Callable[[Line], Instruction]] = {
    "ADD": Add.parse,
    "ARG": Arg.parse,
    "CMD": Cmd.parse,
    "COPY": CopyInstruction.parse,
    "ENTRYPOINT": Entrypoint.parse,
    "ENV": Env.parse,
    "EXPOSE": Expose.parse,
    "FROM": From.parse,
    "HEALTHCHECK": Healthcheck.parse,
    "LABEL": Label.parse,
    "MAINTAINER": Maintainer.parse,
    "ONBUILD": Onbuild.parse,
    "RUN": RunInstruction.parse,
    "SHELL": Shell.parse,
    "STOPSIGNAL": Stopsignal.parse,
    "USER": User.parse,
    "VOLUME": Volume.parse,
    "WORKDIR": Workdir.parse,
}


def parse(line: Line) -> Instruction:
    """:class:`~boxship.builder.dockerfile.errors.DockerfileError` at the line when it is none."""
    known = TABLE.get(line.keyword)
    if known is None:
        hint = suggest(line.keyword, TABLE)
        word = line.text.split(None, 1)[0]
        raise line.fail(f"unknown instruction: {word}{hint}", word)
    return known(line)
