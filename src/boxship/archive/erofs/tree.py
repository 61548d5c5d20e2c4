"""The tree that one archive describes, built in memory from its entries in order.

It ends up as extraction into an empty chroot would leave it, which is what dockerd does. An entry
replaces what has its name, except that a directory joins a directory. A parent that is a symbolic
link is followed, within the tree only: dangling ones, loops and parents that are files are
refused. Missing parents become root's directories of mode 0755. Hard links need an earlier target.

In a layer, whiteouts speak about the layers below only, wherever they stand in the archive (OCI
image spec): beside a file of the same name one means nothing, beside a directory it makes that
opaque.
"""

from boxship.archive import whiteout
from boxship.archive.entry import Entry, Kind
from boxship.archive.errors import TarError
from boxship.archive.paths import shown

MAX_PATH = 4095  # bytes; the kernel's PATH_MAX without its NUL
_MAX_NAME = 255
_MAX_LINKS = 40
_WHITEOUT = Entry(b"", Kind.CHAR, mode=0)


class Node:
    """An inode. A directory has ``children``, everything else None there.

    ``parent`` (directories only; the root is its own), ``links`` and ``number`` are set when the
    tree is finished, ``offset`` is the place in the image that the writer gives it.
    """

    __slots__ = ("children", "entry", "links", "number", "offset", "opaque", "parent", "whiteouts")

    def __init__(self, entry: Entry, children: "dict[bytes, Node] | None" = None) -> None:
        self.entry = entry
        self.children = children
        self.whiteouts: set[bytes] | None = None
        self.opaque = False
        self.parent = self
        self.links = 0
        self.number = 0
        self.offset = 0


class Tree:
    """Takes entries in archive order; ``root`` is the result."""

    def __init__(self, *, layer: bool) -> None:
        self.root = Node(Entry(b"", Kind.DIR, mode=0o755), {})
        self._layer = layer
        # Archives list a directory's files in a row.
        self._last_path = b""
        self._last = self.root

    def add(self, entry: Entry) -> None:
        path = entry.path
        _check(entry)
        if self._layer and whiteout.PREFIX in path and self._took_whiteout(path):
            return
        directory, _, name = path.rpartition(b"/")
        if not name:
            self._set_root(entry)
            return
        children = self._children(directory)
        old = children.get(name)
        if entry.kind is Kind.HARDLINK:
            node = self._target(entry)
        elif entry.kind is not Kind.DIR:
            node = Node(entry)
        elif old is None or old.children is None:
            node = Node(entry, {})
        else:
            old.entry = entry
            return
        if old is not None:
            self._last_path, self._last = b"", self.root
        children[name] = node

    def finish(self) -> list[Node]:
        """All inodes, each directory followed by its files; counts links, settles whiteouts."""
        order: list[Node] = []
        waiting = [self.root]
        while waiting:
            directory = waiting.pop()
            children = directory.children
            assert children is not None
            if directory.whiteouts:
                _settle(directory.whiteouts, children)
            directory.links = 2
            order.append(directory)
            for child in children.values():
                if child.children is not None:
                    directory.links += 1
                    child.parent = directory
                    waiting.append(child)
                else:
                    if not child.links:
                        order.append(child)
                    child.links += 1
        for number, node in enumerate(order, 1):
            node.number = number
        return order

    def _took_whiteout(self, path: bytes) -> bool:
        if whiteout.is_opaque(path):
            directory = self._directory(path.rpartition(b"/")[0])
            directory.opaque = True
            return True
        if any(part.startswith(whiteout.META_PREFIX) for part in path.split(b"/")):
            return True
        target = whiteout.target(path)
        if target is None:
            return False
        directory = self._directory(target.rpartition(b"/")[0])
        directory.whiteouts = directory.whiteouts or set()
        directory.whiteouts.add(target.rpartition(b"/")[2])
        return True

    def _set_root(self, entry: Entry) -> None:
        if entry.kind is not Kind.DIR:
            raise TarError("the archive's root is not a directory")
        self.root.entry = entry

    def _target(self, entry: Entry) -> Node:
        directory, _, name = entry.link.rpartition(b"/")
        node = self._children(directory, create=False).get(name)
        if node is None:
            raise TarError(
                f"hard link {shown(entry.path)}: no {shown(entry.link)} earlier in the archive"
            )
        if node.children is not None:
            raise TarError(f"hard link {shown(entry.path)}: {shown(entry.link)} is a directory")
        return node

    def _children(self, path: bytes, create: bool = True) -> dict[bytes, Node]:
        children = self._directory(path, create).children
        assert children is not None
        return children

    def _directory(self, path: bytes, create: bool = True) -> Node:
        if path != self._last_path:
            self._last = self._walk(path, create)
            self._last_path = path
        return self._last

    def _walk(self, path: bytes, create: bool) -> Node:
        stack = [self.root]
        todo = path.split(b"/")[::-1]
        hops, own = 0, len(todo)
        while todo:
            part = todo.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                stack = stack[:-1] or stack
                continue
            children = stack[-1].children
            assert children is not None
            child = children.get(part)
            if child is None:
                # What a symbolic link points to must be there already.
                if not create or len(todo) >= own:
                    raise TarError(f"{shown(path)}: no such file or directory in the archive")
                child = children[part] = _implied(part)
            elif child.children is None:
                hops += 1
                target = _link_target(child, path, hops)
                own = min(own, len(todo))
                stack = [self.root] if target[:1] == b"/" else stack
                todo += target.split(b"/")[::-1]
                continue
            stack.append(child)
        return stack[-1]


def _check(entry: Entry) -> None:
    path = entry.path
    if len(path) > MAX_PATH or len(entry.link) > MAX_PATH:
        raise TarError(f"{shown(path)}: file name too long")
    if len(path) > _MAX_NAME and max(map(len, path.split(b"/"))) > _MAX_NAME:
        raise TarError(f"{shown(path)}: file name too long")
    if entry.kind is Kind.SYMLINK and not entry.link:
        raise TarError(f"{shown(path)}: symbolic link without a target")


def _implied(name: bytes) -> Node:
    return Node(Entry(name, Kind.DIR, mode=0o755), {})


def _link_target(node: Node, path: bytes, hops: int) -> bytes:
    if node.entry.kind is not Kind.SYMLINK:
        raise TarError(f"{shown(path)}: not a directory")
    if hops > _MAX_LINKS:
        raise TarError(f"{shown(path)}: too many levels of symbolic links")
    return node.entry.link


def _settle(whiteouts: set[bytes], children: dict[bytes, Node]) -> None:
    for name in whiteouts:
        child = children.get(name)
        if child is None:
            children[name] = Node(_WHITEOUT)
        elif child.children is not None:
            child.opaque = True
