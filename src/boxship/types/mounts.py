"""Mounts as clients ask for them (Engine API, definition ``Mount``)."""

from boxship.types.model import Int64, Model, StringMap, Strings, Uint32


class BindOptions(Model):
    propagation: str = ""
    non_recursive: bool = False
    create_mountpoint: bool = False
    read_only_non_recursive: bool = False
    read_only_force_recursive: bool = False


class DriverConfig(Model):
    name: str = ""
    options: StringMap = None


class VolumeOptions(Model):
    no_copy: bool = False
    labels: StringMap = None
    subpath: str = ""
    driver_config: DriverConfig | None = None


class ImageOptions(Model):
    subpath: str = ""


class TmpfsOptions(Model):
    """*size_bytes* 0 is unlimited; *mode* holds permission bits; *options* are flags or pairs."""

    size_bytes: Int64 = 0
    mode: Uint32 = 0
    options: list[Strings] | None = None


class ClusterOptions(Model):
    """Cluster volumes take no options."""


class Mount(Model):
    """A mount request. ``type`` is bind, volume, tmpfs, image, npipe or cluster."""

    type: str = ""
    source: str = ""
    target: str = ""
    read_only: bool = False
    consistency: str = ""
    bind_options: BindOptions | None = None
    volume_options: VolumeOptions | None = None
    image_options: ImageOptions | None = None
    tmpfs_options: TmpfsOptions | None = None
    cluster_options: ClusterOptions | None = None
