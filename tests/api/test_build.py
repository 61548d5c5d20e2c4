"""POST /build: the stream, its parameters, the cache, and what is left behind."""

import bz2
import gzip
import io
import json
import lzma
import socket
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker as docker_py
import pytest

from boxship.builder.stage import PROXIES
from support import contexts, engines
from support.api import Api
from support.contexts import build, context, image_of, text
from support.waiting import eventually

SIMPLE = "FROM busybox\nENV A=1\nRUN echo said && echo x > /f\nCOPY a /a\n"


@pytest.fixture
def fresh(client: docker_py.DockerClient) -> Iterator[docker_py.DockerClient]:
    """Without a cache from before; images that the test builds go away."""
    before = {image.id for image in client.images.list(all=True)}
    client.api.prune_builds(all=True)
    yield client
    for image in client.images.list():
        if image.id not in before:
            client.images.remove(image.id, force=True)


def test_the_stream_is_the_classic_builders(fresh: docker_py.DockerClient) -> None:
    messages = build(fresh, context(SIMPLE, a="1"), tag="t:1")
    lines = text(messages).splitlines()
    image = image_of(messages)
    short = image.removeprefix("sha256:")[:12]
    heads = [line.split(":")[0].strip() for line in lines if line.startswith("Step")]
    assert heads == ["Step 1/4", "Step 2/4", "Step 3/4", "Step 4/4"]
    assert "said" in lines
    running = [line for line in lines if line.startswith(" ---> Running in ")]
    removed = [line for line in lines if line.startswith(" ---> Removed intermediate container ")]
    assert running[0].split()[-1] == removed[0].split()[-1]
    assert lines[-3:] == [
        f" ---> {short}",
        f"Successfully built {short}",
        "Successfully tagged t:1",
    ]


def test_the_second_build_is_the_first_ones_image(fresh: docker_py.DockerClient) -> None:
    first = build(fresh, context(SIMPLE, a="1"))
    second = build(fresh, context(SIMPLE, a="1"))
    assert image_of(first) == image_of(second)
    assert text(second).count(" ---> Using cache") == 3
    assert " ---> Running in" not in text(second)


def test_content_decides_and_not_time(fresh: docker_py.DockerClient) -> None:
    def archive(content: bytes, mtime: int) -> bytes:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            contexts.add_file(tar, "Dockerfile", b"FROM busybox\nCOPY a /a\n")
            contexts.add_file(tar, "a", content, mtime)
            contexts.add_file(tar, "unused", str(mtime).encode())
        return out.getvalue()

    first = image_of(build(fresh, archive(b"1", 1)))
    assert image_of(build(fresh, archive(b"1", 2))) == first
    assert image_of(build(fresh, archive(b"2", 2))) != first


def test_labels_and_arguments_do_not_spoil_the_cache_of_run(
    fresh: docker_py.DockerClient,
) -> None:
    build(fresh, context("FROM busybox\nLABEL a=1\nRUN echo x > /f\n"))
    again = text(build(fresh, context("FROM busybox\nLABEL a=2\nRUN echo x > /f\n")))
    assert " ---> Running in" not in again
    changed = "FROM busybox\nARG V\nRUN echo x$V > /f\n"
    build(fresh, context(changed), buildargs={"V": "1"})
    assert " ---> Running in" in text(build(fresh, context(changed), buildargs={"V": "2"}))
    proxy = text(build(fresh, context(changed), buildargs={"V": "1", "HTTP_PROXY": "p"}))
    assert " ---> Running in" not in proxy


def test_nocache_runs_everything_again(fresh: docker_py.DockerClient) -> None:
    first = image_of(build(fresh, context(SIMPLE, a="1")))
    again = build(fresh, context(SIMPLE, a="1"), nocache=True)
    assert "Using cache" not in text(again) and image_of(again) != first


def test_intermediate_images_are_parents(fresh: docker_py.DockerClient) -> None:
    image = image_of(build(fresh, context(SIMPLE, a="1"), tag="t:1"))
    ids = [row["Id"] for row in fresh.api.history(image)]
    everything = {each.id for each in fresh.images.list(all=True)}
    assert set(ids[:4]) <= everything
    shown = {each.id for each in fresh.images.list()}
    assert not set(ids[1:3]) & shown
    removed = fresh.api.remove_image("t:1")
    assert {row["Deleted"] for row in removed if "Deleted" in row} >= set(ids[:3])


