"""Whose programs a machine runs, by what is registered with the kernel."""

from pathlib import Path

from boxship.engine.building import emulation
from boxship.images import platform as platforms
from boxship.images.platform import Platform


def _register(root: Path, name: str, magic: str, state: str = "enabled") -> None:
    text = f"{state}\ninterpreter /usr/bin/{name}\nflags: OCF\noffset 0\nmagic {magic}\n"
    (root / name).write_text(text)


def _elf(machine: int, bits: int, order: int) -> str:
    head = bytes([0x7F, *b"ELF", bits, order, 1]) + bytes(9) + b"\2\0"
    return (head + machine.to_bytes(2, "big" if order == 2 else "little")).hex()


def test_emulators_that_are_registered_and_enabled(tmp_path: Path) -> None:
    (tmp_path / "register").write_text("")
    (tmp_path / "status").write_text("enabled\n")
    _register(tmp_path, "qemu-riscv64", _elf(243, 2, 1))
    _register(tmp_path, "qemu-s390x", _elf(22, 2, 2))
    _register(tmp_path, "qemu-ppc64le", _elf(21, 2, 1), state="disabled")
    _register(tmp_path, "python", "0d0a")
    (tmp_path / "jar").write_text("enabled\ninterpreter /usr/bin/java\nextension .jar\n")
    served = emulation.served(tmp_path)
    assert served[0] == platforms.host()
    assert {"riscv64", "s390x"} <= {one.architecture for one in served}
    assert emulation.runs(Platform("linux", "s390x"), tmp_path)
    assert not emulation.runs(Platform("linux", "ppc64le"), tmp_path)


def test_this_machine_runs_its_own_programs(tmp_path: Path) -> None:
    missing = tmp_path / "nothing-mounted"
    assert emulation.runs(platforms.host(), missing)
    assert not emulation.runs(Platform("linux", "mips64"), missing)
