"""ELF files and ldconfig's cache, hand-made and of this host."""

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.capture import elf, ldcache
from support import elves
from support.elves import ld_cache as cache

SAMPLE = elves.elf(["liba.so.1", "libb.so"], interpreter="/lib/ld.so", runpath="/x:$ORIGIN/../lib")


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_everything_a_loader_reads(wide: bool, order: str) -> None:
    data = elves.elf(
        ["liba.so.1", "libb.so"],
        interpreter="/lib/ld.so",
        rpath="/r",
        runpath="/x:$ORIGIN/../lib",
        machine=elves.AARCH64,
        wide=wide,
        order=order,
    )
    found = elf.read(io.BytesIO(data))
    assert found == elf.Elf(
        (2 if wide else 1, elves.AARCH64),
        "/lib/ld.so",
        ("liba.so.1", "libb.so"),
        ("/r",),
        ("/x", "$ORIGIN/../lib"),
    )


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"#!/bin/sh\n" + bytes(100), bytes(100)])
def test_other_files(data: bytes) -> None:
    assert elf.read(io.BytesIO(data)) is None


@given(st.integers(0, len(SAMPLE) - 1), st.binary(min_size=1, max_size=8))
def test_damage_is_no_crash(at: int, noise: bytes) -> None:
    elf.read(io.BytesIO(SAMPLE[:at] + noise + SAMPLE[at + len(noise) :]))
    elf.read(io.BytesIO(SAMPLE[:at]))


def test_this_hosts_shell_as_readelf_sees_it() -> None:
    shell = Path("/bin/sh").resolve()
    readelf = shutil.which("readelf")
    with shell.open("rb") as file:
        found = elf.read(file)
    assert found is not None
    if readelf is None:
        assert all(".so" in name for name in found.needed)
        return
    text = subprocess.run([readelf, "-dlW", shell], capture_output=True, text=True).stdout
    assert list(found.needed) == re.findall(r"Shared library: \[(.*?)\]", text)
    assert found.interpreter in (re.findall(r"interpreter: (.*?)\]", text) or [""])


def test_cache_keeps_order_and_skips_the_old_format() -> None:
    data = cache([("a.so", "/fast/a.so"), ("a.so", "/a.so"), ("b.so", "/b.so")])
    expected = {"a.so": ["/fast/a.so", "/a.so"], "b.so": ["/b.so"]}
    assert ldcache.read(data) == expected
    assert ldcache.read(b"ld.so-1.7.0\0" + bytes(4) + data) == expected


@given(st.integers(0, 200))
def test_a_cut_off_cache_is_no_crash(length: int) -> None:
    ldcache.read(cache([("a.so", "/a.so"), ("b.so", "/b.so")])[:length])


@pytest.mark.skipif(not Path("/etc/ld.so.cache").exists(), reason="kernel: not a glibc host")
def test_this_hosts_cache_as_ldconfig_lists_it() -> None:
    listing = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True)
    rows = re.findall(r"^\t(\S+) \(.*?\) => (\S+)$", listing.stdout, re.MULTILINE)
    expected: dict[str, list[str]] = {}
    for name, path in rows:
        expected.setdefault(name, []).append(path)
    assert ldcache.read(Path("/etc/ld.so.cache").read_bytes()) == expected
