"""What a layer's entries amount to: the tree that extraction would leave, and whiteouts."""

import pytest

from boxship.archive.entry import Entry, Kind
from boxship.archive.erofs.tree import Node, Tree
from boxship.archive.errors import TarError


def grown(*entries: Entry, layer: bool = True) -> Node:
    tree = Tree(layer=layer)
    for entry in entries:
        tree.add(entry)
    tree.finish()
    return tree.root


def at(root: Node, path: str) -> Node:
    node = root
    for part in path.encode().split(b"/"):
        assert node.children is not None
        node = node.children[part]
    return node


def names(node: Node) -> set[bytes]:
    assert node.children is not None
    return set(node.children)


def file(path: str, **fields: int) -> Entry:
    return Entry(path.encode(), Kind.FILE, **fields)


def folder(path: str, mode: int = 0o755) -> Entry:
    return Entry(path.encode(), Kind.DIR, mode)


def link(path: str, target: str) -> Entry:
    return Entry(path.encode(), Kind.SYMLINK, 0o777, link=target.encode())


def hard(path: str, target: str) -> Entry:
    return Entry(path.encode(), Kind.HARDLINK, link=target.encode())


def test_missing_parents_are_roots() -> None:
    root = grown(file("a/b/c", uid=7))
    for path in ("a", "a/b"):
        entry = at(root, path).entry
        assert (entry.kind, entry.mode, entry.uid, entry.gid) == (Kind.DIR, 0o755, 0, 0)
    assert at(root, "a").links == 3 and at(root, "a/b").links == 2


def test_directory_joins_directory_and_sets_its_attributes() -> None:
    root = grown(folder("d", 0o700), file("d/f"), folder("d", 0o711), folder(""))
    assert at(root, "d").entry.mode == 0o711 and names(at(root, "d")) == {b"f"}


@pytest.mark.parametrize("first", [folder("x"), file("x"), link("x", "y")])
@pytest.mark.parametrize("second", [file("x", uid=1), link("x", "z"), Entry(b"x", Kind.FIFO)])
def test_later_entry_replaces(first: Entry, second: Entry) -> None:
    root = grown(first, *([file("x/f")] if first.kind is Kind.DIR else []), second)
    assert at(root, "x").entry is second and at(root, "x").children is None


def test_directory_replaces_a_link_and_is_not_led_by_it() -> None:
    root = grown(folder("real"), link("x", "real"), folder("x"), file("x/f"))
    assert names(at(root, "real")) == set() and names(at(root, "x")) == {b"f"}


def test_parents_that_are_links_are_followed_within_the_tree() -> None:
    root = grown(
        folder("usr/lib"),
        link("lib", "usr/lib"),
        link("usr/abs", "/usr/../../../usr/lib/."),
        link("usr/chain", "../lib"),
        file("lib/a"),
        file("usr/abs/b"),
        file("usr/chain/new/c"),
    )
    assert names(at(root, "usr/lib")) == {b"a", b"b", b"new"}
    assert names(root) == {b"usr", b"lib"}


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([link("x", "/etc"), file("x/passwd")], "no such file"),
        ([link("x", "../../../../etc"), file("x/passwd")], "no such file"),
        ([link("x", "x"), file("x/f")], "too many levels"),
        ([link("x", "y"), link("y", "x"), file("x/f")], "too many levels"),
        ([file("x"), file("x/f")], "not a directory"),
        ([file("y"), link("x", "y/z"), file("x/f")], "not a directory"),
        ([hard("x", "missing")], "earlier in the archive"),
        ([hard("x", "missing/f")], "no such file"),
        ([hard("x", "y"), file("y")], "earlier in the archive"),
        ([folder("d"), hard("x", "d")], "is a directory"),
        ([Entry(b"x", Kind.SYMLINK)], "without a target"),
        ([Entry(b"", Kind.SYMLINK, link=b"/etc")], "root is not a directory"),
        ([file("n" * 256)], "too long"),
        ([file("/".join(["n"] * 2049))], "too long"),
        ([link("x", "t" * 4096)], "too long"),
        ([file("a/.wh...")], "invalid whiteout"),
    ],
)
def test_what_extraction_cannot_do_is_refused(entries: list[Entry], reason: str) -> None:
    with pytest.raises(TarError, match=reason):
        grown(*entries)


def test_hard_links_share_an_inode_that_outlives_its_first_name() -> None:
    root = grown(
        file("a"), hard("b", "a"), hard("d/c", "b"), hard("b", "b"), link("a", "elsewhere")
    )
    assert at(root, "b") is at(root, "d/c") and at(root, "b").links == 2
    assert at(root, "a").entry.kind is Kind.SYMLINK


def test_hard_link_to_a_link_does_not_follow_it() -> None:
    root = grown(file("a"), link("s", "a"), hard("h", "s"))
    assert at(root, "h") is at(root, "s")


def test_whiteouts_become_devices() -> None:
    root = grown(folder("d", 0o700), file("d/.wh.gone"), file(".wh.top"))
    for path in ("d/gone", "top"):
        entry = at(root, path).entry
        assert (entry.kind, entry.major, entry.minor) == (Kind.CHAR, 0, 0)
    assert names(at(root, "d")) == {b"gone"}


@pytest.mark.parametrize("whiteout_first", [True, False])
def test_whiteout_beside_its_name_is_about_lower_layers(whiteout_first: bool) -> None:
    pair = [file("d/.wh.x"), file("d/x")], [file("d/.wh.y"), folder("d/y"), file("d/y/f")]
    for entries in pair:
        root = grown(*(entries if whiteout_first else [*entries[1:], entries[0]]))
        assert names(at(root, "d")) == {entries[1].path[-1:]}
        assert at(root, "d/" + entries[1].path[-1:].decode()).opaque is (entries is pair[1])


def test_opaque_marks_their_directory() -> None:
    root = grown(folder("a"), file("a/.wh..wh..opq"), file("b/.wh..wh..opq"), file("b/f"))
    assert at(root, "a").opaque and at(root, "b").opaque and not root.opaque
    assert names(at(root, "b")) == {b"f"} and names(at(root, "a")) == set()
    assert grown(file(".wh..wh..opq")).opaque


def test_bookkeeping_of_aufs_is_left_out() -> None:
    root = grown(folder(".wh..wh.plnk"), file(".wh..wh.plnk/1.2"), file("a/.wh..wh.aufs"))
    assert names(root) <= {b"a"}


def test_outside_of_layers_names_are_just_names() -> None:
    root = grown(file(".wh.x"), file("a/.wh..wh..opq"), layer=False)
    assert names(root) == {b".wh.x", b"a"} and not at(root, "a").opaque
