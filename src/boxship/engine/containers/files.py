"""The files of a container on disk, in dockerd's layout, and the three that the engine writes."""

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boxship.base.inode_flags import spreading
from boxship.base.trees import remove_tree
from boxship.engine.containers import hosts, userns
from boxship.engine.containers.container import Container
from boxship.engine.containers.store import Live
from boxship.engine.networks import resolving

if TYPE_CHECKING:
    from boxship.engine.engine import Engine

_OWN_FILES = ("hostname", "hosts", "resolv.conf")


def make(engine: "Engine", container: Container, *, apart: bool = False) -> None:
    """The container's directory with empty upper and work directories.

    *apart* from those of others: ext4 does not give an inode away again for a minute after its file
    was deleted, and looks at each of them for every new file. Of many that are short
    of life and full of files each would pay for the one before.
    """
    directory = engine.options.container_directory(container.id)
    with spreading(os.path.dirname(directory)) if apart else contextlib.nullcontext():
        # The daemon's umask takes nothing from these.
        os.mkdir(directory, 0o710)
    os.mkdir(f"{directory}/upper", 0o755)
    os.mkdir(f"{directory}/work", 0o700)
    container.log_path = f"{directory}/{container.id}-json.log"
    container.hostname_path = f"{directory}/hostname"
    container.hosts_path = f"{directory}/hosts"
    container.resolv_conf_path = f"{directory}/resolv.conf"


def delete(engine: "Engine", container_id: str) -> None:
    """Remove the directory; first renamed, so that half of it is never taken for a container."""
    directory = engine.options.container_directory(container_id)
    doomed = f"{directory}-removing"
    try:
        os.rename(directory, doomed)
    except FileNotFoundError:
        return
    if not _remove_untouched(doomed, container_id):
        remove_tree(doomed)


def _remove_untouched(directory: str, container_id: str) -> bool:
    """Remove the directory of a container that wrote no file, as most do; False for others.

    Walking a tree takes ten times as long, and other requests wait for the interpreter meanwhile.
    """
    try:
        _remove_work(f"{directory}/work/work")
        os.rmdir(f"{directory}/work")
        os.rmdir(f"{directory}/upper")
        for name in (*_OWN_FILES, f"{container_id}-json.log"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{directory}/{name}")
        os.rmdir(directory)
    except OSError:
        return False
    return True


def _remove_work(directory: str) -> None:
    """What overlayfs works in, which is empty but for the marks of a volatile one."""
    try:
        os.rmdir(directory)
    except FileNotFoundError:
        return
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{directory}/incompat/volatile/dirty")
        os.rmdir(f"{directory}/incompat/volatile")
        os.rmdir(f"{directory}/incompat")
        os.rmdir(directory)


def rootfs(
    engine: "Engine", container: Container, above: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """The rootfs spec of the container: its image's layers, and what is *above* them, topmost
    first, under its own directory."""
    directory = engine.options.container_directory(container.id)
    layers = engine.images.rootfs_layers(container.image_id) if container.image_id else []
    skeleton = {"kind": "skeleton", "path": f"{engine.options.data_root}/skeletons"}
    return {
        "layers": [skeleton, *above, *layers],
        "upper": f"{directory}/upper",
        "work": f"{directory}/work",
        "volatile": False,
    }


def image_rootfs(engine: "Engine", image_id: str) -> dict[str, Any]:
    """The rootfs spec of an image alone, which nobody can write to."""
    layers = engine.images.rootfs_layers(image_id)
    return {"layers": layers, "upper": None, "work": None, "volatile": False}


def forget_volatile(engine: "Engine", container: Container) -> None:
    """overlayfs refuses an upper directory once it was volatile, unless its mark is removed."""
    remove_tree(f"{engine.options.container_directory(container.id)}/work/work/incompat")


def write(engine: "Engine", live: Live, hostname: str) -> None:
    """hostname, hosts and resolv.conf, anew at each start."""
    container = live.container
    _put(container.hostname_path, hostname + "\n")
    if container.host_config.network_mode.startswith("container:"):
        return
    _put(container.hosts_path, hosts.text(engine, container, hostname))
    known = live.network.resolv_conf if live.network else ""
    _put(container.resolv_conf_path, known or resolving.resolv_conf_text(engine, live))
    for path in (container.hostname_path, container.hosts_path, container.resolv_conf_path):
        userns.give(path, userns.root(engine, container))


def change_resolv_conf(engine: "Engine", live: Live) -> None:
    """Bring that of a running container up to date, unless the user has edited it."""
    assert live.network is not None
    path, before = live.container.resolv_conf_path, live.network.resolv_conf
    now = resolving.resolv_conf_text(engine, live)
    with contextlib.suppress(OSError):
        if now != before and Path(path).read_text(errors="surrogateescape") == before:
            _put(path, now)
            live.network.resolv_conf = now


def _put(path: str, text: str) -> None:
    """Rewrite in place: a running container has the very file mounted."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        os.write(fd, text.encode("utf-8", "surrogateescape"))
    finally:
        os.close(fd)
