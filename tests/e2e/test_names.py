"""Containers that find each other by name, as users of the docker command line see it."""

import ipaddress
from collections.abc import Iterator

import pytest

from boxship.network import namespace
from support import dns, inside
from support.engines import Engine

NET, OTHER = "names-one", "names-two"
# Nobody answers there, and at once: what containers do not know, nobody does.
NO_SERVER = ("--dns", "127.1.1.1")


@pytest.fixture(scope="module")
def networks(boxship_daemon: Engine) -> Iterator[Engine]:
    for name in (NET, OTHER):
        boxship_daemon.docker("network", "create", name)
    yield boxship_daemon
    boxship_daemon.docker("network", "rm", NET, OTHER)


@pytest.fixture
def engine(networks: Engine) -> Iterator[Engine]:
    """With ``web``, which serves a page on port 80, and ``asker``, both on one network."""
    page = "mkdir /w; echo hello > /w/index.html; exec httpd -f -h /w"
    web = ("--name", "web", "--network-alias", "www", "busybox", "sh", "-c", page)
    inside.start(networks, *NO_SERVER, "--network", NET, *web)
    inside.start(
        networks, *NO_SERVER, "--network", NET, "--name", "asker", "busybox", "sleep", "1000"
    )
    yield networks
    networks.remove_containers()


def address(engine: Engine, name: str, network: str = NET) -> str:
    endpoint = inside.inspect(engine, name)["NetworkSettings"]["Networks"][network]
    return str(endpoint["IPAddress"])


def lookup(engine: Engine, name: str, asker: str = "asker") -> list[str]:
    """Addresses that nslookup shows inside *asker*."""
    done = engine.docker("exec", asker, "nslookup", "-type=a", name, check=False)
    lines = done.stdout.partition("Non-authoritative")[2].splitlines()
    return [line.split()[1] for line in lines if line.startswith("Address")]


def knows(engine: Engine, name: str, asker: str = "asker") -> bool:
    """As :func:`lookup`, but quick to say no: nslookup would ask again and again."""
    joined = namespace.of_process(inside.pid_of(engine, asker))
    try:
        return bool(joined.run(lambda: dns.ask_udp(dns.question(name))).values)
    finally:
        joined.close()


def content(engine: Engine, path: str, name: str = "asker") -> str:
    return engine.docker("exec", name, "cat", path).stdout


def test_two_containers_find_each_other(engine: Engine) -> None:
    assert lookup(engine, "web") == [address(engine, "web")]
    assert lookup(engine, "asker", asker="web") == [address(engine, "asker")]
    page = engine.docker("exec", "asker", "wget", "-qO-", "http://web/").stdout
    assert page == "hello\n"


def test_aliases_short_ids_and_the_networks_name(engine: Engine) -> None:
    wanted = [address(engine, "web")]
    short = inside.inspect(engine, "web")["Id"][:12]
    for name in ("www", short, "WEB", f"web.{NET}", f"www.{NET}"):
        assert lookup(engine, name) == wanted, name
    assert not knows(engine, f"web.{OTHER}")


def test_addresses_lead_back(engine: Engine) -> None:
    reverse = ".".join(reversed(address(engine, "web").split("."))) + ".in-addr.arpa"
    done = engine.docker("exec", "asker", "nslookup", "-type=ptr", reverse)
    assert f"name = web.{NET}" in done.stdout


def test_a_shared_alias_has_all_addresses(engine: Engine) -> None:
    for name in ("one", "two"):
        words = ("--network", NET, "--network-alias", "both", "--name", f"w-{name}")
        inside.start(engine, *words, "busybox", "sleep", "1000")
    wanted = {address(engine, "w-one"), address(engine, "w-two")}
    assert set(lookup(engine, "both")) == wanted


def test_connecting_and_disconnecting_while_running(engine: Engine) -> None:
    inside.start(engine, *NO_SERVER, "--name", "late", "busybox", "sleep", "1000")
    assert "127.0.0.11" not in content(engine, "/etc/resolv.conf", "late")
    engine.docker("network", "connect", "--alias", "l8", NET, "late")
    assert "nameserver 127.0.0.11\n" in content(engine, "/etc/resolv.conf", "late")
    own = f"{address(engine, 'late')}\t"
    assert own in content(engine, "/etc/hosts", "late")
    assert lookup(engine, "web", asker="late") == [address(engine, "web")]
    assert lookup(engine, "l8") == lookup(engine, "late") == [address(engine, "late")]
    engine.docker("network", "disconnect", NET, "late")
    assert own not in content(engine, "/etc/hosts", "late")
    assert not (knows(engine, "late") or knows(engine, "web", asker="late"))


def test_each_network_has_names_of_its_own(engine: Engine) -> None:
    inside.start(
        engine, *NO_SERVER, "--network", OTHER, "--name", "apart", "busybox", "sleep", "1000"
    )
    assert not (knows(engine, "apart") or knows(engine, "web", asker="apart"))
    engine.docker("network", "connect", "--alias", "here", OTHER, "asker")
    assert lookup(engine, "apart") == [address(engine, "apart", OTHER)]
    assert lookup(engine, "here", asker="apart") == [address(engine, "asker", OTHER)]
    assert lookup(engine, "web") == [address(engine, "web")]


def test_renaming_and_ending(engine: Engine) -> None:
    found = [address(engine, "web")]
    engine.docker("rename", "web", "site")
    assert lookup(engine, "site") == found and not knows(engine, "web")
    engine.docker("stop", "-t", "0", "site")
    assert not (knows(engine, "site") or knows(engine, "www"))
    engine.docker("start", "site")
    assert lookup(engine, "www") == [address(engine, "site")]


