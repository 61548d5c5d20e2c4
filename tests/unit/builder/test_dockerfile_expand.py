"""Words and variables."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.builder.dockerfile.errors import DockerfileError
from boxship.builder.dockerfile.expand import Lexer, split_words

ENV = {"a": "A", "b": "B C", "e": "", "p": "/usr/local/bin", "s": "x.tar.gz", "star": "a*b"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a", "A"),
        ("${a}", "A"),
        ("$ab", ""),
        ("${a}b", "Ab"),
        ("\\$a", "$a"),
        ("'$a'", "$a"),
        ('"$a"', "A"),
        ('"\\$a \\\\ \\x"', "$a \\ \\x"),
        ("$", "$"),
        ("$.", "$."),
        ("a$", "a$"),
        ("$1x", "x"),
        ("${u:-d}", "d"),
        ("${e:-d}", "d"),
        ("${e-d}", ""),
        ("${u-d}", "d"),
        ("${a:-d}", "A"),
        ("${a:+y}", "y"),
        ("${e:+y}", ""),
        ("${e+y}", "y"),
        ("${u+y}", ""),
        ("${u:-${a}}", "A"),
        ("${u:-${v:-$a}}z", "Az"),
        ("${u:-'}'}", "}"),
        ("${a:?no}", "A"),
        ("${p#*/}", "usr/local/bin"),
        ("${p##*/}", "bin"),
        ("${p%/*}", "/usr/local"),
        ("${p%%/*}", ""),
        ("${s%.*}", "x.tar"),
        ("${s%%.*}", "x"),
        ("${s#x}", ".tar.gz"),
        ("${s#y}", "x.tar.gz"),
        ("${p/local/share}", "/usr/share/bin"),
        ("${p//\\//-}", "-usr-local-bin"),
        ("${s/./-}", "x-tar.gz"),
        ("${s//./-}", "x-tar-gz"),
        ("${s/?/y}", "y.tar.gz"),
        ("${s//./$a}", "xAtarAgz"),
        ("${star/\\*/-}", "a-b"),
        ("${s/tar}", "x..gz"),
        ("x'y'\"z\"", "xyz"),
        ("a\\ b", "a b"),
    ],
)
def test_a_word_is_expanded(text: str, value: str) -> None:
    assert Lexer().word(text, ENV) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${a", "syntax error: missing '}'"),
        ("${a:-b", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${a:=b}", "unsupported modifier (:=) in substitution"),
        ("${a!b}", "unsupported modifier (!) in substitution"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ('"a', "unexpected end of statement while looking for matching double-quote"),
        ("${u:?is needed}", "u: is needed"),
        ("${e:?}", "e: is not allowed to be empty"),
        ("${u?}", "u: is not allowed to be unset"),
    ],
)
def test_what_cannot_be_expanded(text: str, message: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        Lexer().word(text, ENV)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b", ["a", "b"]),
        ("$b", ["B", "C"]),
        ('"$b"', ["B C"]),
        ("x$b", ["xB", "C"]),
        ("'' a", ["", "a"]),
        ("$e", []),
        ("a\\ b c", ["a b", "c"]),
    ],
)
def test_expansions_may_become_several_words(text: str, words: list[str]) -> None:
    assert Lexer().words(text, ENV) == words


def test_the_escape_character_is_the_directives() -> None:
    assert Lexer("`").word("C:\\x`$a", ENV) == "C:\\x$a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('a="b c" d', ['a="b c"', "d"]),
        ("a\\ b 'c d'", ["a\\ b", "'c d'"]),
        ('"a\\" b" c', ['"a\\" b"', "c"]),
        ("  ", []),
    ],
)
def test_words_are_split_with_their_quotes(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@given(st.text(alphabet="ab${}:-+?#%/*\\'\" \n", max_size=40))
def test_no_text_breaks_the_lexer(text: str) -> None:
    try:
        Lexer().word(text, ENV)
        Lexer().words(text, ENV)
    except DockerfileError as error:
        assert error.message


@given(st.text(alphabet=string.ascii_letters + string.digits + " ./:,=", max_size=30))
def test_plain_text_stays_itself(text: str) -> None:
    assert Lexer().word(text, {}) == text
    assert Lexer().words(text, {}) == text.split()
    assert split_words(text) == text.split()


@given(st.text(max_size=30))
def test_single_quotes_keep_everything(text: str) -> None:
    content = text.replace("'", "")
    assert Lexer().word(f"'{content}'", ENV) == content


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=8)), st.sampled_from("abc"))
def test_both_spellings_of_a_variable_agree(env: dict[str, str], name: str) -> None:
    assert Lexer().word(f"${name}", env) == Lexer().word(f"${{{name}}}", env) == env.get(name, "")
