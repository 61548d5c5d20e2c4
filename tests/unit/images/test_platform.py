"""Platforms as users and images spell them."""

import pytest

from boxship.base.errors import InvalidParameter
from boxship.images import platform as platforms
from boxship.images.platform import Platform


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/amd64", Platform("linux", "amd64")),
        ("linux/x86_64", Platform("linux", "amd64")),
        ("linux/arm64/v8", Platform("linux", "arm64")),
        ("linux/aarch64", Platform("linux", "arm64")),
        ("linux/arm/7", Platform("linux", "arm", "v7")),
        ("linux/armhf", Platform("linux", "arm", "v7")),
        ("Linux/AMD64", Platform("linux", "amd64")),
        ("windows/amd64", Platform("windows", "amd64")),
    ],
)
def test_specifiers(text: str, expected: Platform) -> None:
    assert platforms.parse(text) == expected


def test_one_word_is_a_system_or_an_architecture() -> None:
    assert platforms.parse("s390x") == Platform("linux", "s390x")
    assert platforms.parse("linux") == platforms.host()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("foo", '"foo": unknown operating system or architecture: invalid argument'),
        ("linux/amd64/v1/x", '"linux/amd64/v1/x": cannot parse platform specifier'),
        ("linux/", '"" is an invalid component of "linux/"'),
        ("linux/a b", '"a b" is an invalid component'),
    ],
)
def test_refusals(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        platforms.parse(text)
    assert str(error.value).startswith(message)


def test_new_images_are_for_linux() -> None:
    with pytest.raises(InvalidParameter) as error:
        platforms.parse_served("windows")
    assert str(error.value) == "operating system is not supported"


@pytest.mark.parametrize(
    ("image", "wanted", "fits"),
    [
        ("linux/amd64", "linux/amd64", True),
        ("linux/arm64", "linux/amd64", False),
        ("linux/arm/v7", "linux/arm", True),
        ("linux/arm/v6", "linux/arm/v7", False),
        ("linux/arm64", "linux/arm64/v8", True),
        ("windows/amd64", "linux/amd64", False),
    ],
)
def test_which_image_runs_where(image: str, wanted: str, fits: bool) -> None:
    assert platforms.parse(image).runs(platforms.parse(wanted)) is fits


@pytest.mark.parametrize(
    ("offered", "wanted", "chosen"),
    [
        ("linux/arm/v6 linux/arm/v7", "linux/arm/v7", 1),
        ("linux/arm/v5 linux/arm/v6", "linux/arm/v7", 1),
        ("linux/arm/v7", "linux/arm/v6", None),
        ("linux/arm/v6 linux/arm/v7", "linux/arm64", 1),
        ("linux/arm64", "linux/arm", None),
        ("linux/386 linux/amd64", "linux/amd64", 1),
        ("windows/386 linux/386", "linux/amd64", 1),
        ("linux/386 linux/amd64/v2", "linux/amd64/v3", 1),
        ("linux/amd64/v3", "linux/amd64/v2", None),
        ("linux/riscv64", "linux/amd64", None),
        ("linux/arm", "linux/arm/v99999999", None),
    ],
)
def test_which_of_several_serves_best(offered: str, wanted: str, chosen: int | None) -> None:
    found = [platforms.parse(text) for text in offered.split()]
    assert platforms.choose(found, platforms.parse(wanted)) == chosen


def test_an_image_that_says_nothing_is_a_linux_one() -> None:
    assert platforms.of_config({}) == Platform("linux", "")
    assert platforms.of_config({"os": 3, "architecture": ["x"]}) == Platform("linux", "")
