"""docker build, buildx, bake and compose by BuildKit's protocol."""

import json
import os
import shutil
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines, leaks
from support.buildkit_client import Client, client_in
from support.waiting import eventually

SECRET = "4b2f-never-stored-91c7"


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        yield client


def test_docker_build_needs_no_variable(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nCOPY a /a\nRUN echo made > /b\n", a="content")
    said = here.docker("build", "-t", "bk:1", "-t", "bk:2", "--iidfile", "id", ".")
    assert "[2/3] COPY a /a" in said and "naming to docker.io/library/bk:2" in said
    assert here.file("bk:1", "/a") == "content"
    assert here.file("bk:2", "/b") == "made\n"
    image = json.loads(here.docker("inspect", "bk:1"))[0]
    assert (here.directory / "id").read_text() == image["Id"]
    again = here.docker("build", ".")
    assert again.count("CACHED") == 2
    assert here.docker("build", "--no-cache", ".").count("CACHED") == 0


def test_attributes_reach_the_build(here: Client) -> None:
    here.write(
        named="FROM busybox AS one\nARG A\nRUN echo $A > /a; grep own /etc/hosts > /h;"
        " ulimit -n > /n; df -k /dev/shm | tail -1 > /s\nFROM one\nRUN exit 1\n"
    )
    words = ["--target", "one", "--build-arg", "A=given", "--label", "l=v", "--ulimit", "nofile=99"]
    words += ["--add-host", "own:10.9.8.7", "--shm-size", "3m", "-f", "named", "-t", "bk:attrs"]
    here.docker("build", *words, "--metadata-file", "meta", ".")
    assert here.file("bk:attrs", "/a") == "given\n"
    assert here.file("bk:attrs", "/h").split() == ["10.9.8.7", "own"]
    assert here.file("bk:attrs", "/n") == "99\n"
    assert here.file("bk:attrs", "/s").split()[1] == "3072"
    image = json.loads(here.docker("inspect", "bk:attrs"))[0]
    assert image["Config"]["Labels"] == {"l": "v"}
    told = json.loads((here.directory / "meta").read_text())
    assert told["containerimage.digest"] == image["Id"]
    assert told["image.name"] == "docker.io/library/bk:attrs"


@pytest.mark.parametrize(
    ("dockerfile", "wanted"),
    [
        (
            "FROM busybox\nENV a=b\nRUN echo out; \\\n    exit 3\nCMD x\n",
            [
                " did not complete successfully: exit code: 3",
                "Dockerfile:3\n",
                "   2 |     ENV a=b\n   3 | >>> RUN echo out; \\\n   4 | >>>     exit 3\n",
            ],
        ),
        (
            "FROM busybox\nRNU x\n",
            ["   2 | >>> RNU x\n", "unknown instruction: RNU (did you mean RUN?)"],
        ),
        ("FROM busybox\nCOPY nothing /\n", ["   2 | >>> COPY nothing /\n", "nothing"]),
        ("# syntax=other/language\nFROM busybox\n", ["other/language is not supported"]),
    ],
)
def test_errors_show_their_lines(here: Client, dockerfile: str, wanted: list[str]) -> None:
    here.write(Dockerfile=dockerfile)
    said = here.docker("build", ".", fails=True)
    for text in wanted:
        assert text in said


def test_warnings_come_at_the_end(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nARG USED\nRUN echo $USED\n")
    words = ["--build-arg", "USED=1", "--build-arg", "SPARE=1"]
    said = here.docker("build", *words, ".")
    assert "One or more build-args [SPARE] were not consumed" in said


def test_only_what_is_used_and_has_changed_is_sent(here: Client) -> None:
    (here.directory / "used").mkdir()
    for number in range(3):
        (here.directory / "used" / str(number)).write_bytes(os.urandom(400_000))
    (here.directory / "huge").write_bytes(os.urandom(3_000_000))
    here.write(Dockerfile="FROM busybox\nCOPY used /u\n", **{".dockerignore": "used/2\n"})
    first = _sent(here.docker("build", "-t", "bk:sent", "."))
    assert 800_000 < first < 1_000_000
    (here.directory / "used" / "1").write_bytes(os.urandom(300_000))
    assert 300_000 < _sent(here.docker("build", "-t", "bk:sent", ".")) < 350_000
    assert _sent(here.docker("build", ".")) < 1000
    assert here.docker("run", "--rm", "bk:sent", "ls", "/u").split() == ["0", "1"]
    # What has left the directory leaves the next image.
    (here.directory / "used" / "0").unlink()
    here.docker("build", "-t", "bk:sent", ".")
    assert here.docker("run", "--rm", "bk:sent", "ls", "/u").split() == ["1"]


def _sent(said: str) -> float:
    """Bytes of the context, as the client counts them."""
    line = [row for row in said.splitlines() if "transferring context:" in row and "done" in row][
        -1
    ]
    number = line.split("transferring context: ")[1].split()[0]
    units = {"kB": 1e3, "MB": 1e6, "B": 1}
    unit = next(unit for unit in units if number.endswith(unit))
    return float(number.removesuffix(unit)) * units[unit]


def test_other_ways_to_hand_over_a_context(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nCOPY a /a\n", a="1", other="FROM busybox\nCOPY a /z\n")
    archive = here.directory.parent / "c.tar"
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        tar.add(here.directory, ".")
    image = here.docker("build", "-q", "-", stdin=archive.read_bytes()).strip()
    assert here.file(image, "/a") == "1"
    image = here.docker("build", "-q", "-f", "other", "-", stdin=archive.read_bytes()).strip()
    assert here.file(image, "/z") == "1"
    image = here.docker("build", "-q", "-f", "-", ".", stdin=b"FROM busybox\nCOPY a /y\n").strip()
    assert here.file(image, "/y") == "1"
    image = here.docker("build", "-q", "-", stdin=b"FROM busybox\nRUN echo 5 > /x\n").strip()
    assert here.file(image, "/x") == "5\n"


def test_named_contexts(here: Client) -> None:
    more = here.directory.parent / "more"
    more.mkdir()
    (more / "f").write_text("of the other directory")
    here.write(
        Dockerfile="FROM nowhere.invalid/base\nCOPY --from=more f /f\n"
        "COPY --from=tools /etc/passwd /p\n"
    )
    words = ["--build-context", f"more={more}", "--build-context", "tools=docker-image://busybox"]
    words += ["--build-context", "nowhere.invalid/base=docker-image://busybox"]
    here.docker("buildx", "build", *words, "-t", "bk:named", ".")
    assert here.file("bk:named", "/f") == "of the other directory"
    assert here.file("bk:named", "/p").startswith("root:")


def test_files_come_back_to_the_client(here: Client) -> None:
    here.write(
        Dockerfile="FROM busybox AS make\nRUN mkdir -p /out/d && echo 1 > /out/d/b && "
        "ln /out/d/b /out/a && ln -s d/b /out/l && chmod 750 /out/d && touch -d @5 /out/d/b &&"
        " head -c 100000 /dev/zero > /out/zeros\nFROM scratch\nCOPY --from=make /out /\n"
    )
    here.docker("build", "-o", "out", ".")
    out = here.directory / "out"
    assert sorted(path.name for path in out.rglob("*")) == ["a", "b", "d", "l", "zeros"]
    assert (out / "a").read_text() == (out / "d" / "b").read_text() == "1\n"
    assert os.readlink(out / "l") == "d/b"
    assert (out / "d").stat().st_mode & 0o7777 == 0o750
    assert (out / "d" / "b").stat().st_mtime == 5
    assert (out / "zeros").stat().st_size == 100_000
    here.docker("build", "-o", "type=tar,dest=out.tar", ".")
    with tarfile.open(here.directory / "out.tar") as tar:
        assert {name.strip("/") for name in tar.getnames()} == {"a", "d", "d/b", "l", "zeros"}


def test_secrets_are_for_the_step_alone(here: Client) -> None:
    here.write(
        Dockerfile="FROM busybox\nRUN --mount=type=secret,id=s,required=true "
        "test $(cat /run/secrets/s) = $(printf %s 4b2f-never-; echo stored-91c7) && echo fine\n",
        secret=SECRET,
    )
    said = here.docker("build", "-t", "bk:secret", "--secret", "id=s,src=secret", ".")
    assert "fine" in said
    assert "secret s: not found" in here.docker("build", "--no-cache", ".", fails=True)
    found = subprocess.run(
        ["grep", "-rlF", SECRET, str(here.engine.root)], capture_output=True, text=True
    )
    assert found.stdout == ""


def test_the_clients_ssh_agent(here: Client) -> None:
    program = shutil.which("ssh-add")
    assert program is not None
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True)
    needed = [word for word in libraries.stdout.split() if word.startswith("/")]
    for path in [program, *needed]:
        target = here.directory / "root" / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    here.write(
        Dockerfile=f"FROM busybox\nCOPY root /\nRUN --mount=type=ssh {program} -l\n"
        f"RUN {program} -l || true\n"
    )
    agent = here.directory.parent / "agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(agent)], stdout=subprocess.DEVNULL) as ssh:
        try:
            eventually(agent.exists)
            key = here.directory.parent / "key"
            words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "of-the-test", "-f"]
            subprocess.run([*words, str(key)], check=True)
            environment = {**os.environ, "SSH_AUTH_SOCK": str(agent)}
            subprocess.run(["ssh-add", "-q", str(key)], env=environment, check=True)
            said = here.docker("build", "--ssh", "default", ".", SSH_AUTH_SOCK=str(agent))
        finally:
            ssh.terminate()
    assert said.count("of-the-test (ED25519)") == 1
    assert "Could not open a connection to your authentication agent" in said


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_leaves_nothing(here: Client, how: signal.Signals) -> None:
    here.write(Dockerfile="FROM busybox\nRUN echo it-runs; sleep 1000\n")
    with subprocess.Popen(
        ["docker", "build", "."],
        cwd=here.directory,
        env=here.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as building:
        assert building.stderr is not None
        for line in building.stderr:
            if b"it-runs" in line and b"RUN" not in line:
                break
        # The plugin does the work, and would outlive docker itself.
        children = Path(f"/proc/{building.pid}/task/{building.pid}/children").read_text().split()
        for pid in [*map(int, children), building.pid]:
            os.kill(pid, how)
    eventually(lambda: not here.docker("ps", "-aq").split())
    eventually(lambda: not [*(here.engine.root / "data" / "staging").iterdir()])
    assert leaks.settled(lambda: leaks.cgroups(here.engine.root.name)) == []


def test_bake_with_a_target_as_context(here: Client) -> None:
    here.write(
        **{
            "docker-bake.json": json.dumps(
                {
                    "target": {
                        "base": {"dockerfile-inline": "FROM busybox\nRUN echo b > /b\n"},
                        "top": {
                            "dockerfile-inline": "FROM under\nRUN cat /b /b > /t\n",
                            "contexts": {"under": "target:base"},
                            "tags": ["bake:top"],
                        },
                        "other": {
                            "dockerfile-inline": "FROM busybox\nARG A\nRUN echo $A > /o\n",
                            "args": {"A": "1"},
                            "tags": ["bake:other"],
                        },
                    },
                    "group": {"default": {"targets": ["top", "other"]}},
                }
            )
        }
    )
    here.docker("buildx", "bake")
    assert here.file("bake:top", "/t") == "b\nb\n"
    assert here.file("bake:other", "/o") == "1\n"


def test_compose_builds(here: Client) -> None:
    here.write(
        Dockerfile="FROM busybox\nARG WHO\nRUN echo $WHO > /w\n",
        **{
            "compose.json": json.dumps(
                {
                    "name": "bk",
                    "services": {
                        name: {
                            "image": f"bk-{name}",
                            "build": {"context": ".", "args": [f"WHO={name}"]},
                        }
                        for name in ("one", "two")
                    },
                }
            )
        },
    )
    here.docker("compose", "-f", "compose.json", "build")
    assert [here.file(f"bk-{name}", "/w") for name in ("one", "two")] == ["one\n", "two\n"]


def test_the_cache_is_listed_and_pruned(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nRUN head -c 7000 /dev/zero > /seven\n")
    here.docker("build", "-t", "bk:du", ".")
    assert "kB" in here.docker("buildx", "du").partition("Total")[0]
    assert "running" in here.docker("buildx", "ls")
    assert "Total" in here.docker("builder", "prune", "-af")
    assert here.docker("build", ".").count("CACHED") == 0


def test_several_clients_at_once(here: Client) -> None:
    here.write(Dockerfile="FROM busybox\nCOPY . /c\nARG N\nRUN echo $N > /n\n")
    (here.directory / "files").mkdir()
    for number in range(300):
        (here.directory / "files" / str(number)).write_text(str(number))
    running = [
        subprocess.Popen(
            ["docker", "build", "-q", "-t", f"many:{n}", "--build-arg", f"N={n}", "."],
            cwd=here.directory,
            env=here.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for n in range(4)
    ]
    for one in running:
        _, complaints = one.communicate(timeout=60)
        assert one.returncode == 0, complaints.decode()
    for n in range(4):
        assert here.file(f"many:{n}", "/n") == f"{n}\n"
        assert here.docker("run", "--rm", f"many:{n}", "ls", "/c/files").count("\n") == 300
