"""``--chmod`` in both notations, held to chmod(1)."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.sandbox.workers.build_owner import Owner, check_mode, symbolic


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("u+x", 0o644, 0o744),
        ("+x", 0o644, 0o755),
        ("go-rwx", 0o755, 0o700),
        ("a=r", 0o777, 0o444),
        ("u=rwx,go=rX", 0o600, 0o755),
        ("go=rX", 0o644, 0o644),
        ("u+s", 0o755, 0o4755),
        ("g+s,+t", 0o755, 0o3755),
        ("u=rw,u+x", 0o000, 0o700),
        ("o=", 0o777, 0o770),
    ],
)
def test_symbolic_modes(text: str, before: int, after: int) -> None:
    check_mode(text)
    assert symbolic(text, before, is_dir=False) == after


@pytest.mark.parametrize("text", ["8", "77777", "u", "z+x", "u+q", "u+x;", "0o755", " 755", ""])
def test_what_is_no_mode(text: str) -> None:
    with pytest.raises(InvalidParameter, match="invalid chmod parameter"):
        check_mode(text)


@pytest.mark.parametrize(("text", "mode"), [("755", 0o755), ("0600", 0o600), ("4711", 0o4711)])
def test_octal_modes_replace_everything(text: str, mode: int) -> None:
    assert Owner(0, 0, text).mode(0o123, is_dir=False) == mode


_CLAUSE = st.tuples(
    st.text("ugo", max_size=3), st.sampled_from("+-="), st.text("rwxX", max_size=3)
).map("".join)


@given(st.lists(_CLAUSE, min_size=1, max_size=3).map(",".join), st.integers(0, 0o777))
def test_modes_are_those_of_chmod(
    tmp_path_factory: pytest.TempPathFactory, text: str, mode: int
) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "file"
    path.touch()
    path.chmod(mode)
    subprocess.run(["sh", "-c", 'umask 0; chmod -- "$1" "$2"', "sh", text, path], check=True)
    assert symbolic(text, mode, is_dir=False) == path.stat().st_mode & 0o7777
