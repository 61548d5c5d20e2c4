"""The comma-separated mode at the end of a bind, such as ``ro,rslave,z``."""

_FAMILIES = {
    "ro": "access",
    "rw": "access",
    "z": "label",
    "Z": "label",
    "private": "propagation",
    "rprivate": "propagation",
    "slave": "propagation",
    "rslave": "propagation",
    "shared": "propagation",
    "rshared": "propagation",
    "nocopy": "copy",
    "consistent": "consistency",
    "cached": "consistency",
    "delegated": "consistency",
}
PROPAGATIONS = frozenset(word for word, family in _FAMILIES.items() if family == "propagation")


def is_valid_mode(mode: str, allowed: str = "access label propagation copy consistency") -> bool:
    """True if *mode* is empty or has at most one known word of each *allowed* family."""
    if not mode:
        return True
    families = [_FAMILIES.get(word, "") for word in mode.split(",")]
    return len(set(families)) == len(families) and all(each in allowed.split() for each in families)


def is_read_only(mode: str) -> bool:
    return "ro" in mode.split(",")


def propagation_of(mode: str) -> str:
    """The propagation word in *mode*, or an empty string."""
    return next((word for word in mode.split(",") if word in PROPAGATIONS), "")


def is_nocopy(mode: str) -> bool:
    return "nocopy" in mode.split(",")
