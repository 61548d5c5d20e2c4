"""The kernel: its version, and the file systems that layers need."""

from __future__ import annotations

from boxship.cli.doctor.finding import broken, good, weak

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from boxship.cli.doctor.finding import Finding
    from boxship.cli.doctor.machine import Machine

# mount_setattr(2) came with 5.12.
OLDEST = (5, 12)
# EROFS mounts plain files from 6.12 on, overlayfs takes detached mounts as layers from 6.15 on.
FILE_BACKED = (6, 12)
LAYER_DESCRIPTORS = (6, 15)


def findings(machine: Machine) -> Iterator[Finding]:
    yield _version(machine)
    yield _erofs(machine)
    yield _overlay(machine)


def _version(machine: Machine) -> Finding:
    release = machine.kernel()
    if machine.kernel_at_least(*OLDEST):
        return good("version", release)
    return broken("version", release or "unknown", "install Linux 5.12 or later")


def _erofs(machine: Machine) -> Finding:
    if not machine.has_file_system("erofs"):
        return weak(
            "EROFS",
            "the kernel has none: layers are unpacked into directories",
            "install a kernel with CONFIG_EROFS_FS, or load the module: modprobe erofs",
        )
    if not machine.kernel_at_least(*FILE_BACKED):
        return weak(
            "EROFS",
            "layers are mounted through loop devices",
            "Linux 6.12 or later mounts them from plain files",
        )
    if "# CONFIG_EROFS_FS_BACKED_BY_FILE is not set" in _config(machine):
        return weak(
            "EROFS",
            "this kernel is built without file-backed mounts: layers need loop devices",
            "use a kernel with CONFIG_EROFS_FS_BACKED_BY_FILE=y",
        )
    return good("EROFS", "layers are mounted from plain files")


def _config(machine: Machine) -> str:
    text = machine.read(f"/boot/config-{machine.kernel()}")
    packed = machine.read_bytes("/proc/config.gz")
    if text or not packed:
        return text
    import gzip

    try:
        return gzip.decompress(packed).decode("utf-8", "replace")
    except (OSError, EOFError):
        return ""


def _overlay(machine: Machine) -> Finding:
    if not machine.has_file_system("overlay"):
        return broken("overlayfs", "the kernel has none", "install a kernel with CONFIG_OVERLAY_FS")
    if machine.kernel_at_least(*LAYER_DESCRIPTORS):
        return good("overlayfs", "layers are stacked by descriptor")
    return good("overlayfs", "layers are stacked by path")
