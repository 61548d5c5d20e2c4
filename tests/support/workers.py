"""Runs a worker as the spawner does: forked, in a mount namespace of its own, over an overlay."""

import json
import os
import tempfile
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boxship.base import errors
from boxship.kernel import mount, process
from boxship.sandbox.stacks import make_stacks
from boxship.sandbox.workers import WORKERS

Setup = Callable[[Path], None]


@dataclass
class Root:
    """Directories of an overlay below ``base``; ``lowers`` are topmost first."""

    base: Path
    lowers: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("upper", "work", "merged", "empty"):
            (self.base / name).mkdir(parents=True, exist_ok=True)

    @property
    def upper(self) -> Path:
        return self.base / "upper"

    def spec(self, *, below: bool = False) -> dict[str, Any]:
        """A rootfs spec; *below* leaves the upper directory out."""
        found: dict[str, Any] = {"layers": [{"kind": "dir", "path": str(p)} for p in self.lowers]}
        return found if below else found | {"upper": str(self.upper), "work": f"{self.base}/work"}

    def mount(self, *, below: bool = False) -> int:
        """A detached overlay; to be called in a process of its own."""
        return make_stacks(str(self.base / "empty")).mount(self.spec(below=below))

    def attach(self) -> Path:
        """Mount the overlay at ``merged``, in this process's mount namespace."""
        private_mounts()
        fd = self.mount()
        target = os.open(self.base / "merged", os.O_PATH)
        mount.move_mount(fd, target)
        os.close(target)
        os.close(fd)
        return self.base / "merged"

    def change(self, setup: Setup) -> None:
        """Run *setup* on the mounted overlay, in a child."""
        in_child(lambda: setup(self.attach()))


def private_mounts() -> None:
    process.unshare(process.CLONE_NEWNS)
    mount.mount(None, "/", None, mount.MS_REC | mount.MS_PRIVATE)


def in_child(action: Callable[[], Any]) -> Any:
    """The JSON-able result of *action* in a forked child; its errors are raised here."""
    with tempfile.TemporaryFile("w+") as answer:
        child = os.fork()
        if not child:
            try:
                json.dump({"result": action()}, answer)
            except (errors.BoxshipError, OSError) as error:
                number = getattr(error, "errno", None)
                json.dump({"kind": _class_of(error), "text": str(error), "no": number}, answer)
            except BaseException:
                json.dump({"kind": "", "text": traceback.format_exc()}, answer)
            finally:
                answer.flush()
                os._exit(0)
        os.waitpid(child, 0)
        answer.seek(0)
        return _result(json.load(answer))


def _class_of(error: Exception) -> str:
    """The class of the common error tree that *error* belongs to."""
    names = (c.__name__ for c in type(error).__mro__ if c.__module__ == errors.__name__)
    return next(names, "")


def _result(answer: dict[str, Any]) -> Any:
    if "result" in answer:
        return answer["result"]
    if answer.get("no") is not None:
        raise OSError(answer["no"], answer["text"])
    raise getattr(errors, answer["kind"], AssertionError)(answer["text"])


def run(
    kind: str,
    args: dict[str, Any],
    fds: Sequence[int] = (),
    root: Root | Path | None = None,
    below: bool = False,
) -> dict[str, Any]:
    """Run worker *kind* over *root*: an overlay, a plain directory, or nothing."""

    def errand() -> dict[str, Any]:
        private_mounts()
        return WORKERS[kind](_open(root, below), args, fds)

    found: dict[str, Any] = in_child(errand)
    return found


def _open(root: Root | Path | None, below: bool) -> int | None:
    if root is None:
        return None
    if isinstance(root, Path):
        return os.open(root, os.O_PATH | os.O_DIRECTORY)
    fd = root.mount(below=below)
    target = os.open(root.base / "merged", os.O_PATH)
    mount.move_mount(fd, target)
    return fd
