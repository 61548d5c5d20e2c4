"""Classic BPF, assembled from the end so that every jump's target is already known."""

import struct

LD_W_ABS, RET_K, ALU_AND_K = 0x20, 0x06, 0x54
JA, JEQ, JGT, JGE = 0x05, 0x15, 0x25, 0x35
_INSTRUCTION = struct.Struct("=HBBI")
# Conditional jumps reach 255 instructions; two detours may come between target and jump.
_REACH = 250
MAX_INSTRUCTIONS = 4096


class Assembler:
    """Instructions are prepended; a label is the number of instructions from it to the end."""

    def __init__(self) -> None:
        self._reversed: list[tuple[int, int, int, int]] = []
        self._returns: dict[int, int] = {}

    def _prepend(self, code: int, yes: int, no: int, k: int) -> int:
        self._reversed.append((code, yes, no, k))
        return len(self._reversed)

    def ret(self, value: int) -> int:
        """A label that returns *value*, shared with earlier ones in reach."""
        label = self._returns.get(value)
        if label is None or len(self._reversed) - label > _REACH:
            label = self._returns[value] = self._prepend(RET_K, 0, 0, value)
        return label

    def load(self, offset: int) -> int:
        """Load the 32-bit word at *offset* of seccomp_data, then fall through."""
        return self._prepend(LD_W_ABS, 0, 0, offset)

    def mask(self, value: int) -> int:
        return self._prepend(ALU_AND_K, 0, 0, value)

    def jump(self, target: int) -> int:
        """Go to *target*; nothing is emitted when it is the next instruction."""
        distance = len(self._reversed) - target
        return target if distance == 0 else self._prepend(JA, 0, 0, distance)

    def branch(self, code: int, value: int, yes: int, no: int) -> int:
        """Compare the accumulator with *value* by *code* and go to the label *yes* or *no*."""
        yes, no = self._near(yes), self._near(no)
        here = len(self._reversed)
        return self._prepend(code, here - yes, here - no, value)

    def _near(self, target: int) -> int:
        return self.jump(target) if len(self._reversed) - target > _REACH else target

    def program(self) -> bytes:
        return b"".join(_INSTRUCTION.pack(*line) for line in reversed(self._reversed))

    def __len__(self) -> int:
        return len(self._reversed)
