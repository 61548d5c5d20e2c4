"""Names of servers in a volume's options, which the kernel cannot resolve."""

import socket

import pytest

from boxship.base.errors import InvalidParameter
from boxship.volumes.backing import Backing, with_address

HERE = socket.gethostbyname("localhost")


@pytest.mark.parametrize(
    ("kind", "device", "words", "resolved"),
    [
        ("nfs", ":/x", ("addr=localhost", "rw"), (":/x", (f"addr={HERE}", "rw"))),
        ("nfs4", ":/x", ("addr=::1",), (":/x", ("addr=::1",))),
        ("cifs", "//localhost/a/b c", ("user=me",), (f"//{HERE}/a/b c", ("user=me",))),
        ("cifs", "//10.0.0.1/a", ("user=me",), ("//10.0.0.1/a", ("user=me",))),
        ("cifs", "//localhost/a", ("addr=10.0.0.1",), (f"//{HERE}/a", ("addr=10.0.0.1",))),
        ("cifs", "//nosuch.invalid/a", ("addr=localhost",), None),
        ("cifs", "odd", (), ("odd", ())),
        ("tmpfs", "//localhost/a", ("addr=localhost",), ("//localhost/a", ("addr=localhost",))),
    ],
)
def test_names_are_resolved(
    kind: str,
    device: str,
    words: tuple[str, ...],
    resolved: tuple[str, tuple[str, ...]] | None,
) -> None:
    found = with_address(Backing(kind, device, words, "/v"))
    wanted = resolved or (device, (f"addr={HERE}",))
    assert (found.device, found.words) == wanted


@pytest.mark.parametrize(("kind", "device"), [("nfs", ":/x"), ("cifs", "//nosuch.invalid/x")])
def test_unknown_names(kind: str, device: str) -> None:
    words = ("addr=nosuch.invalid",) if kind == "nfs" else ()
    with pytest.raises(InvalidParameter, match="resolving passed in network volume address"):
        with_address(Backing(kind, device, words, "/v"))