def test_history_says_what_was_done(fresh: docker_py.DockerClient) -> None:
    image = image_of(build(fresh, context(SIMPLE, a="1")))
    rows = [row["CreatedBy"] for row in fresh.api.history(image)][2::-1]
    assert rows[0] == "/bin/sh -c #(nop)  ENV A=1"
    assert rows[1] == "/bin/sh -c echo said && echo x > /f"
    assert rows[2].startswith("/bin/sh -c #(nop) COPY file:") and rows[2].endswith(" in /a ")


def test_bytes_that_are_no_text_become_marks(fresh: docker_py.DockerClient) -> None:
    source = b"FROM busybox\nARG \xff\nLABEL a=\xfe\nENV b=\xfd\nRUN echo \xfc\n"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        contexts.add_file(tar, "Dockerfile", source)
    messages = build(fresh, out.getvalue())
    config = fresh.api.inspect_image(image_of(messages))["Config"]
    assert config["Labels"] == {"a": "\ufffd"} and "b=\ufffd" in config["Env"]
    assert "\ufffd\n" in text(messages)


def test_proxies_leave_no_trace(fresh: docker_py.DockerClient) -> None:
    source = "FROM busybox\n{}RUN [ ${{#{}}} = 12 ]; date +%N > /n\n"
    for name in sorted(PROXIES):
        images = set()
        for value in ("secret-proxy", "sacred-proxy"):
            archive = context(source.format("", name))
            image = image_of(build(fresh, archive, buildargs={name: value}))
            assert value not in json.dumps(fresh.api.history(image))
            assert value not in json.dumps(fresh.api.inspect_image(image))
            images.add(image)
        assert len(images) == 1


def test_proxies_that_are_declared_are_arguments_as_others(fresh: docker_py.DockerClient) -> None:
    source = "FROM busybox\nARG HTTP_PROXY\nRUN [ ${#HTTP_PROXY} = 1 ]\n"
    for value in ("p", "q"):
        messages = build(fresh, context(source), buildargs={"HTTP_PROXY": value})
        first, *_ = fresh.api.history(image_of(messages))
        assert f"|1 HTTP_PROXY={value} " in first["CreatedBy"]
        assert " ---> Running in" in text(messages)


def test_quiet_says_the_id_alone(fresh: docker_py.DockerClient) -> None:
    messages = build(fresh, context(SIMPLE, a="1"), quiet=True)
    assert len(messages) == 1 and messages[0]["stream"].startswith("sha256:")


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_contexts_may_be_compressed(
    fresh: docker_py.DockerClient, compress: Callable[[bytes], bytes]
) -> None:
    assert image_of(build(fresh, compress(context(SIMPLE, a="1"))))


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        (
            "FROM busybox\nRUN exit 7\n",
            "The command '/bin/sh -c exit 7' returned a non-zero code: 7",
        ),
        (
            "FROM busybox\nCOPY nope /x\n",
            "COPY failed: file not found in build context or excluded by .dockerignore: "
            "stat nope: file does not exist",
        ),
        (
            "FROM busybox\nCOPY ../x /x\n",
            "COPY failed: forbidden path outside the build context: ../x ()",
        ),
        ("FROM scratch\n", "No image was generated. Is your Dockerfile empty?"),
        ("FROM busybox\nENV a='b\n", 'failed to process "\'b": unexpected end of statement'),
        ("FROM busybox\nCOPY Dockerfile /etc/passwd/x\n", "cannot copy to non-directory"),
        ("FROM busybox\nRUN --security=insecure x\n", "security.insecure is not allowed"),
        ("FROM busybox\nRUN --mount=type=secret,id=s,required x\n", "secret s: not found"),
    ],
)  # fmt: skip
def test_a_step_that_fails_ends_the_stream(
    fresh: docker_py.DockerClient, dockerfile: str, message: str
) -> None:
    last = build(fresh, context(dockerfile), forcerm=True)[-1]
    assert message in last["error"] and last["error"] == last["errorDetail"]["message"]
    if "exit 7" in message:
        assert last["errorDetail"]["code"] == 7
    assert fresh.containers.list(all=True) == []


@pytest.mark.parametrize(
    ("dockerfile", "more", "status", "message"),
    [
        ("FROM busybox\nRNU x\n", {}, 400, "error on line 2: unknown instruction: RNU (did"),
        ("", {}, 400, "the Dockerfile (Dockerfile) cannot be empty"),
        (" \n\n", {}, 400, "file with no instructions"),
        ("# only\n", {}, 400, "file with no instructions"),
        ("FROM busybox\n", {"target": "x"}, 400, 'target stage "x" could not be found'),
        ("FROM busybox\n", {"dockerfile": "no"}, 500, "Cannot locate specified Dockerfile: no"),
    ],
)  # fmt: skip
def test_what_cannot_be_begun_has_a_status(
    fresh: docker_py.DockerClient, dockerfile: str, more: dict[str, Any], status: int, message: str
) -> None:
    with pytest.raises(docker_py.errors.APIError) as caught:
        build(fresh, context(dockerfile), **more)
    assert caught.value.status_code == status and message in str(caught.value.explanation)


