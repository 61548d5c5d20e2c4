"""What a build by BuildKit's protocol leaves: one image, of which nobody sees how it came about."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in


@pytest.fixture(params=["boxship", "dockerd"])
def here(
    request: pytest.FixtureRequest,
    boxship_daemon: engines.Engine,
    dockerd: engines.Engine,
    tmp_path: Path,
) -> Iterator[Client]:
    engine = boxship_daemon if request.param == "boxship" else dockerd
    with client_in(engine, tmp_path) as client:
        mark = secrets.token_hex(4)
        client.write(
            Dockerfile=f"FROM busybox AS one\nRUN echo {mark} > /a\nENV x=1\n"
            "FROM one AS two\nRUN echo 2 > /b\nLABEL a=b\nFROM two AS bad\nRUN exit 3\n"
        )
        yield client


def _all(here: Client) -> set[str]:
    return set(here.docker("images", "-aq", "--no-trunc").split())


def _build(here: Client, target: str, *words: str, fails: bool = False) -> str:
    return here.docker("build", "-q", "--target", target, *words, ".", fails=fails).strip()


def test_the_image_alone_is_there_and_has_no_parents(here: Client) -> None:
    before = _all(here)
    image = _build(here, "two", "-t", "made")
    assert _all(here) - before == {image}
    assert here.docker("inspect", "-f", "{{.Parent}}", "made").strip() == ""
    rows = here.docker("history", "-q", "--no-trunc", "made").split()
    assert rows == [image, *["<missing>"] * (len(rows) - 1)]
    assert len(rows) >= 5
    removed = here.docker("rmi", "made").splitlines()
    assert [line for line in removed if image in line] == [f"Deleted: {image}"]
    assert _all(here) == before


def test_it_is_the_same_one_when_its_steps_are_found_again(here: Client) -> None:
    image = _build(here, "two", "-t", "made")
    assert _build(here, "two") == image
    here.docker("rmi", "made")
    assert _build(here, "two", "-t", "made") == image
    assert _build(here, "one") != image
    assert _build(here, "two", "--build-arg", "unused=1") == image


def test_it_is_the_same_one_whatever_has_made_its_layers(here: Client) -> None:
    here.write(
        file=secrets.token_hex(4),
        Files="FROM busybox\nCOPY file /d/e/\nENV x=1\nADD file /\nWORKDIR /w\nRUN cp /file /f\n",
    )
    image = here.docker("build", "-q", "-f", "Files", ".")
    assert here.docker("build", "-q", "-f", "Files", ".") == image
    here.docker("rmi", image.strip())
    assert here.docker("build", "-q", "-f", "Files", ".") == image


def test_one_that_steps_of_another_led_to_is_an_image_too(here: Client) -> None:
    before = _all(here)
    above = _build(here, "two", "-t", "made")
    below = _build(here, "one")
    assert _all(here) - before == {above, below}
    assert below in here.images()
    here.docker("rmi", below)
    assert _all(here) - before == {above}
    assert here.docker("run", "--rm", "made", "cat", "/b") == "2\n"
    assert _build(here, "one", "-t", "lower") == below
    assert _build(here, "two") == above


def test_what_fails_or_goes_elsewhere_leaves_none(here: Client) -> None:
    before = _all(here)
    _build(here, "bad", fails=True)
    _build(here, "two", "-o", "type=local,dest=out")
    assert _all(here) == before
    assert "CACHED" in here.docker("build", "--target", "two", "-o", "type=tar,dest=o", ".")
    assert _all(here) == before


def test_the_base_goes_whatever_is_on_top_of_it(here: Client) -> None:
    here.write(Base="FROM busybox\nRUN echo base > /base\n")
    base = here.docker("build", "-q", "-f", "Base", "-t", "base", ".").strip()
    here.write(Top="FROM base\nRUN echo top > /top\n")
    here.docker("build", "-q", "-f", "Top", "-t", "top", ".")
    here.docker("rmi", base)
    assert base not in _all(here)
    assert here.docker("run", "--rm", "top", "cat", "/base", "/top") == "base\ntop\n"
    here.docker("rmi", "top")


def test_an_image_without_a_name_is_pruned_at_once(here: Client) -> None:
    image = _build(here, "two")
    assert image in here.images()
    assert f"deleted: {image}" in here.docker("image", "prune", "-f")
    assert image not in _all(here)


def test_steps_without_a_layer_are_as_old_as_one_beside_them(here: Client) -> None:
    here.write(
        Dates="FROM busybox\nENV a=1\nRUN echo > /f\nENV b=2\nRUN sleep 1.1; echo > /g\nENV c=3\n",
        Old="FROM busybox\nLABEL a=b\n",
    )
    here.docker("build", "-q", "-f", "Dates", "-t", "dates", ".")
    times = here.docker("history", "--format", "{{.CreatedAt}}", "dates").splitlines()
    assert times[0] == times[1] > times[2]
    assert times[2] == times[3] == times[4] >= times[5]
    old = here.docker("build", "-q", "-f", "Old", ".").strip()
    created = here.docker("inspect", "-f", "{{.Created}}", old, "busybox").split()
    assert created[0] == created[1]


def test_what_is_found_again_is_as_old_as_the_build_says(here: Client) -> None:
    first, second = ("--build-arg", "SOURCE_DATE_EPOCH=1000000000"), "SOURCE_DATE_EPOCH=1100000000"
    image = _build(here, "two", *first)
    other = _build(here, "two", "--build-arg", second)
    usual = _build(here, "two", "-t", "usual")
    assert _build(here, "two", *first) == image
    times = here.docker("inspect", "-f", "{{.Created}}", image, other, usual).split()
    assert times[:2] == ["2001-09-09T01:46:40Z", "2004-11-09T11:33:20Z"]
    assert times[2] > "2025"
    rows = here.docker("history", "--format", "{{.CreatedAt}}", other).splitlines()
    assert rows[:4] == [times[1]] * 4
