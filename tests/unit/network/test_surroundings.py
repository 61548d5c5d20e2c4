"""What is read from other programs' rules, and the text of our own."""

import ipaddress
from pathlib import Path

import pytest

from boxship.kernel.nft_events import generation_authors
from boxship.network import ruleset
from boxship.network.foreign_rules import _position, read_points
from boxship.network.ruleset import Publication, Publishing
from boxship.network.surroundings import (
    FIREWALLD,
    Chain,
    Point,
    ends_in_refusal,
    parse_chains,
    survey,
)

_TEXT = """\
table ip filter {
	chain INPUT {
		type filter hook input priority filter; policy drop;
	}
	chain FORWARD {
		type filter hook forward priority filter; policy drop;
	}
	chain DOCKER-USER {
	}
	chain ufw-user-forward {
	}
}
table ip nat {
	chain PREROUTING {
		type nat hook prerouting priority dstnat; policy accept;
	}
}
table inet firewalld {
	chain filter_FORWARD {
		type filter hook forward priority filter + 10; policy accept;
	}
}
table inet boxship_1234 {
	chain forward {
		type filter hook forward priority filter - 10; policy drop;
	}
}
table netdev x {
	chain in {
		type filter hook ingress device "eth0" priority filter; policy drop;
	}
}
"""


def test_chains_of_others() -> None:
    chains = parse_chains(_TEXT)
    assert [each.place for each in chains] == [
        "ip filter INPUT",
        "ip filter FORWARD",
        "ip filter DOCKER-USER",
        "ip filter ufw-user-forward",
        "ip nat PREROUTING",
        "inet firewalld filter_FORWARD",
        "netdev x in",
    ]
    assert chains[1] == Chain("ip", "filter", "FORWARD", "filter", "forward", "drop")
    assert chains[2].hook == ""


def test_one_point_for_a_chain_that_drops() -> None:
    chains = parse_chains(_TEXT)
    found = survey(chains, [])
    # Packets come through DOCKER-USER first: what passes there need not pass again.
    assert found.points == (Point("dockerd", "ip", "DOCKER-USER"),)
    assert (found.obstacles, found.closed) == ((), ("ip filter INPUT",))
    assert survey(chains, [chains[5]]).points == (*found.points, FIREWALLD)
    without = [each for each in chains if each.name != "DOCKER-USER"]
    assert survey(without, []).points == (Point("ufw", "ip", "ufw-user-forward"),)
    bare = [each for each in without if each.name != "ufw-user-forward"]
    assert survey(bare, []).points == ()
    assert survey(bare, []).obstacles == ("ip filter FORWARD",)


@pytest.mark.parametrize(
    ("rule", "refuses"),
    [
        ("drop", True),
        ("counter packets 3 bytes 180 drop", True),
        ("reject with icmpx admin-prohibited", True),
        ('iifname "lo" drop', False),
        ("accept", False),
        ("type filter hook input priority filter; policy accept;", False),
    ],
)
def test_last_rules(rule: str, refuses: bool) -> None:
    text = f"table inet a {{\n\tchain b {{\n\t\taccept\n\t\t{rule}\n\t}}\n}}\n"
    assert ends_in_refusal(text) is refuses


def test_our_rule_comes_after_the_users() -> None:
    user = "-A DOCKER-USER -s 10.0.0.1/32 -j DROP"
    assert _position([user, "-A DOCKER-USER -j RETURN"], "DOCKER-USER") == 2
    assert _position([user], "DOCKER-USER") == 2
    assert _position([], "ufw-user-forward") == 1


def _message(kind: int, port: int) -> bytes:
    return b"".join(
        [
            (24).to_bytes(4, "little"),
            kind.to_bytes(2, "little"),
            bytes(6),
            port.to_bytes(4, "little"),
            bytes(8),
        ]
    )


def test_authors_of_transactions() -> None:
    data = _message(0x0A00, 5) + _message(0x0A0F, 7) + _message(0x0A0F, 9)
    assert generation_authors(data) == {7, 9}
    assert generation_authors(data[:-3]) == {7, 9}
    assert generation_authors(b"\0" * 40) == set()


def _row(host: str, target: str) -> Publication:
    return Publication("tcp", ipaddress.ip_address(host), 80, ipaddress.ip_address(target), 8080)


