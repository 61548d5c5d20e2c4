"""What builds leave on the disk: listed, filtered and pruned by buildx; and bake's ways to say what
is to be built."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import engines
from support.buildkit_client import Client, client_in

_DOCKERFILE = (
    "FROM busybox\nCOPY f /f\n"
    "RUN --mount=type=cache,target=/c head -c 7000 /dev/zero > /c/seven && cp /c/seven /x\n"
    "RUN head -c 90000 /dev/zero > /big\n"
)


@pytest.fixture
def here(boxship_daemon: engines.Engine, tmp_path: Path) -> Iterator[Client]:
    with client_in(boxship_daemon, tmp_path) as client:
        client.docker("builder", "prune", "-af")
        client.write(Dockerfile=_DOCKERFILE, f="content")
        yield client


def _kinds(client: Client, *words: str) -> list[str]:
    said = client.docker("buildx", "du", "--verbose", *words)
    return sorted(line.split()[1] for line in said.splitlines() if line.startswith("Type:"))


def test_cache_mounts_and_contexts_are_listed(here: Client) -> None:
    here.docker("build", ".")
    assert _kinds(here) == ["exec.cachemount", "regular", "regular", "regular", "source.local"]
    assert _kinds(here, "--filter", "type=exec.cachemount") == ["exec.cachemount"]
    said = here.docker("buildx", "du", "--verbose", "--filter", "type=exec.cachemount")
    assert "cached mount /c" in said and "7kB" in said and "Mutable:\ttrue" in said
    rows = json.loads(here.docker("system", "df", "-v", "--format", "{{json .BuildCache}}"))
    assert {row["CacheType"] for row in rows} == {"exec.cachemount", "regular", "source.local"}
    here.docker("build", ".")
    said = here.docker("buildx", "du", "--verbose", "--filter", "type=regular")
    assert "Usage count:\t1" in said


def test_filters_choose_what_is_pruned(here: Client) -> None:
    here.docker("build", ".")
    assert "Total:\t0B" in here.docker("buildx", "prune", "-f", "--filter", "until=24h")
    said = here.docker("buildx", "prune", "-f", "--filter", "type=exec.cachemount")
    assert "Total:\t7kB" in said
    assert _kinds(here) == ["regular", "regular", "regular", "source.local"]
    assert here.docker("build", ".").count("CACHED") == 3
    said = here.docker("buildx", "prune", "-f", "--filter", "nonsense==", fails=False)
    assert "Total:\t0B" in said
    here.docker("builder", "prune", "-f", "--filter", "type=source.local")
    assert _kinds(here) == ["regular", "regular", "regular"]


def test_what_is_built_anew_is_found_again_as_it_is(here: Client) -> None:
    """Also beside images of the same steps that were there before."""
    here.write(Dockerfile="FROM busybox\nRUN true\nCOPY f /f\n")
    for _ in range(3):
        here.docker("builder", "prune", "-af")
        first, second = (here.docker("build", "-q", ".").strip() for _ in range(2))
        assert first == second


def test_what_images_have_stays_unless_all_is_to_go(here: Client) -> None:
    here.docker("build", "-t", "keep:1", ".")
    here.docker("builder", "prune", "-f")
    assert _kinds(here) == ["regular", "regular", "regular"]
    assert here.docker("build", "-t", "keep:1", ".").count("CACHED") == 3
    here.docker("builder", "prune", "-af")
    assert _kinds(here) == []


def test_pruning_stops_at_a_limit(here: Client) -> None:
    here.docker("build", ".")
    here.docker("buildx", "prune", "-af", "--keep-storage", "1GB")
    assert here.docker("build", ".").count("CACHED") == 3
    # The least recently used go until what is left fits: the last step is the largest.
    here.docker("buildx", "prune", "-af", "--keep-storage", "92kB")
    assert _kinds(here, "--filter", "type=regular") == ["regular"]
    here.docker("builder", "prune", "-af", "--keep-storage", "1b")
    assert _kinds(here, "--filter", "type=regular") == []


def test_the_builder_says_what_it_can_do(here: Client) -> None:
    said = here.docker("buildx", "inspect")
    assert "running" in said and "linux/amd64" in said
    assert "org.mobyproject.buildkit.worker.snapshotter" in said
    assert "running" in here.docker("buildx", "ls")


_BAKE = """
variable "TAG" { default = "one" }
group "default" { targets = ["a", "b"] }
group "all" { targets = ["default", "c"] }
target "base" {
  dockerfile-inline = "FROM busybox AS first\\nARG WHO\\nRUN echo $WHO > /w\\nFROM first"
}
target "a" {
  inherits = ["base"]
  args = { WHO = "a" }
  tags = ["keep/a:${TAG}"]
}
target "b" {
  inherits = ["base"]
  args = { WHO = "b" }
  tags = ["keep/b:${TAG}"]
  labels = { "from" = upper("bake") }
}
target "c" {
  inherits = ["base"]
  output = ["type=local,dest=out-c"]
  target = "first"
}
"""


def test_bake_by_its_own_language(here: Client) -> None:
    here.write(**{"docker-bake.hcl": _BAKE})
    shown = here.docker("buildx", "bake", "--print", "all", TAG="two")
    plan = json.loads(shown[shown.index("{") :])
    assert plan["target"]["b"]["tags"] == ["keep/b:two"]
    assert plan["target"]["b"]["labels"] == {"from": "BAKE"}
    words = ["--set", "c.args.WHO=set", "--set", "*.labels.all=yes", "--metadata-file", "m.json"]
    here.docker("buildx", "bake", *words, "all", TAG="two")
    assert here.file("keep/a:two", "/w") == "a\n"
    assert here.file("keep/b:two", "/w") == "b\n"
    assert (here.directory / "out-c" / "w").read_text() == "set\n"
    image = json.loads(here.docker("inspect", "keep/b:two"))[0]
    assert image["Config"]["Labels"] == {"from": "BAKE", "all": "yes"}
    told = json.loads((here.directory / "m.json").read_text())
    assert told["b"]["containerimage.config.digest"] == image["Id"]
    assert told["a"]["image.name"] == "docker.io/keep/a:two"


def test_bake_of_linked_targets_on_several_platforms(here: Client) -> None:
    here.write(
        **{
            "docker-bake.json": json.dumps(
                {
                    "target": {
                        "under": {
                            "dockerfile-inline": "FROM scratch\nARG TARGETARCH\n"
                            "COPY f /$TARGETARCH\n",
                            "platforms": ["linux/amd64", "linux/arm64"],
                        },
                        "default": {
                            "dockerfile-inline": "FROM below\nCOPY f /top\n",
                            "contexts": {"below": "target:under"},
                            "platforms": ["linux/amd64", "linux/arm64"],
                            "output": ["out"],
                        },
                    }
                }
            )
        }
    )
    here.docker("buildx", "bake")
    found = {
        str(path.relative_to(here.directory / "out")) for path in here.directory.glob("out/*/*")
    }
    assert found == {
        "linux_amd64/amd64",
        "linux_amd64/top",
        "linux_arm64/arm64",
        "linux_arm64/top",
    }