def test_docker_py_builds_a_directory(fresh: docker_py.DockerClient, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(SIMPLE)
    (tmp_path / "a").write_text("1")
    image, log = fresh.images.build(path=str(tmp_path), tag="py:1")
    assert "py:1" in image.tags and any("said" in row.get("stream", "") for row in log)
    with pytest.raises(docker_py.errors.BuildError, match="returned a non-zero code: 3"):
        (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN exit 3\n")
        fresh.images.build(path=str(tmp_path))


def test_limits_and_hosts_hold_for_run(fresh: docker_py.DockerClient) -> None:
    source = (
        "FROM busybox\nRUN grep -c 10.1.2.3 /etc/hosts; df -k /dev/shm | tail -1;"
        " ulimit -n; cat /sys/fs/cgroup/memory/memory.limit_in_bytes"
        " /sys/fs/cgroup/memory.max 2>/dev/null; true\n"
    )
    parameters = {
        "extra_hosts": {"there": "10.1.2.3"},
        "shmsize": 8 << 20,
        "container_limits": {"memory": 64 << 20},
        "network_mode": "none",
    }
    shown = text(build(fresh, context(source), **parameters))
    assert "\n1\n" in shown and " 8192 " in shown and f"{64 << 20}\n" in shown


def test_rm_false_keeps_the_container_and_forcerm_removes_a_failed_one(
    fresh: docker_py.DockerClient,
) -> None:
    archive = context("FROM busybox\nRUN exit 1\n")
    kept = build(fresh, archive, rm=False)
    (container,) = fresh.containers.list(all=True)
    assert container.short_id in text(kept)
    container.remove()
    build(fresh, archive, forcerm=True)
    assert fresh.containers.list(all=True) == []


def test_prune_forgets(fresh: docker_py.DockerClient) -> None:
    build(fresh, context("FROM busybox\nRUN echo x > /f\n"))
    # What an image has is taken for no leftover unless everything is to go.
    assert fresh.api.prune_builds()["CachesDeleted"] is None
    assert " ---> Using cache" in text(build(fresh, context("FROM busybox\nRUN echo x > /f\n")))
    report = fresh.api.prune_builds(all=True)
    assert len(report["CachesDeleted"]) == 1 and report["SpaceReclaimed"] == 0
    assert " ---> Running in" in text(build(fresh, context("FROM busybox\nRUN echo x > /f\n")))


def test_the_cache_outlives_images_until_it_is_pruned(fresh: docker_py.DockerClient) -> None:
    archive = context("FROM busybox\nRUN echo x > /f\n")
    image = image_of(build(fresh, archive))
    fresh.images.remove(image)
    (row,) = fresh.api.df()["BuildCache"]
    assert (row["Size"], row["Shared"]) == (2, False)
    again = build(fresh, archive)
    assert " ---> Running in" not in text(again)
    fresh.images.remove(image_of(again))
    assert fresh.api.prune_builds()["SpaceReclaimed"] == 2
    assert fresh.api.df()["BuildCache"] == []


def test_triggers_reach_stages_that_nothing_else_needs(fresh: docker_py.DockerClient) -> None:
    """BuildKit refuses this one."""
    source = (
        "FROM busybox\nRUN echo part > /part\nFROM busybox AS b\nONBUILD COPY --from=0 /part /t\n"
        "FROM b\nRUN cat /t\n"
    )
    messages = build(fresh, context(source))
    assert "\npart\n" in text(messages) and image_of(messages)


def test_an_epoch_makes_builds_equal(fresh: docker_py.DockerClient) -> None:
    archive = context("FROM busybox\nWORKDIR /made/here\nCOPY a /x/y\nENV A=1\n", a="1")
    options: dict[str, Any] = {"buildargs": {"SOURCE_DATE_EPOCH": "1700000000"}, "nocache": True}
    first, second = (image_of(build(fresh, archive, **options)) for _ in range(2))
    assert first == second
    assert fresh.images.get(first).attrs["Created"].startswith("2023-11-14T22:13:20")


def test_a_client_that_goes_away_ends_its_build(
    fresh: docker_py.DockerClient, api: Api, boxship_daemon: engines.Engine
) -> None:
    archive = context("FROM busybox\nRUN echo be''gun; sleep 1000\n")
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(api.path)
    head = "POST /build?rm=1 HTTP/1.1\r\nHost: d\r\nContent-Type: application/x-tar\r\n"
    connection.sendall(f"{head}Content-Length: {len(archive)}\r\n\r\n".encode() + archive)
    seen = b""
    while b"begun" not in seen:
        seen += connection.recv(4096)
    assert len(fresh.api.containers()) == 1
    connection.close()
    eventually(lambda: fresh.api.containers(all=True) == [])
    eventually(lambda: [*(boxship_daemon.root / "data" / "staging").iterdir()] == [])


def test_pruning_takes_nothing_from_a_build(fresh: docker_py.DockerClient) -> None:
    source = (
        "FROM busybox AS made\nRUN echo made > /made\nFROM busybox\n"
        "RUN until [ -e /go ]; do usleep 10000; done\nCOPY --from=made /made /\n"
    )
    results: list[str] = []
    thread = threading.Thread(
        target=lambda: results.append(image_of(build(fresh, context(source))))
    )
    thread.start()

    def made() -> list[str]:
        images = fresh.api.images(all=True)
        return [
            i["Id"] for i in images if "echo made" in fresh.api.history(i["Id"])[0]["CreatedBy"]
        ]

    eventually(made)
    eventually(lambda: len(fresh.api.containers()) == 1)
    (waiting,) = fresh.containers.list()
    assert waiting.exec_run(["true"]).exit_code == 0
    fresh.images.prune()
    assert len(made()) == 1
    assert waiting.exec_run(["touch", "/go"]).exit_code == 0
    thread.join(30)
    assert len(results) == 1


def test_builds_beside_each_other(fresh: docker_py.DockerClient) -> None:
    results: list[str] = []

    def one(number: int) -> None:
        source = f"FROM busybox AS a\nRUN echo {number} > /n\nFROM busybox\nCOPY --from=a /n /n\n"
        results.append(image_of(build(fresh, context(source))))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(results)) == 4


def test_equal_builds_at_once(fresh: docker_py.DockerClient) -> None:
    archive = context(SIMPLE, a="1")
    results: list[str] = []
    threads = [
        threading.Thread(target=lambda: results.append(image_of(build(fresh, archive))))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for image in results:
        assert fresh.containers.run(image, ["cat", "/f", "/a"], remove=True) == b"x\n1"
    assert image_of(build(fresh, archive)) in results


def test_squash_leaves_one_new_layer(fresh: docker_py.DockerClient) -> None:
    source = (
        "FROM busybox\nRUN mkdir /d && echo 1 > /d/a && ln /d/a /d/b && echo 2 > /c\n"
        "RUN rm /d/a /home/guest -r && echo 3 > /d/e && rm -r /var && mkdir /var && echo > /var/x\n"
        "RUN rm /c && mkdir /c && echo 4 > /c/f && echo 5 > /etc/group\nENV A=1\n"
    )
    plain = fresh.images.get(image_of(build(fresh, context(source))))
    squashed = fresh.images.get(image_of(build(fresh, context(source), squash=True)))
    layers = [image.attrs["RootFS"]["Layers"] for image in (plain, squashed)]
    assert len(layers[0]) == len(layers[1]) + 2 and layers[0][:1] == layers[1][:1]
    assert plain.attrs["Config"] == squashed.attrs["Config"]
    look = "find / -xdev ! -path '/proc*' ! -path '/sys*' ! -path '/dev*' | sort; cat /d/* /c/f"
    shown = [
        fresh.containers.run(image.id, ["sh", "-c", look], remove=True, hostname="h")
        for image in (plain, squashed)
    ]
    assert shown[0] == shown[1] and b"/d/b" in shown[0] and b"/home/guest" not in shown[0]


def test_cache_from_takes_layers_of_an_image(fresh: docker_py.DockerClient) -> None:
    first = fresh.images.get(image_of(build(fresh, context(SIMPLE, a="1"), tag="t:1")))
    fresh.api.prune_builds(all=True)
    messages = build(fresh, context(SIMPLE + "ENV B=2\n", a="1"), cache_from=["t:1"])
    assert " ---> Running in" not in text(messages)
    again = fresh.images.get(image_of(messages))
    assert again.attrs["RootFS"]["Layers"] == first.attrs["RootFS"]["Layers"]