@pytest.mark.parametrize(
    ("host", "target", "translated", "proxied"),
    [
        ("0.0.0.0", "10.0.0.2", True, False),
        ("127.0.0.1", "10.0.0.2", True, False),
        ("::", "fd00::2", True, True),
        ("::1", "fd00::2", False, True),
        ("2001:db8::1", "fd00::2", True, False),
        ("::", "10.0.0.2", False, True),
        ("0.0.0.0", "fd00::2", False, True),
    ],
)
def test_what_takes_a_process(host: str, target: str, translated: bool, proxied: bool) -> None:
    row = _row(host, target)
    assert (row.translated, row.proxied) == (translated, proxied)
    assert bool(ruleset.publication_elements(row)) == translated


def test_the_keys_of_publications() -> None:
    assert ruleset.publishing("t", _row("0.0.0.0", "10.0.0.2")) == (
        "add element inet t published { tcp . 80 : 10.0.0.2 . 8080 }\n"
    )
    assert ruleset.publishing("t", _row("2001:db8::1", "fd00::2")) == (
        "add element inet t published6_at { 2001:db8::1 . tcp . 80 : fd00::2 . 8080 }\n"
    )


def test_rules_for_one_version() -> None:
    text = ruleset.table("t", Publishing(rules6=False))
    assert text.count("meta nfproto ipv6 accept") == text.count("type filter hook") + text.count(
        "type nat hook"
    )
    assert "meta nfproto ipv" not in ruleset.table("t")
    assert "admitted" not in ruleset.table("t") and "admitted" in ruleset.table(
        "t", Publishing(guarded=True)
    )


@pytest.mark.parametrize(
    ("rule", "refuses"),
    [
        ('log prefix "drop: " drop', True),
        (
            'counter packets 1 bytes 2 log prefix "a b" flags all counter packets 0 bytes 0 drop',
            True,
        ),
        ('drop comment "it\'s all"', True),
        (
            "log flags tcp sequence,options flags ip options reject with icmpx admin-prohibited",
            True,
        ),
        ("log group 5 snaplen 20 drop", True),
        ('counter name "lost" drop', True),
        ('log prefix "drop"', False),
        ('ip saddr 1.1.1.1 log prefix "x" drop', False),
        ("limit rate 5/minute burst 5 packets drop", False),
        ('accept comment "drop"', False),
    ],
)
def test_what_refuses_everything(rule: str, refuses: bool) -> None:
    text = f"table inet t {{\n\tchain c {{\n\t\ttcp dport 22 accept\n\t\t{rule}\n\t}}\n}}\n"
    assert ends_in_refusal(text) is refuses


_ODD = """\
# Warning: table ip filter is managed by iptables-nft, do not touch!
table ip filter { # progname iptables
\tcomment "table x {"
\tchain x;y} {
\t}
}
table inet w x;flush ruleset {
\tchain q w {
\t\tcomment "type filter hook input priority filter; policy drop;"
\t\ttype filter hook forward priority filter; policy drop;
\t}
}
"""


def test_odd_names_are_seen_as_they_are_and_never_said() -> None:
    found = parse_chains(_ODD)
    assert found == [
        Chain("ip", "filter", "x;y}"),
        Chain("inet", "w x;flush ruleset", "q w", "filter", "forward", "drop"),
    ]
    assert not any(each.can_be_named for each in found)
    assert survey(found, []).obstacles == ("inet w x;flush ruleset q w",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[[]]",
        '[["dockerd", "ipx", "A"]]',
        "[[1, 2, 3]]",
        '[["sh", "ip", "INPUT"]]',
        '[["dockerd", "ip", "-F"]]',
        '[["firewalld", "", 5]]',
        '[["dockerd", "ip", "DOCKER-USER", "more"]]',
        "\0\0\0",
        "[",
    ],
)
def test_a_record_that_is_none_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "record").write_text(text)
    assert read_points(tmp_path / "record") == []


def test_a_record_is_read(tmp_path: Path) -> None:
    rows = '[["dockerd", "ip", "DOCKER-USER"], ["firewalld", "", "br0"]]'
    (tmp_path / "record").write_text(rows)
    assert read_points(tmp_path / "record") == [
        Point("dockerd", "ip", "DOCKER-USER"),
        Point("firewalld", "", "br0"),
    ]
