"""What a step does to the file system, as data: the solver carries it out, the cache keys by it."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """Where files come from. *kind*: ``context`` (with a *name*, another one), ``stage`` (*name*
    is its number), ``image`` (a reference), ``url`` (a file), ``web`` (a directory
    with such a file), ``git``, or ``nothing`` (an empty tree)."""

    kind: str
    name: str = ""
    checksum: str = ""
    keep_git: bool = False


CONTEXT = Origin("context")
NOTHING = Origin("nothing")


@dataclass(frozen=True, slots=True)
class Owner:
    """*chown* as the user wrote it, *chmod* likewise; empty leaves the default."""

    chown: str = ""
    chmod: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy *paths*, patterns, from *origin* to *target*, an absolute path that ends in ``/`` when
    a directory is meant. *unpack*: archives become trees (None: as ADD has it for local files).
    """

    origin: Origin
    paths: tuple[str, ...]
    target: str
    owner: Owner = Owner()
    parents: bool = False
    excludes: tuple[str, ...] = ()
    unpack: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True)
class Write:
    """Make a file of *content* called *name* in, or at, *target*."""

    name: str
    content: str
    target: str
    owner: Owner = Owner()


@dataclass(frozen=True, slots=True)
class MakeDirectory:
    """Make *path* and what is missing above it, the property of *user*."""

    path: str
    user: str = ""


Action = Copy | Write | MakeDirectory


@dataclass(frozen=True, slots=True)
class Files:
    """A layer made of *actions*. *link*: it does not look at what lies below."""

    actions: tuple[Action, ...]
    link: bool = False

    def origins(self) -> Iterator[Origin]:
        for action in self.actions:
            if isinstance(action, Copy):
                yield action.origin


@dataclass(frozen=True, slots=True)
class Mount:
    """``RUN --mount``. *kind*: bind, cache, tmpfs, secret or ssh; *options* as written, checked."""

    kind: str
    target: str
    origin: Origin = NOTHING
    source: str = ""
    options: dict[str, str] = field(default_factory=dict, hash=False)

    @property
    def read_only(self) -> bool:
        return self.options.get("readonly", "") == "true"


@dataclass(frozen=True, slots=True)
class Run:
    """A program in a container. *env* are NAME=value pairs, *hidden* those of them that neither
    cache nor history may know; *script*: content of the file that *argv* names. *volumes*: the
    directories whose changes are dropped, as they belong to containers."""

    argv: tuple[str, ...]
    env: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    user: str = ""
    directory: str = "/"
    mounts: tuple[Mount, ...] = ()
    network: str = "default"
    insecure: bool = False
    script: str = ""
    script_path: str = ""
    volumes: tuple[str, ...] = ()

    def origins(self) -> Iterator[Origin]:
        for mount in self.mounts:
            if mount.origin.kind != "nothing":
                yield mount.origin


Work = Files | Run
