"""What BuildKit's users are used to: environments of steps, empty patterns, stages built anew."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in
from support.served import serving

_ENVIRONMENT = (
    "FROM busybox\nENV A=1\nRUN cat /proc/self/environ | tr '\\0' '\\n' | sort | sed 's/^/: /'\n"
)
_PATTERNS = "FROM busybox\nCOPY a n* /x/\nCOPY n* m*/*.txt /y/\nRUN echo : /x/* /y/*\n"
_STEP = re.compile(r"^#(\d+) \[(\w.*)", re.MULTILINE)


@pytest.fixture(params=["boxship_daemon", "dockerd"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with client_in(request.getfixturevalue(request.param), tmp_path) as found:
        yield found


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as found:
        yield found


def _said(text: str) -> list[str]:
    return re.findall(r"^#\d+ [\d.]+ : (.*)$", text, re.MULTILINE)


def _done(text: str) -> list[str]:
    """The steps that were not taken from the cache."""
    names = dict(_STEP.findall(text))
    cached = set(re.findall(r"^#(\d+) CACHED$", text, re.MULTILINE))
    shown = (name for number, name in names.items() if number not in cached)
    return sorted(name for name in shown if "FROM" not in name and "internal" not in name)


def test_steps_find_no_host_name_in_their_environment(client: Client) -> None:
    client.write(Dockerfile=_ENVIRONMENT)
    said = _said(client.docker("buildx", "build", "--no-cache", "."))
    assert [line for line in said if not line.startswith("PATH=")] == [
        "A=1", "HOME=/root", "PWD=/", "SHLVL=1",
    ]  # fmt: skip
    client.write(Dockerfile=_ENVIRONMENT.replace("A=1", "HOSTNAME=own"))
    assert "HOSTNAME=own" in _said(client.docker("buildx", "build", "--no-cache", "."))


def test_the_classic_builders_steps_do(here: Client) -> None:
    here.write(Dockerfile=_ENVIRONMENT)
    text = here.docker("build", "--no-cache", ".", DOCKER_BUILDKIT="0")
    assert re.search(r"^: HOSTNAME=[0-9a-f]{12}$", text, re.MULTILINE)


def test_a_run_that_changes_no_files_is_found_again_below_other_labels(client: Client) -> None:
    for value in ("1", "2"):
        client.write(Dockerfile=f"FROM busybox\nLABEL a={value}\nRUN true\nRUN : 2\n")
        said = client.docker("buildx", "build", ".")
    assert _done(said) == []


def test_patterns_may_match_nothing(client: Client) -> None:
    client.write(a="1", Dockerfile=_PATTERNS)
    assert _said(client.docker("buildx", "build", "--no-cache", ".")) == ["/x/a /y/*"]
    client.write(Dockerfile="FROM busybox\nCOPY a m/*.txt /x/\n")
    assert "ERROR" in client.docker("buildx", "build", "--no-cache", ".", fails=True)


def test_what_is_built_anew_spoils_the_cache_of_no_other_stage(here: Client) -> None:
    """Both stages begin with the same step, which makes a directory."""
    random = "RUN cat /proc/sys/kernel/random/uuid >"
    here.write(
        a="1",
        b="2",
        Dockerfile=f"FROM busybox AS one\nCOPY a /d/e/a\n{random} /one\n"
        f"FROM busybox AS two\nCOPY a /d/e/a\nCOPY b /d/f/b\n{random} /two\n"
        "FROM busybox\nCOPY --from=two /two /\nCOPY --from=one /one /\n",
    )
    here.docker("buildx", "build", ".")
    assert _done(here.docker("buildx", "build", ".")) == []
    again = _done(here.docker("buildx", "build", "--no-cache-filter", "one", "."))
    assert "stage-2 3/3] COPY --from=one /one /" in again
    assert _done(here.docker("buildx", "build", ".")) == []


def test_equal_steps_of_a_build_without_cache_are_done_once(here: Client) -> None:
    random = "RUN cat /proc/sys/kernel/random/uuid > /r\n"
    here.write(
        Dockerfile=f"FROM busybox AS one\n{random}FROM busybox AS two\n{random}"
        "FROM scratch\nCOPY --from=one /r /one\nCOPY --from=two /r /two\n"
    )
    here.docker("buildx", "build", "--no-cache", "-o", "out", ".")
    texts = [(here.directory / "out" / name).read_text() for name in ("one", "two")]
    assert texts[0] == texts[1]


# several platforms

_BOTH = ("--platform", "linux/amd64,linux/arm64")
_MEETING = """FROM --platform=$BUILDPLATFORM busybox
ARG TARGETARCH
RUN --mount=type=cache,id=meeting,target=/c touch /c/$TARGETARCH; \
    for i in $(seq 300); do [ -e /c/amd64 ] && [ -e /c/arm64 ] && exit; sleep 0.1; done; exit 1
