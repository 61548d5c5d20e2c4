"""The log driver's options as the shim takes them."""

from typing import Any

from boxship.engine.containers.container import Container
from boxship.engine.containers.validation.sizes import parse_size

DEFAULT_MAX_SIZE = 20 * 1000 * 1000
DEFAULT_MAX_FILES = 3


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
        "max_files": files,
    }
