"""An image's configuration as a page shows it. It comes from whoever pushed: nothing is certain."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from boxship.hub.manifest import Descriptor

CONFIG_LIMIT = 4 << 20
# Rows of a page. Whoever pushes decides how many there are, and all who look would wait.
MOST = 500
_SHELL = "/bin/sh -c "
_NOP = "#(nop) "


class Entry(msgspec.Struct):
    """One line of history (OCI image-spec, config.md)."""

    created: str = ""
    created_by: str = ""
    comment: str = ""
    empty_layer: bool = False


class Run(msgspec.Struct, rename="pascal"):
    """What a container of the image begins with."""

    entrypoint: list[str] | None = None
    cmd: list[str] | None = None
    env: list[str] | None = None
    user: str = ""
    working_dir: str = ""
    labels: dict[str, str] | None = None


class Config(msgspec.Struct):
    architecture: str = ""
    os: str = ""
    variant: str = ""
    created: str = ""
    author: str = ""
    config: Run | None = None
    history: list[Entry] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction and the layer that it made, if it made one."""

    instruction: str
    created: str
    comment: str
    digest: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    steps: list[Step]
    config: Config = field(default_factory=Config)


_decoder = msgspec.json.Decoder(Config, strict=False)


def read_config(content: bytes) -> Config:
    """An empty configuration for what is none."""
    try:
        config = _decoder.decode(content)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return Config()
    config.history = (config.history or [])[:MOST]
    run = config.config
    if run is not None and run.labels:
        run.labels = dict(itertools.islice(run.labels.items(), MOST))
    return config


def tell(config: Config, layers: Sequence[Descriptor]) -> Story:
    """Match history and layers, first to last; whatever is left over is shown alone."""
    left = list(layers[:MOST])
    steps = []
    for entry in config.history or []:
        layer = left.pop(0) if left and not entry.empty_layer else None
        steps.append(_step(entry, layer))
    steps += [_step(Entry(), layer) for layer in left]
    return Story(steps, config)


def _step(entry: Entry, layer: Descriptor | None) -> Step:
    digest, size = (layer.digest, layer.size) if layer else ("", 0)
    return Step(instruction(entry.created_by), entry.created, entry.comment, digest, size)


def instruction(text: str) -> str:
    """As a Dockerfile writes it: builders record a shell's command, or a comment for a shell."""
    if not text.startswith(_SHELL):
        return text
    rest = text.removeprefix(_SHELL)
    return rest.removeprefix(_NOP).strip() if rest.startswith(_NOP) else f"RUN {rest}"
