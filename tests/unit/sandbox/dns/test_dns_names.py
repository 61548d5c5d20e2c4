"""Who is found under which name, by whom."""

import itertools

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from boxship.sandbox.dns.names import Endpoint, Names, View

ONE, TWO, THREE = b"\x0a\0\0\1", b"\x0a\0\0\2", b"\xfd" + bytes(14) + b"\3"
CONTAINERS, NETWORKS, NAMES = ("c1", "c2", "c3"), ("n1", "n2"), ("web", "db", "Cache")


def names() -> Names:
    known = Names()
    known.join("c1", "n1", Endpoint("front", ["web", "www", "c1c1c1"], [ONE, THREE]))
    known.join("c2", "n1", Endpoint("front", ["web2", "www"], [TWO]))
    known.join("c2", "n2", Endpoint("back", ["web2", "store"], [TWO]))
    return known


def view(*networks: str, links: dict[str, dict[str, str]] | None = None) -> View:
    titles = {"n1": "front", "n2": "back"}
    return View(names(), [(each, titles[each]) for each in networks], links or {})


def test_names_and_aliases_in_any_case() -> None:
    both = view("n1")
    assert sorted(both.addresses("web") or []) == [ONE, THREE]
    assert sorted(both.addresses("c1c1c1") or []) == [ONE, THREE]
    assert View(names(), [("n1", "front")], {}).addresses("nobody") is None
    known = Names()
    known.join("c", "n1", Endpoint("front", ["WeB"], [ONE]))
    assert View(known, [("n1", "front")], {}).addresses("web") == [ONE]


def test_each_who_shares_a_name_is_the_first_now_and_then() -> None:
    shared = view("n1")
    found = [shared.addresses("www") or [] for _ in range(200)]
    assert all(sorted(each) == [ONE, TWO, THREE] for each in found)
    assert {each[0] for each in found} == {ONE, TWO, THREE}


def test_networks_that_one_is_not_on_are_not_seen() -> None:
    assert view("n2").addresses("web") is None
    assert view("n2").name_of(ONE) is None
    assert view().addresses("web") is None


def test_a_name_may_say_its_network() -> None:
    both = view("n1", "n2")
    assert sorted(both.addresses("web.front") or []) == [ONE, THREE]
    assert both.addresses("web.back") is None
    assert both.addresses("store.back") == both.addresses("store.BACK".lower()) == [TWO]


def test_links_are_seen_by_the_one_who_has_them_and_win() -> None:
    linked = view("n1", links={"n1": {"database": "web2", "web": "web2"}})
    assert linked.addresses("database") == linked.addresses("web") == [TWO]
    assert view("n1").addresses("database") is None


def test_addresses_lead_back_to_name_and_network() -> None:
    assert view("n1").name_of(THREE) == "web.front"
    assert view("n2", "n1").name_of(TWO) == "web2.back"


class Joining(RuleBasedStateMachine):
    """Whatever comes and goes, what is found is what is there."""

    def __init__(self) -> None:
        super().__init__()
        self.names = Names()
        self.there: dict[tuple[str, str], tuple[list[str], list[bytes]]] = {}

    @rule(
        container=st.sampled_from(CONTAINERS),
        network=st.sampled_from(NETWORKS),
        called=st.lists(st.sampled_from(NAMES), unique=True),
        addresses=st.lists(st.binary(min_size=4, max_size=4), unique=True, max_size=2),
    )
    def join(self, container: str, network: str, called: list[str], addresses: list[bytes]) -> None:
        self.names.join(container, network, Endpoint("net", called, addresses))
        self.there[container, network] = (called, addresses)

    @rule(container=st.sampled_from(CONTAINERS), network=st.sampled_from(NETWORKS))
    def part(self, container: str, network: str) -> None:
        self.names.part(container, network)
        self.there.pop((container, network), None)

    @rule(container=st.sampled_from(CONTAINERS))
    def forget(self, container: str) -> None:
        self.names.forget(container)
        self.there = {key: row for key, row in self.there.items() if key[0] != container}

    @invariant()
    def found_is_there(self) -> None:
        for network in NETWORKS:
            for name in NAMES:
                rows = [
                    addresses
                    for (_, where), (called, addresses) in self.there.items()
                    if where == network and name in called
                ]
                found = self.names.addresses(network, name.lower())
                wanted = sorted(itertools.chain.from_iterable(rows)) if rows else None
                assert (sorted(found) if found is not None else None) == wanted


TestJoining = Joining.TestCase


@given(st.text(max_size=60))
def test_any_text_may_be_asked_for(name: str) -> None:
    found = view("n1", "n2", links={"n1": {"x": "web"}}).addresses(name.lower())
    assert found is None or found
