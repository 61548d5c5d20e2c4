"""A RUN begins before the layer of the one before it is there; nobody can tell."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in

# Something to be written for a while.
_MUCH = "head -c 30000000 /dev/urandom > /much"


@pytest.fixture
def client(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as found:
        yield found
    boxship_daemon.docker("builder", "prune", "-af")


def _history(client: Client, image: str) -> list[str]:
    said = client.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    return [line for line in said.splitlines() if "busybox.tar" not in line]


def test_it_finds_everything_as_it_was_left(client: Client) -> None:
    client.write(
        Dockerfile=f"""\
FROM busybox
RUN mkdir -p /d/old /kept /e && echo 1 > /d/old/f && echo 1 > /gone && {_MUCH}
ENV SAID=so
RUN rm -r /d /gone && mkdir /d && echo "$SAID" > /d/new && chmod 700 /e && {_MUCH}
RUN ls -A /d > /seen && test ! -e /gone && cat /d/new >> /seen && stat -c %a /e >> /seen
RUN md5sum /much | cut -c-32 > /sum
"""
    )
    client.docker("build", "-t", "ahead", ".")
    assert client.file("ahead", "/seen") == "new\nso\n700\n"
    shown = client.docker("run", "--rm", "ahead", "sh", "-c", "md5sum < /much; cat /sum; ls /d")
    found, noted, names = (line.split()[0] for line in shown.splitlines())
    assert (found, names) == (noted, "new")
    said = _history(client, "ahead")
    words = ("md5sum", "ls", "rm", "ENV", "mkdir")
    assert all(word in line for word, line in zip(words, said, strict=True))
    config = json.loads(client.docker("image", "inspect", "ahead"))[0]["Config"]
    assert "SAID=so" in config["Env"]
    again = client.docker("build", ".")
    assert again.count("CACHED") == 4


def test_it_does_not_find_what_others_mounted_on(client: Client) -> None:
    """But a directory that the step before has changed, though only mounts are in it."""
    mounts = "--mount=target=/a/b/c --mount=type=cache,target=/etc/x --mount=type=tmpfs,target=/t"
    client.write(
        Dockerfile=f"""\
FROM busybox
RUN mkdir -p /was/there
RUN {mounts} --mount=type=secret,id=s,target=/was/secret chmod 711 /was && {_MUCH}
RUN ls -d /a /t /was/* > /seen 2>/errors; stat -c %a /was >> /seen; ls /etc >> /seen
""",
        s="secret",
    )
    client.docker("build", "-t", "ahead", "--secret", "id=s,src=s", ".")
    seen = client.file("ahead", "/seen").splitlines()
    assert seen[:2] == ["/was/there", "711"]
    assert "x" not in seen
    names = client.docker("run", "--rm", "ahead", "ls", "/", "/was", "/etc").split()
    assert not {"a", "t", "secret", "x"} & {*names}


def test_what_came_before_one_that_fails_is_found_again(client: Client) -> None:
    client.write(Dockerfile=f"FROM busybox\nRUN {_MUCH}\nRUN exit 3\n")
    assert "exit code: 3" in client.docker("build", ".", fails=True)
    client.write(Dockerfile=f"FROM busybox\nRUN {_MUCH}\nCOPY missing /\nRUN true\n")
    assert "missing" in client.docker("build", ".", fails=True)
    client.write(Dockerfile=f"FROM busybox\nRUN {_MUCH}\nRUN echo 1 > /one\n")
    assert client.docker("build", ".").count("CACHED") == 1


@pytest.mark.parametrize("option", ["", "--no-cache"])
def test_stages_with_the_same_steps_make_them_once(client: Client, option: str) -> None:
    same = f"RUN {_MUCH}\nRUN head -c 8 /dev/urandom | md5sum > /chance\n"
    client.write(
        Dockerfile=f"""\
FROM busybox AS one
{same}
FROM busybox AS two
{same}
FROM busybox
COPY --from=one /chance /1
COPY --from=two /chance /2
RUN cmp /1 /2
"""
    )
    client.docker("build", *option.split(), ".")


def test_a_locked_cache_is_free_once_a_program_has_ended(client: Client) -> None:
    mount = "--mount=type=cache,sharing=locked,target=/k"
    client.write(
        Dockerfile=f"FROM busybox\nRUN {mount} echo 1 > /k/f && {_MUCH}\nRUN {mount} cp /k/f /f\n"
    )
    client.docker("build", "-t", "ahead", ".")
    assert client.file("ahead", "/f") == "1\n"
