"""Texts as Go quotes them."""

import pytest

from boxship.base.go_text import quote, quote_character, quote_list


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", '""'),
        ("é 😀", '"é 😀"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ('\a\b\f\n\r\t\v\\"', r'"\a\b\f\n\r\t\v\\\""'),
        ("\0\x01\x7f", r'"\x00\x01\x7f"'),
        ("\xa0\u200b\u2028\U000e0001", r'"\u00a0\u200b\u2028\U000e0001"'),
        ("\udcff", r'"\xff"'),
    ],
)
def test_what_cannot_be_seen_is_escaped(text: str, shown: str) -> None:
    assert quote(text) == shown


def test_words_stand_between_brackets() -> None:
    assert quote_list([]) == "[]"
    assert quote_list(["a", "b c"]) == '["a" "b c"]'


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (3, r"'\x03'"),
        (ord("'"), r"'\''"),
        (ord('"'), "'\"'"),
        (ord("\\"), r"'\\'"),
        (ord("a"), "'a'"),
        (0xD800, "'\ufffd'"),
        (0x110000, "'\ufffd'"),
    ],
)
def test_any_number_is_a_character(code: int, shown: str) -> None:
    assert quote_character(code) == shown
