"""Platforms: ``os/architecture/variant`` (OCI image index, property ``platform``)."""

import platform as _host
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boxship.base.errors import InvalidParameter

_OS = {"linux", "windows", "darwin", "freebsd", "android", "solaris", "netbsd", "openbsd"} | {
    "aix", "dragonfly", "illumos", "ios", "js", "plan9", "wasip1", "zos"
}  # fmt: skip
_ARCHITECTURES = {"386", "amd64", "arm", "arm64", "loong64", "mips", "mipsle", "mips64"} | {
    "mips64le", "ppc64", "ppc64le", "riscv64", "s390x", "wasm"
}  # fmt: skip
_ALIASES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
}
_PART = re.compile(r"[A-Za-z0-9_.-]+\Z")
_DEFAULT_VARIANTS = {"arm": "v7", "arm64": "v8"}


@dataclass(frozen=True, slots=True)
class Platform:
    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def runs(self, wanted: "Platform") -> bool:
        """Whether an image of this platform satisfies *wanted*."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        default = _DEFAULT_VARIANTS.get(self.architecture, "")
        return not wanted.variant or (self.variant or default) == wanted.variant

    def as_oci(self) -> dict[str, str]:
        parts = {"architecture": self.architecture, "os": self.os}
        return parts | ({"variant": self.variant} if self.variant else {})


def normalise(os: str, architecture: str, variant: str = "") -> Platform:
    architecture, implied = _ALIASES.get(architecture.lower(), (architecture.lower(), ""))
    variant = variant.lower() or implied
    if (architecture, variant) in (("arm64", "v8"), ("amd64", "v1")):
        variant = ""
    if variant.isdigit():
        variant = "v" + variant
    return Platform("darwin" if os == "macos" else os.lower(), architecture, variant)


def host() -> Platform:
    return normalise("linux", _host.machine())


def of_config(config: Mapping[str, Any]) -> Platform:
    """The platform that an image config (OCI image-spec, config.md) or an index entry names."""

    def text(key: str) -> str:
        value = config.get(key)
        return value if isinstance(value, str) else ""

    return normalise(text("os") or "linux", text("architecture"), text("variant"))


def parse(text: str) -> Platform:
    """``linux/arm64/v8``, ``arm64`` or ``linux``; :class:`InvalidParameter` otherwise."""
    parts = text.split("/")
    for part in parts:
        if not _PART.match(part):
            raise InvalidParameter(
                f'"{part}" is an invalid component of "{text}": platform specifier component '
                f"must match {_PART.pattern[:-2]!r}: invalid argument"
            )
    if len(parts) == 1:
        return _parse_single(text)
    if len(parts) > 3:
        raise InvalidParameter(f'"{text}": cannot parse platform specifier: invalid argument')
    return normalise(*parts)


def _parse_single(text: str) -> Platform:
    here = host()
    if text.lower() in _OS:
        return Platform(text.lower(), here.architecture, here.variant)
    found = normalise(here.os, text)
    if found.architecture not in _ARCHITECTURES:
        raise InvalidParameter(
            f'"{text}": unknown operating system or architecture: invalid argument'
        )
    return found


def choose(offered: Sequence[Platform], wanted: Platform) -> int | None:
    """Which of *offered* a machine of *wanted* is best served with: an exact variant before a
    default one, and these before what such a machine also runs; None when that is none."""
    ranked = [*(one == wanted for one in offered), *(one.runs(wanted) for one in offered)]
    for older in _also_run(wanted):
        ranked += [_explicit(one) == older for one in offered]
    return ranked.index(True) % len(offered) if True in ranked else None


def _also_run(wanted: Platform) -> list[Platform]:
    """What processors of *wanted* run besides, the latest first (containerd: platforms.Only)."""
    os, architecture = wanted.os, wanted.architecture
    variant = _explicit(wanted).variant.removeprefix("v")
    newest = int(variant) if variant.isdecimal() and len(variant) == 1 else 0
    if architecture == "amd64":
        levels = [Platform(os, "amd64", f"v{n}") for n in range(newest - 1, 0, -1)]
        return [*levels, Platform(os, "386")]
    if architecture in ("arm", "arm64"):
        start = newest if architecture == "arm64" else newest - 1
        return [Platform(os, "arm", f"v{n}") for n in range(start, 4, -1)]
    return []


def _explicit(where: Platform) -> Platform:
    """*where* with the variant that is meant when none is named."""
    default = {"amd64": "v1", **_DEFAULT_VARIANTS}.get(where.architecture, "")
    return Platform(where.os, where.architecture, where.variant or default)


def parse_served(text: str) -> Platform:
    """Like :func:`parse`, for new images: only of systems that this engine runs."""
    found = parse(text)
    if found.os != "linux":
        raise InvalidParameter("operating system is not supported")
    return found
