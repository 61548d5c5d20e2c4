"""Where a registry is reached: mirrors, insecure registries, certificates."""

import ipaddress
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from boxship.base.errors import InvalidParameter

DOCKER_HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"
_LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host that serves a registry's content. *schemes* are tried in turn; *insecure*:
    certificates are not looked at. *prefix* comes before ``/v2/``."""

    host: str
    schemes: tuple[str, ...]
    insecure: bool = False
    mirror: bool = False
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class RegistrySettings:
    """In dockerd's terms: *mirrors* (URLs) serve Docker Hub's images, *insecure* are hosts or
    networks, *certificates* holds ``<host>/{*.crt,*.cert,*.key}``."""

    mirrors: tuple[str, ...] = ()
    insecure: tuple[str, ...] = ()
    certificates: Path = Path("/etc/docker/certs.d")

    def endpoints(self, domain: str, push: bool = False) -> list[Endpoint]:
        """Where to ask for what *domain* has, best first. Mirrors are never pushed to."""
        if domain != DOCKER_HUB:
            return [self._endpoint(domain)]
        mirrors = [] if push else [self._mirror(url) for url in self.mirrors]
        return [*mirrors, self._endpoint(_HUB_HOST)]

    def _endpoint(self, host: str) -> Endpoint:
        insecure = self.is_insecure(host)
        return Endpoint(host, ("https", "http") if insecure else ("https",), insecure)

    def _mirror(self, url: str) -> Endpoint:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query:
            raise InvalidParameter(f"invalid mirror: {url!r} is no http or https address")
        insecure = parts.scheme == "http" or self.is_insecure(parts.netloc)
        return Endpoint(parts.netloc, (parts.scheme,), insecure, True, parts.path.rstrip("/"))

    def is_insecure(self, host: str) -> bool:
        """Loopback always is; else *host*, its name or its network has to be listed."""
        name = host_name(host)
        if name == "localhost" or host in self.insecure or name in self.insecure:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        networks = [*_LOOPBACK, *_networks(self.insecure)]
        return any(address in network for network in networks)

    def tls(self, host: str, insecure: bool) -> ssl.SSLContext:
        """For connections to *host*. :class:`InvalidParameter` for unusable certificates."""
        context = ssl.create_default_context()
        if insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        try:
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


def _networks(
    rules: Iterable[str],
) -> "Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]":
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
