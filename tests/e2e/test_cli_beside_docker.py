"""The docker CLI and ours on the same daemon: same arguments, same bytes, same exit code.

Accepted differences, all in what is printed about the program itself: its name in messages, the
client's half of ``version`` and ``info``, one-line summaries after a usage error, and help texts.
``events`` is not here: the docker CLI may end at ``--until`` before it has printed what came.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from support.emptied import empty
from support.engines import Engine

BOXSHIP = [sys.executable, "-c", "import sys; from boxship.cli.main import main; sys.exit(main())"]

LISTINGS = """
ps
ps -a
ps -aq
ps -as
ps -aq --no-trunc
ps -a --no-trunc
ps -l
ps -n 1
ps --filter name=beside-up
ps -a --filter status=exited --format {{.Names}}
ps -a --format json
ps -a --format table
ps -a --format '{{json .}}'
ps -a --format 'table {{.ID}}\\t{{.Names}}\\t{{.Label "k"}}'
ps -a --format '{{.Names}}: {{.Image}} {{.Command}} {{.Labels}} {{.Mounts}} {{.Networks}}'
ps -a --format '{{upper .Names}}{{if eq .State "running"}}!{{end}}'
ps --format {{.Nope}}
ps --format {{.ID
ps --filter nonsense
ps --filter status=nonsense
ps --nope
ps surplus
container ls -a
container ps -q
images
images -a
images -q
images --no-trunc
images --digests
images --format json
images --format '{{.Repository}}:{{.Tag}} {{.Size}} {{.VirtualSize}} {{.Containers}}'
images busybox
images nope
images --filter dangling=true
image ls
image list -q
history busybox
history --no-trunc busybox
history -q busybox
history --human=false busybox
history --format json busybox
history nope
system df
system df --format json
system df -v
system info -f {{.Driver}}
system events --since 0 --until 1
port beside-up
port beside-up 80
port beside-up 81
port beside-up x
port nope
top beside-up
top beside-up -o pid,args
top nope
diff beside-up
diff nope
stats --no-stream beside-exited
stats --no-stream nope
stats --no-stream --format {{.Name}} beside-up
volume ls
volume list -q
volume ls --format json
volume ls --format 'table {{.Name}}\t{{.Scope}}\t{{.Labels}}\t{{.Links}}\t{{.Size}}'
volume ls --format '{{.Name}} {{.Driver}} {{.Mountpoint}} {{.Label "k"}} {{.Status}}'
volume ls --format {{.Nope}}
volume ls --format {{.Name
network ls --format {{.Nope}}
images --format {{.Nope}}
images --format {{.ID
volume ls --filter name=beside
volume ls --filter dangling=true
volume ls --filter nope=true
volume ls surplus
network ls
network list -q
network ls --no-trunc
network ls --filter name=host
network ls --filter driver=null --format {{.Name}}
network ls --format '{{.Name}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}}'
network ls --format 'table {{.Name}}\t{{.Internal}}'
network ls --filter nope=1
"""

DETAILS = """
inspect beside-up
inspect beside-exited busybox
inspect beside-up nope
inspect nope
inspect -s beside-exited
inspect --type container beside-up
inspect --type image beside-up
inspect --type nope beside-up
inspect -f json busybox
inspect -f '{{json .State}}' beside-exited
inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.Name}} {{.ID}}' beside-exited
inspect -f '{{.Config.Cmd}} {{.HostConfig.Binds}} {{.HostConfig.PidsLimit}}' beside-up
inspect -f '{{range .Mounts}}{{.Source}}:{{.Destination}}{{end}}' beside-up
inspect -f '{{range $p, $b := .NetworkSettings.Ports}}{{$p}}={{json $b}};{{end}}' beside-up
inspect -f '{{index .Config.Labels "k"}}{{len .Mounts}}' beside-up
inspect -f '{{with .Config}}{{.Image}}{{else}}none{{end}}' beside-up
inspect -f '{{printf "%-10s|%5d|" .Name .State.ExitCode}}' beside-exited
inspect -f '{{println .Path}}{{join .Args ","}}' beside-up
inspect -f {{.Nope}} beside-up
inspect -f {{.Name beside-up
inspect -f {{nope}} beside-up
container inspect beside-up
container inspect nope
image inspect busybox
image inspect nope
logs beside-exited
logs -t beside-exited
logs -n 2 beside-exited
logs --tail 1 beside-exited
logs --tail nonsense beside-exited
logs --since 1h beside-exited
logs --until 2000-01-01T00:00:00Z beside-exited
logs --details beside-exited
logs nope
volume inspect beside-volume
volume inspect -f '{{.Name}} {{.Labels.k}} {{.Options}}' beside-volume
volume inspect beside-volume nope
volume inspect nope
network inspect host
network inspect -v none
network inspect -f '{{.Name}} {{.Driver}} {{len .Containers}}' host none
network inspect nope
inspect beside-volume host
inspect --type volume beside-volume
inspect --type network none
version -f {{.Server.Version}}
info -f {{.ID}}
"""

RUNNING = """
run --rm --network none busybox echo hi
run --rm --network none busybox sh -c 'echo out; echo err >&2; exit 7'
run --rm --network none busybox nope
run --rm --network none busybox /etc
run --rm --network none -w relative busybox true
run --rm --network none -m 1k busybox true
run --rm --network none -e A=1 -e B busybox sh -c 'echo $A $B'
run --rm --network none -h name --entrypoint hostname busybox
run --rm --network none -u 5:6 -w /tmp busybox sh -c 'id; pwd'
run --rm --network none --read-only --tmpfs /t busybox sh -c 'touch /t/x && touch /x'
run --rm --network none -i busybox cat
run --rm -it --network none busybox true
run --name beside-up busybox
run -d -a stdin busybox
run --rm --pull never nope
run --pull nonsense busybox
run --memory x busybox
run --nope busybox
run -z busybox
run --env
run -p x busybox
run --restart always --rm busybox
create --pid nonsense busybox
create --mount type=bind busybox
exec beside-up echo hi
exec beside-up sh -c 'echo out; echo err >&2; exit 9'
exec beside-up nope
exec -u nobody-here beside-up id
exec -w /tmp -e A=1 beside-up sh -c 'pwd; echo $A'
exec -it beside-up sh
exec -i beside-up cat
exec beside-exited true
exec nope true
exec -d beside-up true
attach nope
attach beside-exited
start nope
start -a beside-exited
start beside-up
stop nope1 nope2
kill nope
kill -s NONSENSE beside-up
pause nope
unpause beside-up
restart nope
wait beside-exited nope
rename nope x
rm nope
rm -f nope
rm beside-up
rmi nope
rmi busybox
tag nope x
update beside-up
update -m 1k beside-up
commit nope
save nope
export nope
load -i /nowhere
import /nowhere
cp nope:/x /tmp
cp beside-up:/nope /tmp
cp nowhere beside-up:/
cp a b
container prune
image prune
network prune
volume prune
volume prune -a
volume create beside-volume --label k=v
volume create bad/name
volume create -d nope x
volume rm nope
volume rm -f nope
volume rm nope1 nope2
volume rm
network inspect
system prune
system prune -a --volumes --filter label=x
system prune --volumes --filter until=1h
nonsense
--nope
"""


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


@pytest.fixture(
    scope="module", params=[pytest.param("dockerd", marks=pytest.mark.needs_dockerd), "boxship"]
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A daemon with one container that runs and one that ended."""
    name = "boxship_daemon" if request.param == "boxship" else "dockerd"
    daemon: Engine = request.getfixturevalue(name)
    empty(daemon)
    script = "for i in 1 2 3; do echo out$i; done; echo err >&2; exit 3"
    daemon.docker(
        "run",
        "--name",
        "beside-exited",
        "--network",
        "none",
        "busybox",
        "sh",
        "-c",
        script,
        check=False,
    )
    daemon.docker(
        "run",
        "-d",
        "--name",
        "beside-up",
        "--label",
        "k=<v>",
        "-v",
        "/tmp:/mnt:ro",
        "-p",
        "127.0.0.1:8081:80",
        "-p",
        "8082-8083:82-83",
        "busybox",
        "sleep",
        "1000",
    )
    daemon.docker("volume", "create", "beside-volume", "--label", "k=v")
    yield daemon
    daemon.docker("volume", "rm", "-f", "beside-volume")
    daemon.docker("rm", "-f", "beside-up", "beside-exited")


def both(engine: Engine, line: str) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
    environment = {**os.environ, "DOCKER_HOST": engine.host, "DOCKER_CONFIG": str(engine.root)}
    # Ours speaks newer versions, in which daemons answer otherwise.
    environment["DOCKER_API_VERSION"] = "1.45"
    results = []
    for program in (["docker"], BOXSHIP):
        # The shell's quoting lets a line look as a user types it.
        done = subprocess.run(
            ["sh", "-c", f'"$@" {line}', "sh", *program],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            env=environment,
        )
        results.append((done.returncode, normal(done.stdout), normal(done.stderr)))
    return results[0], results[1]


def normal(text: str) -> str:
    """Without the program's name, ids, times, and what rests on the moment."""
    text = text.replace("boxship", "docker").replace("Boxship", "Docker")
    text = re.sub(r"\b[0-9a-f]{64}\b", "<id>", text)
    text = re.sub(r"container [0-9a-f]{12}", "container <id>", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "<time>", text)
    text = re.sub(r"(\d+ \w+|Less than a second|About an? \w+) ago", "<ago>", text)
    text = re.sub(r"Up (\d+ \w+|Less than a second|About an? \w+)", "Up <while>", text)
    # A column that Docker's client has not.
    text = re.sub(r',"Reach":"[^"]*"', "", text)
    text = re.sub(r"^(Did you mean .*|\w.*\?)\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"(Usage:  docker [^\n]*\n\n)[^\n]*", r"\1<summary>", text)
    return re.sub(r" +", " ", text)


@pytest.mark.parametrize("line", lines(LISTINGS) + lines(DETAILS))
def test_what_is_shown(engine: Engine, line: str) -> None:
    theirs, ours = both(engine, line)
    assert ours == theirs


@pytest.mark.parametrize("line", lines(RUNNING))
def test_what_is_done(engine: Engine, line: str) -> None:
    theirs, ours = both(engine, line)
    if line == "--nope":
        # The program's own help follows, which is not Docker's.
        theirs, ours = (theirs[0], "", ""), (ours[0], "", "")
    assert ours == theirs
