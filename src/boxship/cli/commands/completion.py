"""``boxship completion``: the script that a shell loads."""

from __future__ import annotations

from boxship.cli.command import Command
from boxship.cli.errors import Failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from boxship.cli.app import App
    from boxship.cli.flags.arguments import Arguments


def _run(app: App, arguments: Arguments) -> int:
    from boxship.cli.completion.scripts import SCRIPTS

    shell = arguments.positional[0]
    if shell not in SCRIPTS:
        raise Failed(f"no completion for {shell!r}: choose {', '.join(sorted(SCRIPTS))}")
    app.print(SCRIPTS[shell], end="")
    return 0


COMMAND = Command(
    _run,
    "bash|fish|zsh",
    least=1,
    most=1,
    notes="For this shell:    source <(boxship completion bash)\n"
    "For every shell:   boxship completion bash > /etc/bash_completion.d/boxship\n"
    '                   boxship completion zsh > "${fpath[1]}/_boxship"\n'
    "                   boxship completion fish > ~/.config/fish/completions/boxship.fish",
)
