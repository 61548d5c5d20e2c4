"""A registry leads nobody to what answers at this machine's link-local addresses."""

import subprocess
import sys

from support.requirements import require_root, require_tool

_AT_LINK_LOCAL = """
import asyncio, sys
from boxship.registry.errors import TransportError
from boxship.registry.http import Http
from boxship.registry.proxies import Proxies
from boxship.registry.settings import RegistrySettings
from boxship.registry.url import parse
from support.fake_registry import Reply, running

async def main():
    said = []
    async def secrets(reader, writer):
        said.append(await reader.readuntil(b"\\r\\n\\r\\n"))
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    server = await asyncio.start_server(secrets, "169.254.169.254", 80)
    http = Http(Proxies(), RegistrySettings().tls, 2.0)
    async with running() as registry:
        for there in ("http://169.254.169.254/latest", "http://[::ffff:169.254.169.254]/latest"):
            registry.serve("/x", Reply(302, {"Location": there}))
            for url, led in ((f"{registry.base}/x", False), (there, True)):
                try:
                    async with http.request("GET", parse(url), {}, None, True, led):
                        sys.exit(f"{url} was answered")
                except TransportError as error:
                    assert "link-local" in str(error), error
        assert said == []
        # Whom the user names is the user's affair.
        async with http.request("GET", parse("http://169.254.169.254/"), {}) as answer:
            assert await answer.read(9) == b"{}"
    http.close()
    server.close()

asyncio.run(main())
"""


def test_nobody_is_led_to_the_machines_own_services() -> None:
    require_root()
    require_tool("unshare", "ip")
    script = 'ip link set lo up; ip addr add 169.254.169.254/32 dev lo; exec "$@"'
    command = ["unshare", "--net", "sh", "-c", script, "sh", sys.executable, "-c", _AT_LINK_LOCAL]
    done = subprocess.run(
        command, env={"PYTHONPATH": ":".join(sys.path)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