"""


def test_platforms_are_built_beside_each_other(here: Client) -> None:
    here.docker("builder", "prune", "-af")
    here.write(Dockerfile=_MEETING)
    here.docker("buildx", "build", *_BOTH, "-o", "type=cacheonly", ".")


def test_what_platforms_have_in_common_is_made_once(here: Client) -> None:
    here.write(
        Dockerfile="FROM --platform=$BUILDPLATFORM busybox AS make\n"
        "RUN cat /proc/sys/kernel/random/uuid > /r\nFROM scratch\nCOPY --from=make /r /\n"
    )
    here.docker("buildx", "build", *_BOTH, "--no-cache", "-o", "out", ".")
    made = [path.read_text() for path in here.directory.glob("out/*/r")]
    assert len(made) == 2 and made[0] == made[1]


def test_a_platform_that_fails_ends_the_others(here: Client) -> None:
    here.write(
        Dockerfile="FROM --platform=$BUILDPLATFORM busybox\nARG TARGETARCH\n"
        "RUN trap '' TERM; [ $TARGETARCH = arm64 ] && exit 3; sleep 1000\n"
    )
    said = here.docker("buildx", "build", *_BOTH, "--no-cache", ".", fails=True)
    assert "did not complete successfully: exit code: 3" in said
    assert here.docker("ps", "-aq") == ""


def test_each_platform_gets_files_from_elsewhere(here: Client) -> None:
    here.write(
        f="elsewhere",
        Dockerfile="FROM scratch\nARG TARGETARCH\nADD http://127.0.0.1:5029/f /$TARGETARCH\n",
    )
    with serving(here.engine, here.directory, 5029):
        here.docker("buildx", "build", *_BOTH, "-o", "out", ".")
    made = {path.name: path.read_text() for path in here.directory.glob("out/*/*")}
    assert made == {"amd64": "elsewhere", "arm64": "elsewhere"}


def test_equal_steps_that_change_no_file_are_each_carried_out(client: Client) -> None:
    """Those of one stage, and of one on top of it, when nothing may come from the cache."""
    count = "RUN --mount=type=cache,id=equal-steps,target=/k"
    client.write(
        Dockerfile=f"""\
FROM busybox AS below
{count} : > /k/n
{count} echo x >> /k/n
{count} echo x >> /k/n
FROM below
{count} echo x >> /k/n
{count} wc -l < /k/n | sed 's/^/: /'
"""
    )
    for _ in range(2):
        assert _said(client.docker("buildx", "build", "--no-cache", ".")) == ["3"]


def test_the_classic_client_sends_a_dockerfile_from_outside_the_context(client: Client) -> None:
    """Nothing pads the last member of its archive, nor ends that."""
    text = "FROM busybox\nCOPY a /a\nRUN sed 's/^/: /' /a\n"
    client.write(a="copied")
    outside = client.directory.parent / "Dockerfile.outside"
    outside.write_text(text)
    for words, stdin in (("-f", "-"), text.encode()), (("-f", str(outside)), b""):
        said = client.docker("build", "--no-cache", *words, ".", stdin=stdin, DOCKER_BUILDKIT="0")
        assert ": copied" in said and "Successfully built" in said


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "the Dockerfile cannot be empty"),
        (" \n\n", "file with no instructions"),
        ("# only\n", "file with no instructions"),
    ],
)
def test_a_blank_dockerfile_is_no_empty_one(client: Client, text: str, error: str) -> None:
    client.write(Dockerfile=text)
    assert f"failed to solve: {error}" in client.docker("buildx", "build", ".", fails=True)


@pytest.mark.parametrize("kit", ["0", "1"])
def test_what_a_step_writes_to_a_volume_is_kept_by_buildkit_alone(client: Client, kit: str) -> None:
    client.write(
        Dockerfile="""\
FROM busybox
RUN mkdir /x && echo before > /x/old
VOLUME /x
RUN cat /x/old && echo after > /x/new && echo said > /seen
RUN echo : $(ls /x) $(cat /seen)
"""
    )
    said = client.docker("build", "--no-cache", ".", DOCKER_BUILDKIT=kit)
    assert (": new old said" if kit == "1" else ": old said") in said
    client.write(Dockerfile="FROM busybox\nVOLUME /fresh\nRUN touch /fresh/f && ls -d /fresh\n")
    client.docker("build", "--no-cache", ".", DOCKER_BUILDKIT=kit, fails=kit == "1")
    assert client.docker("volume", "ls", "-q") == ""
