"""Failed logins count for a network that one client owns."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from boxship.base.errors import NotSupported
from boxship.hub.auth.logins import network_of
from boxship.hub.storage.sqlite import accounts
from boxship.hub.storage.sqlite.schema import MIGRATIONS
from boxship.hub.storage.sqlite.store import SqliteMetadata


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_address_counts_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


async def _attempts(path: Path) -> None:
    store = SqliteMetadata(path)
    try:
        for number in range(20):
            await store.attempt({"kept": 60, f"name {number}": 5}, 100.0 + number, 60.0)
    finally:
        store.close()


def test_counters_of_failed_logins_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_MOST_ATTEMPTS", 8)
    asyncio.run(_attempts(tmp_path / "hub.sqlite"))
    rows = dict(sqlite3.connect(tmp_path / "hub.sqlite").execute("SELECT key, count FROM attempts"))
    assert len(rows) == 8 and rows["kept"] == 20


def test_an_older_database_loses_secrets_of_unknown_origin(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    old = sqlite3.connect(path)
    old.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version=2;")
    old.execute("INSERT INTO users VALUES ('alice', 'hash', 0, 1)")
    for kind, most in (("machine", 2), ("refresh", 2), ("refresh", 4), ("session", 1)):
        old.execute(
            "INSERT INTO secrets (digest, user, kind, label, most, created)"
            " VALUES (?, 'alice', ?, '', ?, 1)",
            (f"{kind} {most}", kind, most),
        )
    old.commit()
    old.close()
    SqliteMetadata(path).close()
    left = sqlite3.connect(path).execute("SELECT digest FROM secrets ORDER BY id").fetchall()
    assert left == [("machine 2",), ("refresh 4",)]


def test_a_database_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hub.sqlite"
    SqliteMetadata(path).close()
    newer = sqlite3.connect(path)
    newer.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(NotSupported, match="newer release"):
        SqliteMetadata(path)