def test_links_are_names_that_one_container_uses(engine: Engine) -> None:
    words = ("--network", NET, "--link", "web:page", "--name", "linker")
    inside.start(engine, *words, "busybox", "sleep", "1000")
    assert lookup(engine, "page", asker="linker") == [address(engine, "web")]
    assert not knows(engine, "page")


def test_files_that_the_user_has_edited_are_left_alone(engine: Engine) -> None:
    inside.start(engine, *NO_SERVER, "--name", "late", "busybox", "sleep", "1000")
    script = "echo '# mine' >> /etc/resolv.conf; echo 9.9.9.9 nine >> /etc/hosts"
    engine.docker("exec", "late", "sh", "-c", script)
    edited = content(engine, "/etc/resolv.conf", "late")
    engine.docker("network", "connect", NET, "late")
    assert content(engine, "/etc/resolv.conf", "late") == edited
    hosts = content(engine, "/etc/hosts", "late")
    assert "9.9.9.9 nine\n" in hosts and f"{address(engine, 'late')}\t" in hosts


def test_a_joined_network_has_its_owners_names(engine: Engine) -> None:
    inside.start(
        engine, "--network", "container:asker", "--name", "guest", "busybox", "sleep", "1000"
    )
    assert lookup(engine, "web", asker="guest") == [address(engine, "web")]


def test_linked_containers_of_the_default_bridge(engine: Engine) -> None:
    inside.start(
        engine, "--name", "db", "--expose", "5432", "-e", "MODE=x", "busybox", "sleep", "1000"
    )
    inside.start(engine, "--name", "app", "--link", "db:store", "busybox", "sleep", "1000")
    found = address(engine, "db", "bridge")
    assert f"{found}\tstore " in content(engine, "/etc/hosts", "app")
    environment = engine.docker("exec", "app", "env").stdout.splitlines()
    assert f"STORE_PORT_5432_TCP=tcp://{found}:5432" in environment
    assert {"STORE_NAME=/app/store", "STORE_ENV_MODE=x"} <= set(environment)
    engine.docker("rename", "db", "db2")
    engine.docker("rename", "app", "app2")
    assert inside.inspect(engine, "app2")["HostConfig"]["Links"] == ["/db2:/app2/store"]
    assert "STORE_NAME=/app2/store" in engine.docker("exec", "app2", "env").stdout.splitlines()
    assert engine.docker("ps", "--no-trunc", "--format", "{{.Names}}").stdout.splitlines()[1] == (
        "db2,app2/store"
    )


def test_a_linked_container_that_comes_back_elsewhere_is_found_again(engine: Engine) -> None:
    inside.start(engine, "--name", "db", "busybox", "sleep", "1000")
    inside.start(engine, "--name", "app", "--link", "db", "busybox", "sleep", "1000")
    engine.docker("stop", "-t", "0", "db")
    refused = engine.docker("exec", "app", "true", check=False).stderr
    assert "Cannot link to a non running container: /db AS /app/db" in refused
    inside.start(engine, "--name", "taker", "busybox", "sleep", "1000")
    engine.docker("start", "db")
    found = address(engine, "db", "bridge")
    assert f"{found}\tdb " in content(engine, "/etc/hosts", "app")


def test_a_link_to_a_removed_container_can_be_taken_away(engine: Engine) -> None:
    inside.start(engine, "--name", "db", "busybox", "sleep", "1000")
    inside.start(engine, "--name", "app", "--link", "db:store", "busybox", "sleep", "1000")
    engine.docker("rm", "-f", "db")
    assert inside.inspect(engine, "app")["HostConfig"]["Links"] == ["/db:/app/store"]
    refused = engine.docker("restart", "-t", "0", "app", check=False).stderr
    assert "Cannot link to a non running container: /db AS /app/store" in refused
    engine.docker("rm", "--link", "/app/store")
    engine.docker("start", "app")
    assert "store" not in content(engine, "/etc/hosts", "app")


def test_host_gateway_is_this_host(engine: Engine) -> None:
    words = ("--network", NET, "--add-host", "up:host-gateway", "busybox", "cat", "/etc/hosts")
    gateway = engine.docker(
        "network", "inspect", "-f", "{{(index .IPAM.Config 0).Gateway}}", "bridge"
    ).stdout.strip()
    assert f"{gateway}\tup\n" in inside.run(engine, *words)


def test_addresses_of_both_versions(boxship_daemon: Engine) -> None:
    net = "names-six"
    boxship_daemon.docker("network", "create", "--ipv6", "--subnet", "fd00:6e::/64", net)
    try:
        inside.start(boxship_daemon, "--network", net, "--name", "six", "busybox", "sleep", "1000")
        endpoint = inside.inspect(boxship_daemon, "six")["NetworkSettings"]["Networks"][net]
        both = [endpoint["IPAddress"], endpoint["GlobalIPv6Address"]]
        told = boxship_daemon.docker("exec", "six", "nslookup", "six").stdout
        assert all(f"Address: {each}\n" in told for each in both), told
        reverse = ipaddress.ip_address(both[1]).reverse_pointer
        named = boxship_daemon.docker("exec", "six", "nslookup", "-type=ptr", reverse)
        assert f"name = six.{net}" in named.stdout
        hosts = boxship_daemon.docker("exec", "six", "cat", "/etc/hosts").stdout
        assert all(f"{each}\t" in hosts for each in both)
    finally:
        boxship_daemon.remove_containers()
        boxship_daemon.docker("network", "rm", net)
