"""The table of registries in a daemon's configuration: who mirrors a host, and how it is reached.

``{HOST: {"mirrors": [...], "http": bool, "insecure": bool, "ca": [...], "keypair": [...]}}``, the
names being those of BuildKit's ``[registry."HOST"]``.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from boxship.base.errors import InvalidParameter


@dataclass(frozen=True, slots=True)
class Host:
    """One row. *mirrors*: ``host[:port][/prefix]`` or a URL; the prefix comes before the names of
    repositories. *http*: no TLS at all. *insecure*: certificates are not looked at. *ca*: files of
    authorities to trust. *keypairs*: (certificate, key) files to show."""

    mirrors: tuple[str, ...] = ()
    http: bool = False
    insecure: bool = False
    ca: tuple[str, ...] = ()
    keypairs: tuple[tuple[str, str], ...] = ()

    def add_certificates(self, context: ssl.SSLContext) -> None:
        """``OSError`` or ``ssl.SSLError`` for files that cannot be used."""
        for path in self.ca:
            context.load_verify_locations(Path(path))
        for certificate, key in self.keypairs:
            context.load_cert_chain(certificate, key)


@dataclass(frozen=True, slots=True)
class Mirror:
    """*schemes* are empty when the row of *host* decides."""

    host: str
    prefix: str
    schemes: tuple[str, ...] = ()


def parse_mirror(text: str) -> Mirror:
    """:class:`InvalidParameter` for what is no host with an optional path."""
    has_scheme = "://" in text
    try:
        parts = urlsplit(text if has_scheme else f"https://{text}")
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong or parts.query or parts.fragment or parts.username is not None:
        raise InvalidParameter(f"invalid mirror: {text!r} is no host[:port][/prefix]")
    return Mirror(parts.netloc, parts.path.strip("/"), (parts.scheme,) if has_scheme else ())


def read_hosts(table: Any) -> dict[str, Host]:
    """The rows of *table*, as JSON has it. :class:`InvalidParameter` names what is wrong."""
    if not isinstance(table, Mapping):
        raise InvalidParameter("invalid registries: expected an object of hosts")
    return {str(host): _row(str(host), row) for host, row in table.items()}


def _row(host: str, row: Any) -> Host:
    if not isinstance(row, Mapping):
        raise InvalidParameter(f"invalid registries: {host}: expected an object")
    unknown = sorted(set(row) - {"mirrors", "http", "insecure", "ca", "keypair"})
    if unknown:
        raise InvalidParameter(f"invalid registries: {host}: unknown setting {unknown[0]!r}")
    mirrors = _texts(host, row, "mirrors")
    for text in mirrors:
        parse_mirror(text)
    pairs = row.get("keypair") or []
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise InvalidParameter(
            f'invalid registries: {host}: keypair: expected [{{"cert": FILE, "key": FILE}}]'
        )
    return Host(
        mirrors,
        _switch(host, row, "http"),
        _switch(host, row, "insecure"),
        _texts(host, row, "ca"),
        tuple((pair["cert"], pair["key"]) for pair in pairs),
    )


def _is_pair(pair: Any) -> bool:
    keys = ("cert", "key")
    return isinstance(pair, Mapping) and all(isinstance(pair.get(key), str) for key in keys)


def _texts(host: str, row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = row.get(name) or []
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise InvalidParameter(f"invalid registries: {host}: {name}: expected a list of texts")
    return tuple(found)


def _switch(host: str, row: Mapping[str, Any], name: str) -> bool:
    found = row.get(name, False)
    if not isinstance(found, bool):
        raise InvalidParameter(f"invalid registries: {host}: {name}: expected true or false")
    return found
