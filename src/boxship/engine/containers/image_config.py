"""An image's configuration under a container's: what the user left out comes from the image."""

import copy
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from boxship.base.errors import InvalidParameter
from boxship.types.coerce import coerce
from boxship.types.container_config import ContainerConfig, HealthConfig

V = TypeVar("V")


def merge_image_config(config: ContainerConfig, image: Mapping[str, Any] | None) -> ContainerConfig:
    """*config* completed from *image*, the ``config`` object of an image (None: no image).

    Neither argument changes. ``OnBuild`` and ``Shell`` belong to builds and stay the user's.
    """
    merged = copy.copy(config)
    if image is not None:
        _fill(merged, msgspec.convert(coerce(dict(image), ContainerConfig), ContainerConfig))
    # An entry point of one empty string is how clients say: drop the image's.
    if merged.entrypoint == [""]:
        merged.entrypoint = None
    return merged


def command(config: ContainerConfig) -> tuple[str, list[str]]:
    """Program and arguments; :class:`InvalidParameter` when there is none."""
    words = [*(config.entrypoint or ()), *(config.cmd or ())]
    if not words:
        raise InvalidParameter("no command specified")
    return words[0], words[1:]


def _fill(config: ContainerConfig, image: ContainerConfig) -> None:
    config.user = config.user or image.user
    config.working_dir = config.working_dir or image.working_dir
    config.stop_signal = config.stop_signal or image.stop_signal
    config.exposed_ports = _union(config.exposed_ports, image.exposed_ports)
    config.volumes = _union(config.volumes, image.volumes)
    config.labels = {**(image.labels or {}), **(config.labels or {})}
    config.env = _merge_env(config.env, image.env)
    config.healthcheck = _merge_health(config.healthcheck, image.healthcheck)
    if not config.entrypoint:
        if not config.cmd:
            config.cmd, config.args_escaped = image.cmd, image.args_escaped
        if config.entrypoint is None:
            config.entrypoint = image.entrypoint


def _union(mine: dict[str, V] | None, theirs: dict[str, V] | None) -> dict[str, V] | None:
    return {**mine, **(theirs or {})} if mine else theirs


def _merge_env(mine: list[str] | None, theirs: list[str] | None) -> list[str] | None:
    if not mine:
        return theirs
    named = {variable.partition("=")[0] for variable in mine}
    return mine + [each for each in theirs or () if each.partition("=")[0] not in named]


def _merge_health(mine: HealthConfig | None, theirs: HealthConfig | None) -> HealthConfig | None:
    if mine is None or theirs is None:
        return mine or theirs
    filled = {
        name: getattr(mine, name) or getattr(theirs, name)
        for name in HealthConfig.__struct_fields__
    }
    return HealthConfig(**filled)
