"""From a profile's text to what a container is given."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.kernel import seccomp as kernel
from boxship.kernel.seccomp_install import FLAG_LOG, FLAG_SPEC_ALLOW, FLAG_TSYNC
from boxship.runtime import seccomp


def flags_of(**profile: Any) -> int:
    made = seccomp.program(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", **profile}), ())
    assert made is not None
    program, flags = kernel.unpack(made)
    assert len(program) % 8 == 0
    return flags


def test_flags_of_a_profile() -> None:
    assert flags_of() == flags_of(flags=None) == FLAG_SPEC_ALLOW
    assert flags_of(flags=[]) == 0
    wanted = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]
    assert flags_of(flags=wanted) == FLAG_LOG | FLAG_TSYNC


def test_the_default_has_runcs_flags() -> None:
    made = seccomp.program(None, ())
    assert made is not None
    assert kernel.unpack(made)[1] == FLAG_SPEC_ALLOW


@pytest.mark.parametrize(
    ("profile", "text"),
    [
        ({"flags": ["NEW"]}, "seccomp flag NEW is not known"),
        ({"defaultAction": "SCMP_ACT_NOTIFY"}, "seccomp: SCMP_ACT_NOTIFY is not supported"),
        (
            {"syscalls": [{"names": ["read"], "action": "SCMP_ACT_NOTIFY"}]},
            "seccomp: SCMP_ACT_NOTIFY is not supported",
        ),
    ],
)
def test_refusals(profile: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        flags_of(**profile)
    assert str(error.value).startswith(text)


@pytest.mark.parametrize("text", ["null", "{}"])
def test_nothing_is_filtered(text: str) -> None:
    assert seccomp.program(text, ()) is None


@pytest.mark.parametrize("text", ["", "{", "[1]", "7", '"x"', "[" * 100_000])
def test_what_is_no_profile(text: str) -> None:
    with pytest.raises(InvalidParameter):
        seccomp.program(text, ())


_KEYS = st.sampled_from(
    [
        *("defaultAction", "defaultErrnoRet", "architectures", "archMap", "architecture", "flags"),
        *("subArchitectures", "syscalls", "name", "names", "action", "errnoRet", "args", "index"),
        *("op", "value", "valueTwo", "includes", "excludes", "caps", "arches", "minKernel"),
    ]
)
_WORDS = [
    *("", "x", "SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "read", "SCMP_CMP_EQ", "4.8", "CAP_CHOWN"),
    *("SCMP_ARCH_X86_64", "SCMP_ARCH_NONE", "amd64"),
]
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 66), 1 << 66)
    | st.floats()
    | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_any_json_is_a_program_or_refused(profile: dict[str, Any]) -> None:
    profile.setdefault("defaultAction", "SCMP_ACT_ERRNO")
    try:
        seccomp.program(json.dumps(profile), ("CAP_CHOWN",))
    except InvalidParameter:
        return
