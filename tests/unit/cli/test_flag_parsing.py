"""Docker's flag syntax."""

import pytest

from boxship.cli.errors import UsageError
from boxship.cli.flags.flag import Flag, filters, many, switch
from boxship.cli.flags.parser import HelpWanted, parse

FLAGS = (
    switch("interactive", "", "i"),
    switch("tty", "", "t"),
    switch("proxy", "", default=True),
    many("env", "", "e"),
    Flag("name", ""),
    Flag("memory", "", "bytes", short="m"),
    Flag("count", "", "int", short="n", default=-1),
    Flag("network", "", aliases=("net",)),
    filters(),
)


def test_every_way_to_give_a_value() -> None:
    words = ["-it", "-eA=1", "-e", "B", "--env=C=2", "--name", "x", "-m=10k", "--net", "host"]
    found = parse(FLAGS, [*words, "image"])
    assert found.on("interactive") and found.on("tty")
    assert found.texts("env") == ["A=1", "B", "C=2"]
    assert (found.text("name"), found.number("memory")) == ("x", 10240)
    assert found.text("network") == "host"
    assert found.positional == ["image"]


def test_defaults_and_what_was_given() -> None:
    found = parse(FLAGS, ["--proxy=false"])
    assert not found.on("proxy") and found.given("proxy")
    assert found.number("count") == -1 and not found.given("count")
    assert parse(FLAGS, []).on("proxy")


def test_the_first_positional_may_end_the_flags() -> None:
    assert parse(
        FLAGS, ["-i", "image", "ls", "-t", "--", "--x"], interspersed=False
    ).positional == [
        "image",
        "ls",
        "-t",
        "--",
        "--x",
    ]
    found = parse(FLAGS, ["image", "-t", "--", "-i", "-"])
    assert found.on("tty") and found.positional == ["image", "-i", "-"]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--nam", "x"], "unknown flag: --nam"),
        (["-itd"], "unknown shorthand flag: 'd' in -d"),
        (["--name"], "flag needs an argument: --name"),
        (["-it", "-e"], "flag needs an argument: 'e' in -e"),
        (["--=x"], "bad flag syntax: --=x"),
        (["---x"], "bad flag syntax: ---x"),
        (["-m", "x"], 'invalid argument "x" for "-m, --memory" flag: invalid size: \'x\''),
        (
            ["--tty=maybe"],
            'invalid argument "maybe" for "-t, --tty" flag: '
            'strconv.ParseBool: parsing "maybe": invalid syntax',
        ),
        (
            ["-f", "x"],
            'invalid argument "x" for "-f, --filter" flag: '
            "bad format of filter (expected name=value)",
        ),
    ],
)
def test_wrong_flags_in_dockers_words(words: list[str], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(FLAGS, words)
    assert str(caught.value) == text


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["-ih"]])
def test_help_ends_everything(words: list[str]) -> None:
    with pytest.raises(HelpWanted):
        parse(FLAGS, [*words, "--no-such-flag"])
