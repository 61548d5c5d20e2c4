"""DNS messages: whatever comes in, nothing but FormatError; what goes out, others can read."""

import ipaddress
import struct

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from boxship.sandbox.dns import message, reverse
from boxship.sandbox.dns.message import FormatError
from support import dns

LABEL = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_ABC", min_size=1, max_size=63)
NAME = st.lists(LABEL, min_size=1, max_size=6).map(".".join).filter(lambda name: len(name) < 250)
KIND = st.sampled_from([message.A, message.AAAA, message.PTR, message.MX, 255])


@given(st.binary(max_size=600))
def test_any_bytes_are_a_query_or_a_format_error(data: bytes) -> None:
    if not message.is_query(data):
        return
    try:
        query = message.read_query(data)
    except FormatError:
        answer = dns.read(message.rejection(data))
        assert answer.code in (message.FORMAT_ERROR, message.NOT_IMPLEMENTED)
        return
    answer = dns.read(message.failure(query, message.SERVER_FAILURE))
    assert (answer.number, answer.code) == (query.id, message.SERVER_FAILURE)


@given(NAME, KIND, st.integers(0, 65535), st.data())
def test_a_query_with_any_one_change(
    name: str, kind: int, number: int, data: st.DataObject
) -> None:
    """Pointers into themselves, lengths past the end, counts of records that are not there."""
    query = bytearray(dns.question(name, kind, number, edns=1232))
    query[data.draw(st.integers(12, len(query) - 1))] = data.draw(st.integers(0, 255))
    query = query[: data.draw(st.integers(12, len(query)))]
    try:
        found = message.read_query(bytes(query))
    except FormatError:
        return
    assert len(found.name) < 256 and found.limit >= message.UDP_LIMIT


@given(NAME, KIND, st.integers(0, 65535), st.sampled_from([0, 512, 1232, 4096]))
def test_a_query_says_what_its_sender_wrote(name: str, kind: int, number: int, edns: int) -> None:
    query = message.read_query(dns.question(name, kind, number, edns))
    assert (query.name, query.kind, query.id) == (name.lower(), kind, number)
    assert (query.edns, query.limit) == (edns > 0, max(edns, 512))


@given(
    NAME,
    st.lists(st.binary(min_size=4, max_size=4), max_size=200),
    st.sampled_from([0, 1232, 4096]),
    st.booleans(),
)
def test_an_answer_fits_or_says_that_it_does_not(
    name: str, values: list[bytes], edns: int, tcp: bool
) -> None:
    query = message.read_query(dns.question(name, dns.A, 7, edns))
    limit = message.TCP_LIMIT if tcp else query.limit
    data = message.answers(query, message.A, values, limit)
    answer = dns.read(data)
    assert len(data) <= limit
    assert answer.values == values[: len(answer.values)]
    assert answer.truncated == (len(answer.values) < len(values))
    assert answer.edns == (edns > 0) and answer.number == 7


def test_a_name_that_points_to_itself_has_an_end() -> None:
    header = struct.pack(">6H", 1, 0x0100, 1, 1, 0, 0)
    question = dns.encode("a") + struct.pack(">HH", 1, 1)
    looped = b"\xc0\x13" + struct.pack(">HHIH", 1, 1, 0, 0)
    assert message.read_query(header + question + looped).name == "a"
    with pytest.raises(FormatError):
        message.read_query(header + b"\xc0\x0c" + struct.pack(">HH", 1, 1))


@pytest.mark.parametrize("questions", [0, 2, 65535])
def test_one_question_at_a_time(questions: int) -> None:
    query = bytearray(dns.question("web"))
    query[4:6] = struct.pack(">H", questions)
    with pytest.raises(FormatError):
        message.read_query(bytes(query))


def test_answers_are_not_answered() -> None:
    query = dns.question("web")
    assert message.is_query(query)
    assert not message.is_query(dns.answer(query))
    assert not message.is_query(query[:11])


@given(NAME, NAME)
def test_the_answer_to_another_question_is_none(asked: str, other: str) -> None:
    query = dns.question(asked)
    assert message.answers_to(query, dns.answer(query))
    assert message.answers_to(query, dns.answer(dns.question(asked.swapcase())))
    assert not message.answers_to(query, dns.answer(dns.question(asked, number=2)))
    assert not message.answers_to(query, query)
    assume(asked.lower() != other.lower())
    assert not message.answers_to(query, dns.answer(dns.question(other)))


@given(st.binary(max_size=100))
def test_what_is_no_answer_at_all_answers_nothing(data: bytes) -> None:
    assert not message.answers_to(dns.question("web", number=1), b"\0\2" + data)


@given(NAME)
def test_names_as_data(name: str) -> None:
    assert message.encode_name(name) == dns.encode(name)


@pytest.mark.parametrize("name", ["", "a..b", "x" * 64, ".".join(["abcdefgh"] * 40)])
def test_names_that_no_message_holds(name: str) -> None:
    assert message.encode_name(name) is None


@given(st.ip_addresses())
def test_addresses_have_names_below_arpa(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    assert reverse.address_of(address.reverse_pointer) == address.packed


@given(st.text(max_size=80))
def test_other_names_below_arpa_are_of_no_address(text: str) -> None:
    for suffix in (".in-addr.arpa", ".ip6.arpa"):
        found = reverse.address_of(text.lower() + suffix)
        assert found is None or len(found) in (4, 16)
