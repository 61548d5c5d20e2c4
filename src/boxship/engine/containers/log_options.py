"""The log driver's options as the shim takes them."""

import json
import re
from collections.abc import Mapping
from typing import Any

from boxship.base.go_regexp import compile_regexp
from boxship.base.ids import SHORT_LENGTH
from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.sizes import parse_size

DEFAULT_MAX_SIZE = 20 * 1000 * 1000
DEFAULT_MAX_FILES = 3
# Each rotation renames every file, and each name is looked at.
MOST_FILES = 1000
_FIELD = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")


def log_spec(container: Container) -> dict[str, Any]:
    """Driver, path, size in bytes (0: no limit) and number of files.

    Unlike dockerd, which keeps one file without end, a log is rotated unless the user says so.
    """
    chosen = container.host_config.log_config
    options = chosen.config or {}
    size = options.get("max-size")
    limit = DEFAULT_MAX_SIZE if size is None else max(0, parse_size(size))
    files = int(options.get("max-file") or (DEFAULT_MAX_FILES if size is None else 1))
    driver = "none" if chosen.type == "none" else "json-file"
    return {
        "driver": driver,
        "path": container.log_path,
        "max_size": limit,
        "max_files": min(files, MOST_FILES),
        "attributes": _attributes(container, options),
    }


def _attributes(container: Container, options: Mapping[str, str]) -> str:
    """The labels and variables that the options choose, as a JSON object; empty if none."""
    variables = dict(each.partition("=")[::2] for each in container.config.env or ())
    chosen = {
        **_chosen(container.config.labels or {}, options, "labels"),
        **_chosen(variables, options, "env"),
    }
    if tag := options.get("tag"):
        chosen["tag"] = _tag(tag, container)
    return json.dumps(chosen, sort_keys=True, separators=(",", ":")) if chosen else ""


def _chosen(values: Mapping[str, str], options: Mapping[str, str], kind: str) -> dict[str, str]:
    names = {name.strip() for name in options.get(kind, "").split(",")}
    pattern = options.get(f"{kind}-regex")
    matches = compile_regexp(pattern) if pattern else None
    return {
        key: value
        for key, value in values.items()
        if key in names or (matches is not None and matches(key))
    }


def _tag(template: str, container: Container) -> str:
    """The tag with Docker's fields filled in; others stay as they stand."""
    fields = {
        "ID": container.id[:SHORT_LENGTH],
        "FullID": container.id,
        "Name": container.name,
        "ImageID": container.image_id.partition(":")[2][:SHORT_LENGTH],
        "ImageFullID": container.image_id,
        "ImageName": container.config.image,
        "DaemonName": "docker",
    }
    return _FIELD.sub(lambda match: fields.get(match[1], match[0]), template)
