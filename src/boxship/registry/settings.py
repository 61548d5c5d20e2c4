"""Where a registry is reached: mirrors, insecure registries, certificates."""

import ipaddress
import os
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from boxship.base.errors import InvalidParameter
from boxship.registry.hosts import Host, parse_mirror

DOCKER_HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


_PLAIN = Host()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that serves a registry's content. *schemes* are tried in turn; *insecure*:
    certificates are not looked at. *prefix* comes before ``/v2/``, *namespace* before the names of
    repositories."""

    host: str
    schemes: tuple[str, ...]
    insecure: bool = False
    mirror: bool = False
    prefix: str = ""
    namespace: str = ""

    def without_checks(self) -> "Endpoint":
        """The same for somebody who takes any certificate, or none."""
        schemes = self.schemes if "http" in self.schemes else (*self.schemes, "http")
        return replace(self, schemes=schemes, insecure=True)


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """In dockerd's terms: *mirrors* (URLs) serve Docker Hub's images, *insecure* are hosts or
    networks, *certificates* holds ``<host>/{*.crt,*.cert,*.key}``, *nondistributable* are those
    (hosts or networks) that may be sent layers which are not to be distributed. *hosts* is the
    table of single registries (:mod:`boxship.registry.hosts`); *proxies* are named ``http-proxy``,
    ``https-proxy`` and ``no-proxy`` and override the environment."""

    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    certificates: Path = Path("/etc/docker/certs.d")
    hosts: Mapping[str, Host] = field(default_factory=dict)
    proxies: Mapping[str, str] = field(default_factory=dict)
    nondistributable: tuple[str, ...] = ()

    def endpoints(self, domain: str, push: bool = False) -> list[Endpoint]:
        """Where to ask for what *domain* has, best first. Mirrors are never pushed to."""
        itself = self._endpoint(_HUB_HOST if domain == DOCKER_HUB else domain)
        if push:
            return [itself]
        general = self.mirrors if domain == DOCKER_HUB else ()
        own = self._row(domain).mirrors
        return [*map(self._own_mirror, own), *map(self._mirror, general), itself]

    def _row(self, host: str) -> Host:
        return self.hosts.get(host, _PLAIN)

    def _endpoint(self, host: str) -> Endpoint:
        if self._row(host).http:
            return Endpoint(host, ("http",), True)
        insecure = self.is_insecure(host)
        return Endpoint(host, ("https", "http") if insecure else ("https",), insecure)

    def _own_mirror(self, text: str) -> Endpoint:
        mirror = parse_mirror(text)
        there = self._endpoint(mirror.host)
        schemes = mirror.schemes or there.schemes
        insecure = there.insecure or schemes == ("http",)
        return Endpoint(mirror.host, schemes, insecure, True, "", mirror.prefix)

    def _mirror(self, url: str) -> Endpoint:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
            raise InvalidParameter(f"invalid mirror: {url!r} is no http or https address")
        insecure = parts.scheme == "http" or self.is_insecure(parts.netloc)
        return Endpoint(parts.netloc, (parts.scheme,), insecure, True, parts.path.rstrip("/"))

    def check(self) -> None:
        """:class:`InvalidParameter` when a mirror is malformed."""
        for domain in (DOCKER_HUB, *self.hosts):
            self.endpoints(domain)

    def takes_nondistributable(self, host: str) -> bool:
        """Whether *host* may be sent layers that are not to be distributed."""
        return _listed(host, self.nondistributable)

    def is_insecure(self, host: str) -> bool:
        """Loopback always is; else *host*, its name or its network has to be listed."""
        name = host_name(host)
        if name == "localhost" or self._row(host).insecure or _listed(host, self.insecure):
            return True
        return _within(name, _LOOPBACK)

    def certificate_files(self, host: str) -> list[Path]:
        """What :meth:`tls` reads for *host* alone, or whose change says that it has changed."""
        directory = self.certificates / host
        row = self._row(host)
        pairs = [Path(path) for pair in row.keypairs for path in pair]
        found = sorted(directory.iterdir()) if directory.is_dir() else []
        return [*found, *map(Path, row.ca), *pairs]

    def tls(self, host: str, insecure: bool) -> ssl.SSLContext:
        """For connections to *host*. :class:`InvalidParameter` for unusable certificates."""
        if insecure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        else:
            context = ssl.create_default_context()
        try:
            self._row(host).add_certificates(context)
            _add_certificates(context, self.certificates / host)
        except (OSError, ssl.SSLError) as error:
            raise InvalidParameter(f"certificates for {host}: {error}") from None
        return context


def host_name(host: str) -> str:
    """*host* without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _listed(host: str, rules: tuple[str, ...]) -> bool:
    name = host_name(host)
    return host in rules or name in rules or _within(name, _networks(rules))


def _within(name: str, networks: Iterable[_Network]) -> bool:
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return any(address in network for network in networks)


def _networks(rules: Iterable[str]) -> Iterable[_Network]:
    for rule in rules:
        try:
            yield ipaddress.ip_network(rule, strict=False)
        except ValueError:
            continue


def _add_certificates(context: ssl.SSLContext, directory: Path) -> None:
    if not directory.is_dir():
        return
    for name in sorted(os.listdir(directory)):
        path = directory / name
        if path.suffix == ".crt":
            context.load_verify_locations(path)
        elif path.suffix == ".cert":
            context.load_cert_chain(path, path.with_suffix(".key"))
