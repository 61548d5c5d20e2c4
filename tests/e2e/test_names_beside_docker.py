"""Files, variables and refusals about names: the same text as dockerd's."""

import re
import shlex
from collections.abc import Iterator

import pytest

from support.engines import Engine

NET = "beside-names"
BOX = "busybox sleep 1000"
_IDS = re.compile(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b")

#: Each row is told to both engines in turn, and what they print is compared.
STORIES = {
    "default bridge": f"""
        run -d --name one --dns-search a.test --dns-search b.test -h host {BOX}
        exec one cat /etc/resolv.conf /etc/hosts
        run -d --name two --dns 1.1.1.1 --dns ::1 --dns-option timeout:1 --dns-search . {BOX}
        exec two cat /etc/resolv.conf
        """,
    "network with names": f"""
        run -d --name one --network {NET} --ip 10.213.0.9 --domainname dom.test -h host {BOX}
        exec one cat /etc/resolv.conf /etc/hosts
        run -d --name two --network {NET} --ip 10.213.0.10 --dns 9.9.9.9 --dns-option ndots:2 {BOX}
        exec two cat /etc/resolv.conf /etc/hosts
        """,
    "neither": """
        run --rm --network none busybox cat /etc/resolv.conf /etc/hosts
        run --rm --network host busybox cat /etc/resolv.conf /etc/hosts
        run --rm --network host --dns 1.2.3.4 busybox cat /etc/resolv.conf
        """,
    "added hosts": f"""
        run --rm --network none --add-host a:1.2.3.4 --add-host b=::1 busybox cat /etc/hosts
        run --rm --network host --add-host a:1.2.3.4 busybox cat /etc/hosts
        run --rm -h host --add-host up:host-gateway --add-host x:[::2] busybox cat /etc/hosts
        run --rm --network {NET} --ip 10.213.0.9 --add-host up:host-gateway busybox cat /etc/hosts
        """,
    "connected later": f"""
        run -d --name one -h host {BOX}
        network connect --ip 10.213.0.9 {NET} one
        exec one cat /etc/resolv.conf /etc/hosts
        run -d --name edited -h host {BOX}
        exec edited sh -c 'echo x >> /etc/resolv.conf; echo 9.9.9.9 nine >> /etc/hosts'
        network connect --ip 10.213.0.10 {NET} edited
        exec edited cat /etc/resolv.conf /etc/hosts
        restart -t 0 edited
        exec edited cat /etc/resolv.conf
        """,
    "links": f"""
        run -d --name db --expose 80-82 --expose 53/udp -e A=b=c -e PATH=/bin -h dbhost {BOX}
        run -d --name web -h host --link db:the-store {BOX}
        exec web env
        exec web cat /etc/hosts
        inspect -f '{{{{json .HostConfig.Links}}}}' web
        rename db db2
        rename web web2
        exec web2 env
        inspect -f '{{{{json .HostConfig.Links}}}}' web2
        ps --no-trunc --format '{{{{.Names}}}}'
        stop -t 0 db2
        exec web2 true
        stop -t 0 web2
        start web2
        inspect -f '{{{{json .State.Error}}}} {{{{.State.ExitCode}}}}' web2
        """,
    "links to a removed container": f"""
        run -d --name db {BOX}
        run -d --name web -h host --link db:the-store {BOX}
        rm -f db
        exec web true
        inspect -f '{{{{json .HostConfig.Links}}}}' web
        run -d --name db {BOX}
        restart -t 0 web
        inspect -f '{{{{json .State.Error}}}} {{{{.State.ExitCode}}}}' web
        start web
        """,
    "links elsewhere": f"""
        run -d --name db --network {NET} {BOX}
        run -d --name one --network {NET} --ip 10.213.0.9 -h host --link db:store {BOX}
        exec one env
        exec one cat /etc/hosts
        inspect -f '{{{{json .HostConfig.Links}}}}' one
        create --name two --network {NET} --link nobody:x {BOX}
        inspect -f '{{{{json .HostConfig.Links}}}}' two
        """,
    "refused links": f"""
        create --name one --link nobody {BOX}
        create --name one --link : {BOX}
        run -d --name alone --network none {BOX}
        run -d --name two --link alone {BOX}
        inspect -f '{{{{json .State.Error}}}}' two
        """,
}


def _normal(text: str) -> list[str]:
    lines = _IDS.sub("ID", text).splitlines()
    # The order of variables is by chance in dockerd.
    return sorted(lines) if any(line.startswith("HOSTNAME=") for line in lines) else lines


def tell(engine: Engine, story: str) -> list[tuple[str, int, list[str], list[str]]]:
    answers = []
    for line in filter(None, map(str.strip, story.splitlines())):
        done = engine.docker(*shlex.split(line), check=False)
        answers.append((line, done.returncode, _normal(done.stdout), _normal(done.stderr)))
    return answers


@pytest.fixture
def both(dockerd: Engine, boxship_daemon: Engine) -> Iterator[tuple[Engine, Engine]]:
    engines = (dockerd, boxship_daemon)
    for engine in engines:
        engine.docker("network", "create", "--subnet", "10.213.0.0/24", NET)
    yield engines
    for engine in engines:
        engine.remove_containers()
        engine.docker("network", "rm", NET)


@pytest.mark.needs_dockerd
@pytest.mark.parametrize("story", STORIES, ids=lambda name: name.replace(" ", "-"))
def test_the_same_text_as_dockerd(both: tuple[Engine, Engine], story: str) -> None:
    theirs, ours = (tell(engine, STORIES[story]) for engine in both)
    assert ours == theirs
