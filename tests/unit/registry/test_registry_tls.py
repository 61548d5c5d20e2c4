"""TLS to registries: whose certificates are believed, and what never leaves it."""

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from boxship.registry.errors import ProtocolError, TransportError
from boxship.registry.http import Http
from boxship.registry.proxies import Proxies
from boxship.registry.settings import RegistrySettings
from boxship.registry.trust import Trust
from boxship.registry.url import parse
from support.certificates import Certificates, issue
from support.fake_registry import FakeRegistry, Reply, running


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"))


def served_by(certificates: Certificates, name: str = "server", clients: bool = False) -> Any:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.cert(name), certificates.key("server"))
    if clients:
        context.load_verify_locations(certificates.cert("ca"))
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def trusting(directory: Path, host: str, certificates: Certificates, *names: str) -> None:
    """Put files where dockerd looks for those of *host*."""
    target = directory / host
    target.mkdir()
    files = {
        "ca.crt": certificates.cert("ca"),
        "client.cert": certificates.cert("client"),
        "client.key": certificates.key("client"),
    }
    for name in names:
        (target / name).write_bytes(Path(files[name]).read_bytes())


def against(
    tls: ssl.SSLContext,
    directory: Path,
    scenario: Callable[[Http, FakeRegistry], Awaitable[Any]],
) -> Any:
    async def run() -> Any:
        async with running(tls) as registry:
            registry.serve("/x", Reply(body=b"hello"))
            http = Http(Proxies(), Trust(RegistrySettings(certificates=directory)).context, 5)
            try:
                return await scenario(http, registry)
            finally:
                http.close()

    return asyncio.run(run())


async def get(http: Http, url: str, insecure: bool = False) -> bytes:
    async with http.request("GET", parse(url), {}, None, insecure) as answer:
        return await answer.read(1000)


def test_unknown_authorities_are_refused(certificates: Certificates, tmp_path: Path) -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        with pytest.raises(TransportError, match="failed to verify certificate: x509"):
            await get(http, f"{registry.base}/x")
        assert registry.asked == []
        assert await get(http, f"{registry.base}/x", insecure=True) == b"hello"
        trusting(tmp_path, registry.host, certificates, "ca.crt")
        assert await get(http, f"{registry.base}/x") == b"hello"

    against(served_by(certificates), tmp_path, scenario)


def test_expired_certificates_are_refused(certificates: Certificates, tmp_path: Path) -> None:
    old = ("-not_before", "20200101000000Z", "-not_after", "20200102000000Z")
    subprocess.run(
        [
            *("openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.pem"),
            *("-CAkey", "ca-key.pem", "-CAcreateserial", *old),
            *("-extfile", "server.ext", "-out", "expired.pem"),
        ],
        cwd=certificates.directory,
        check=True,
        capture_output=True,
    )

    async def scenario(http: Http, registry: FakeRegistry) -> None:
        trusting(tmp_path, registry.host, certificates, "ca.crt")
        with pytest.raises(TransportError, match="expired"):
            await get(http, f"{registry.base}/x")

    against(served_by(certificates, "expired"), tmp_path, scenario)


def test_registries_that_want_certificates(certificates: Certificates, tmp_path: Path) -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> bytes:
        names = ("ca.crt", "client.cert", "client.key")
        trusting(tmp_path, registry.host, certificates, *names)
        return await get(http, f"{registry.base}/x")

    assert against(served_by(certificates, clients=True), tmp_path, scenario) == b"hello"


def test_redirects_do_not_leave_tls(certificates: Certificates, tmp_path: Path) -> None:
    async def scenario(http: Http, registry: FakeRegistry) -> None:
        trusting(tmp_path, registry.host, certificates, "ca.crt")
        async with running() as plain:
            plain.serve("/x", Reply(body=b"plain"))
            registry.serve("/y", Reply(307, {"Location": f"{plain.base}/x"}))
            with pytest.raises(ProtocolError, match="from https to http"):
                await get(http, f"{registry.base}/y")
            assert plain.asked == []

    against(served_by(certificates), tmp_path, scenario)
