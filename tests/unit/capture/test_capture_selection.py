"""What gets captured, from machines made for the purpose."""

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from boxship.base.errors import InvalidParameter, NotFound
from boxship.capture import CaptureReport, build, scripts
from boxship.capture.machine import Machine
from boxship.capture.owners.dpkg import Dpkg
from boxship.capture.owners.pip import Distributions
from support import elves
from support.elves import ld_cache as cache

LOADER = "/lib64/ld-linux-x86-64.so.2"
PATH = "/usr/local/bin:/usr/bin:/bin"


class Host:
    """A merged-usr machine below a directory."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for name in ("bin", "lib", "lib64"):
            self.directory(f"/usr/{name}")
            os.symlink(f"usr/{name}", top / name)
        self.file("/usr/lib64/ld-linux-x86-64.so.2", elves.elf())
        self.file("/usr/lib/x86_64-linux-gnu/libc.so.6", elves.elf(["ld-linux-x86-64.so.2"]))

    def directory(self, path: str) -> None:
        (self.top / path[1:]).mkdir(parents=True, exist_ok=True)

    def file(self, path: str, data: bytes | str = b"", mode: int = 0o755) -> None:
        self.directory(path.rpartition("/")[0])
        target = self.top / path[1:]
        target.write_bytes(data.encode() if isinstance(data, str) else data)
        target.chmod(mode)
        os.utime(target, (1_000_000_000, 1_000_000_000))

    def program(self, path: str, *needed: str, **more: Any) -> None:
        self.file(path, elves.elf([*needed, "libc.so.6"], interpreter=LOADER, **more))

    def link(self, path: str, target: str) -> None:
        self.directory(path.rpartition("/")[0])
        os.symlink(target, self.top / path[1:])

    def package(
        self, name: str, files: list[str], depends: str = "", section: str = "misc"
    ) -> None:
        self.file(f"/var/lib/dpkg/info/{name}.list", "\n".join(["/.", *files, ""]))
        status = self.top / "var/lib/dpkg/status"
        stanza = f"Package: {name}\nStatus: install ok installed\nSection: {section}\n"
        stanza += f"Depends: {depends}\nDescription: x\n more\n\n"
        status.write_text((status.read_text() if status.exists() else "") + stanza)

    def capture(self, *programs: str, **environ: str) -> tuple[CaptureReport, bytes]:
        out = io.BytesIO()
        environ = {"PATH": PATH, **environ}
        report = build(programs, out, "box", root=str(self.top), environ=environ)
        return report, out.getvalue()

    def names(self, *programs: str, **environ: str) -> set[str]:
        """Captured paths, those that every image has left out."""
        report, data = self.capture(*programs, **environ)
        assert report.missing == {}
        fixed = (
            "dev etc etc/group etc/nsswitch.conf etc/passwd home proc root run sys tmp var var/tmp"
        )
        return {m.name for m in layer(data)} - set(fixed.split())


def documents(data: bytes) -> dict[str, Any]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        found = {m.name: archive.extractfile(m) for m in archive if m.isfile()}
        manifest = json.load(found["manifest.json"])[0]  # type: ignore[arg-type]
        config = json.load(found[manifest["Config"]])  # type: ignore[arg-type]
        return {
            "manifest": manifest,
            "config": config,
            "layer": found[manifest["Layers"][0]].read(),
        }  # type: ignore[union-attr]


def layer(data: bytes) -> list[tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(documents(data)["layer"])) as archive:
        return archive.getmembers()


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path / "host")


C_LIBRARY = {"usr/lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/libc.so.6"}
BASE = C_LIBRARY | {"bin", "lib", "lib64", "usr", "usr/bin", "usr/lib", "usr/lib64"}
BASE |= {"usr/lib64/ld-linux-x86-64.so.2"}


def test_a_program_with_its_loader_and_libraries(host: Host) -> None:
    host.program("/usr/bin/tool", "libx.so.1")
    host.file("/usr/lib/x86_64-linux-gnu/libx.so.1.2", elves.elf(["liby.so"]))
    host.link("/usr/lib/x86_64-linux-gnu/libx.so.1", "libx.so.1.2")
    host.file("/usr/lib/liby.so", elves.elf())
    host.file("/usr/lib/unneeded.so", elves.elf())
    expected = {f"usr/lib/x86_64-linux-gnu/libx.so.1{end}" for end in ("", ".2")}
    assert host.names("tool") == BASE | expected | {"usr/bin/tool", "usr/lib/liby.so"}


def test_chains_of_links_stay_chains(host: Host) -> None:
    host.program("/opt/tool/real")
    host.link("/usr/bin/awk", "/etc/alternatives/awk")
    host.link("/etc/alternatives/awk", "../../opt/tool/real")
    chain = {"usr/bin/awk", "etc/alternatives", "etc/alternatives/awk"}
    assert host.names("awk") == BASE | chain | {"opt", "opt/tool", "opt/tool/real"}
    _, data = host.capture("awk")
    links = {m.name: m.linkname for m in layer(data) if m.issym()}
    assert links["usr/bin/awk"] == "/etc/alternatives/awk"
    assert links["bin"] == "usr/bin"


def test_run_paths(host: Host) -> None:
    """RUNPATH serves its own object only, RPATH those below as well; $ORIGIN is where it lies."""
    host.program("/opt/app/bin/app", "libone.so", rpath="$ORIGIN/../lib")
    host.link("/usr/bin/app", "/opt/app/bin/app")
    host.file("/opt/app/lib/libone.so", elves.elf(["libtwo.so"]))
    host.file("/opt/app/lib/libtwo.so", elves.elf(["libthree.so"], runpath="${ORIGIN}/more"))
    host.file("/opt/app/lib/more/libthree.so", elves.elf(["libone.so"]))
    found = host.names("app")
    assert {f"opt/app/lib/{n}" for n in ("libone.so", "libtwo.so", "more/libthree.so")} <= found


def test_libraries_of_another_kind_do_not_count(host: Host) -> None:
    host.program("/usr/bin/tool", "libx.so")
    host.file("/usr/lib/x86_64-linux-gnu/libx.so", elves.elf(machine=elves.AARCH64))
    host.file("/usr/lib64/libx.so", elves.elf(wide=False))
    host.file("/usr/lib/libx.so", elves.elf())
    assert "usr/lib/libx.so" in host.names("tool")


def test_the_cache_and_its_tuned_variants(host: Host) -> None:
    tuned = "/usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libx.so"
    for path in (tuned, "/far/libx.so"):
        host.file(path, elves.elf())
    host.file("/etc/ld.so.cache", cache([("libx.so", tuned), ("libx.so", "/far/libx.so")]))
    host.program("/usr/bin/tool", "libx.so")
    assert {tuned[1:], "far/libx.so", "etc/ld.so.cache"} <= host.names("tool")


def test_configured_directories_where_there_is_no_cache(host: Host) -> None:
    host.file("/etc/ld.so.conf", "include ld.so.conf.d/*.conf\n# no\n")
    host.file("/etc/ld.so.conf.d/z.conf", "/odd/place\n")
    host.file("/odd/place/libx.so", elves.elf())
    host.program("/usr/bin/tool", "libx.so")
    assert {"odd/place/libx.so", "etc/ld.so.conf.d/z.conf"} <= host.names("tool")


def test_missing_libraries_are_reported(host: Host) -> None:
    host.program("/usr/bin/tool", "libgone.so")
    assert host.capture("tool")[0].missing == {"libgone.so": "/usr/bin/tool"}


def test_scripts_bring_their_interpreters(host: Host) -> None:
    host.program("/usr/bin/sh")
    host.program("/usr/bin/env")
    host.file("/usr/bin/outer", "#!/usr/bin/env inner -x\n")
    host.file("/usr/bin/inner", "#! /bin/sh -e\n")
    assert host.names("outer") == BASE | {f"usr/bin/{n}" for n in ("sh", "env", "outer", "inner")}


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"#!/bin/sh", ["/bin/sh"]),
        (b"#! /bin/sh -e\nx", ["/bin/sh"]),
        (b"#!/usr/bin/env python3\n", ["/usr/bin/env", "python3"]),
        (b"#!/usr/bin/env -S A=1 node --x\n", ["/usr/bin/env", "node"]),
        (b"#!/usr/bin/env\n", ["/usr/bin/env"]),
        (b"#!relative\n", []),
        (b"#!\n", []),
        (b"\x7fELF", []),
    ],
)
def test_first_lines(start: bytes, expected: list[str]) -> None:
    assert scripts.interpreters(start) == expected


def test_packages_bring_data_and_what_they_depend_on(host: Host) -> None:
    for name in ("tool", "other", "helper"):
        host.program(f"/usr/bin/{name}")
    for path in ("/usr/share/tool/data", "/usr/share/doc/tool/x", "/usr/lib/helper/part"):
        host.file(path, b"", 0o644)
    host.file("/usr/lib/x86_64-linux-gnu/libunused.so.1", elves.elf())
    tool = ["/bin/tool", "/usr/bin/other", "/usr/share/tool/data", "/usr/share/doc/tool/x"]
    host.package("tool", tool, "nothing | helper:any (>= 1), libunused [amd64], debconf")
    host.package("helper", ["/usr/bin/helper", "/usr/lib/helper/part"])
    host.package("libunused", ["/usr/lib/x86_64-linux-gnu/libunused.so.1"], section="libs")
    host.package("debconf", ["/usr/share/debconf/x"])
    expected = {"usr/bin/tool", "usr/share", "usr/share/tool", "usr/share/tool/data"}
    expected |= {"usr/bin/helper", "usr/lib/helper", "usr/lib/helper/part"}
    assert host.names("tool") == BASE | expected
    assert host.capture("tool")[0].packages == ["helper", "libunused", "tool"]


def test_a_packaged_python_brings_the_rest_of_its_library(host: Host) -> None:
    host.program("/usr/bin/python3.13")
    host.link("/usr/bin/python3", "python3.13")
    library = [f"/usr/lib/python3.13/{name}.py" for name in ("os", "json")]
    for path in (*library, "/usr/lib/python3.11/os.py"):
        host.file(path, b"", 0o644)
    host.file("/usr/lib/python3.13/__pycache__/json.cpython-313.pyc")
    host.file("/usr/lib/python3.13/__pycache__/stray.cpython-313.pyc")
    host.package("python3-minimal", ["/usr/bin/python3"], "python3.13-minimal")
    host.package("python3.13-minimal", ["/usr/bin/python3.13", library[0]])
    host.package("python3.13", [], "stdlib, python3.13-minimal")
    host.package("stdlib", [library[1]])
    found = {name for name in host.names("python3") if "/python3.1" in name}
    expected = {path[1:] for path in library} | {"usr/bin/python3.13", "usr/lib/python3.13"}
    cached = {"__pycache__", "__pycache__/json.cpython-313.pyc"}
    assert found == expected | {f"usr/lib/python3.13/{name}" for name in cached}


def pyenv(host: Host) -> str:
    """A pyenv with one Python that has two distributions; the prefix."""
    prefix = "/home/u/.pyenv/versions/3.12.1"
    host.file("/home/u/.pyenv/version", "3.12.1\n")
    for name in ("python3", "cmd", "lost"):
        host.file(f"/home/u/.pyenv/shims/{name}", '#!/bin/sh\nexec pyenv exec "$0"\n')
    host.program(f"{prefix}/bin/python3.12")
    host.link(f"{prefix}/bin/python3", "python3.12")
    library = f"{prefix}/lib/python3.12"
    for name in ("os.py", "test/big.py", "json/__init__.py", "config-3.12-x/libpython.a"):
        host.file(f"{library}/{name}", b"", 0o644)
    host.file(f"{library}/lib-dynload/_ssl.so", elves.elf(["libssl.so"]))
    host.file("/usr/lib/libssl.so", elves.elf())
    site = f"{library}/site-packages"
    host.file(f"{prefix}/bin/cmd", f"#!{prefix}/bin/python3.12\nfrom my_pkg.x import main\n")
    for name, requires in (("my_pkg", "dep>1"), ("dep", ""), ("other", "")):
        host.file(f"{site}/{name}/__init__.py", b"", 0o644)
        record = f"{name}/__init__.py,,\n{name}-1.dist-info/RECORD,,\n"
        host.file(f"{site}/{name}-1.dist-info/RECORD", record, 0o644)
        lines = [f"Requires-Dist: {requires}"] if requires else []
        lines += ['Requires-Dist: other; extra == "x"', "", "Requires-Dist: other"]
        host.file(f"{site}/{name}-1.dist-info/METADATA", "\n".join(lines), 0o644)
    return prefix


def test_pyenv_shims_lead_to_the_interpreter_and_its_library(host: Host) -> None:
    prefix = pyenv(host)
    found = host.names("python3", PATH=f"/home/u/.pyenv/shims:{PATH}")
    library = f"{prefix[1:]}/lib/python3.12"
    for name in ("os.py", "json/__init__.py", "lib-dynload/_ssl.so"):
        assert f"{library}/{name}" in found
    assert {f"{prefix[1:]}/bin/python3", "usr/lib/libssl.so"} <= found
    for name in ("test", "site-packages", "config-3.12-x"):
        assert f"{library}/{name}" not in found
    assert "home/u/.pyenv/shims/python3" not in found


def test_an_environment_keeps_its_mark(host: Host) -> None:
    prefix = pyenv(host)
    host.link("/v/bin/python3", f"{prefix}/bin/python3")
    host.file("/v/pyvenv.cfg", f"home = {prefix}/bin\n", 0o644)
    report, data = host.capture("python3", PATH=f"/v/bin:{PATH}")
    names = {m.name for m in layer(data)}
    assert {"v/pyvenv.cfg", "v/bin/python3", f"{prefix[1:]}/lib/python3.12/os.py"} <= names
    assert report.programs == {"python3": "/v/bin/python3"}


def test_console_scripts_bring_their_distribution_and_what_it_requires(host: Host) -> None:
    prefix = pyenv(host)
    found = host.names(f"{prefix}/bin/cmd")
    site = f"{prefix[1:]}/lib/python3.12/site-packages"
    assert {f"{site}/my_pkg/__init__.py", f"{site}/dep/__init__.py"} <= found
    assert f"{site}/other/__init__.py" not in found


def test_pip_owners_by_record(host: Host) -> None:
    site = f"{pyenv(host)}/lib/python3.12/site-packages"
    installed = Distributions(Machine(str(host.top)), site)
    assert installed.owner(f"{site}/dep/__init__.py") == "dep"
    assert installed.owner("/usr/bin/none") is None
    assert installed.closure("my-pkg") == ["my-pkg", "dep"]


def test_dpkg_knows_both_names_of_a_merged_file(host: Host) -> None:
    host.package("tool", ["/bin/tool", "/usr/share/x"])
    dpkg = Dpkg(Machine(str(host.top)))
    assert dpkg.owner("/usr/bin/tool") == dpkg.owner("/bin/tool") == "tool"
    assert dpkg.owner("/share/x") is None


def test_the_image(host: Host) -> None:
    host.program("/opt/x/tool")
    host.program("/usr/bin/sh")
    _, data = host.capture("/opt/x/tool", "sh")
    config = documents(data)["config"]
    assert (config["architecture"], config["os"]) == ("amd64", "linux")
    assert config["config"]["Cmd"] == ["sh"]
    assert config["config"]["Env"][0].startswith("PATH=/opt/x:/usr/local/sbin:")
    assert documents(data)["manifest"]["RepoTags"] == ["box:latest"]
    assert config["created"] == "2001-09-09T01:46:40Z"
    modes = {m.name: m.mode for m in layer(data)}
    assert (modes["tmp"], modes["root"], modes["opt/x/tool"]) == (0o1777, 0o700, 0o755)


def test_the_same_machine_gives_the_same_bytes(host: Host, tmp_path: Path) -> None:
    first = host.capture("/usr/lib64/ld-linux-x86-64.so.2")
    again = Host(tmp_path / "again").capture("/usr/lib64/ld-linux-x86-64.so.2")
    assert first == again


def test_hard_links_are_stored_once(host: Host) -> None:
    host.program("/usr/bin/a")
    os.link(host.top / "usr/bin/a", host.top / "usr/bin/b")
    _, data = host.capture("b", "a")
    assert {m.name: m.linkname for m in layer(data) if m.islnk()} == {"usr/bin/b": "usr/bin/a"}


def test_refusals(host: Host) -> None:
    with pytest.raises(NotFound, match=r"^nope: not in \$PATH$"):
        host.capture("nope")
    with pytest.raises(NotFound, match=r"^/usr/bin/nope: no such program$"):
        host.capture("/usr/bin/nope")
    with pytest.raises(InvalidParameter):
        host.capture()
    host.link("/usr/bin/a", "b")
    host.link("/usr/bin/b", "a")
    with pytest.raises(InvalidParameter, match="too many levels"):
        host.capture("a")
