"""Which sockets the daemon opens, and what it warns of."""

import pytest

from boxship.base.errors import InvalidParameter
from boxship.daemon import config
from boxship.daemon.sockets import DOCKER_SOCKET, addresses, open_sockets, warnings


@pytest.mark.parametrize("host", ["tcp://0.0.0.0:0", "0.0.0.0:0"])
def test_a_socket_for_everybody_is_refused(host: str) -> None:
    settings = config.load(["-H", host])
    with pytest.raises(InvalidParameter, match="--insecure-tcp"):
        open_sockets(settings)


@pytest.mark.parametrize(
    "words", [["-H", "tcp://127.0.0.1:0"], ["-H", "tcp://0.0.0.0:0", "--insecure-tcp"]]
)
def test_a_loopback_socket_and_one_that_is_asked_for_are_opened(words: list[str]) -> None:
    for sock, tls in open_sockets(config.load(words)):
        assert tls is None
        sock.close()


def test_hosts_without_encryption_are_warned_of() -> None:
    (warning,) = warnings(config.load(["-H", "unix:///x", "-H", "tcp://127.0.0.1:2375"]))
    assert warning.startswith("WARNING: API is accessible on http://127.0.0.1:2375 without enc")
    assert "equivalent to root access on the host. Refer\n" in warning
    (warning,) = warnings(config.load(["-H", "tcp://h:1", "--tls"]))
    assert "https://h:1 without TLS client verification." in warning
    assert warnings(config.load(["-H", "tcp://h:1", "--tlsverify"])) == []
    assert warnings(config.load(["-H", "/x", "-H", "fd://"])) == []


def test_the_socket_of_docker_is_one_more_host() -> None:
    plain = ["-H", "unix:///x"]
    assert addresses(config.load(plain)) == ["unix:///x"]
    assert addresses(config.load([*plain, "--docker-socket"])) == ["unix:///x", DOCKER_SOCKET]
    twice = ["-H", DOCKER_SOCKET, "--docker-socket"]
    assert addresses(config.load(twice)) == [DOCKER_SOCKET]


def test_every_flag_of_the_daemon_is_described() -> None:
    actions = config.flag_parser()._actions
    assert [action.option_strings for action in actions if not action.help] == []
