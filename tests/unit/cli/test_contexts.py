"""Contexts: which one a command line means, and the files that Docker's client shares."""

import io
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from boxship.base.errors import BoxshipError, Conflict, InvalidParameter, NotFound
from boxship.cli.connect import chosen_target
from boxship.cli.contexts.archive import export_context, import_context
from boxship.cli.contexts.selection import chosen_context
from boxship.cli.contexts.store import Context, ContextStore
from boxship.cli.errors import Failed
from boxship.cli.flags.parser import parse
from boxship.cli.main import GLOBAL_FLAGS, main
from boxship.cli.settings import Settings

TLS = {"docker": {"ca.pem": b"A", "key.pem": b"K"}}


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BOXSHIP_HOST", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))


@pytest.fixture
def store(tmp_path: Path) -> ContextStore:
    return ContextStore(str(tmp_path))


@pytest.mark.parametrize(
    ("words", "environment", "written", "expected"),
    [
        ([], {}, "", "default"),
        ([], {}, "w", "w"),
        ([], {"DOCKER_CONTEXT": "e"}, "w", "e"),
        ([], {"DOCKER_CONTEXT": "e", "DOCKER_HOST": "unix:///x"}, "w", "default"),
        ([], {"BOXSHIP_HOST": "unix:///x"}, "w", "default"),
        (["-H", "unix:///x"], {"DOCKER_CONTEXT": "e"}, "w", "default"),
        (["-c", "f"], {"DOCKER_CONTEXT": "e", "DOCKER_HOST": "unix:///x"}, "w", "f"),
        (["--context", "f"], {}, "w", "f"),
    ],
)
def test_which_context_is_meant(
    words: list[str],
    environment: dict[str, str],
    written: str,
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"currentContext": written}))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert chosen_context(parse(GLOBAL_FLAGS, words), Settings()) == expected


def test_an_address_and_a_context_contradict_each_other() -> None:
    with pytest.raises(Failed, match="either specify --host or --context, not both"):
        chosen_context(parse(GLOBAL_FLAGS, ["-c", "a", "-H", "unix:///x"]), Settings())


def test_the_directory_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "config.json").write_text('{"currentContext": "there"}')
    options = parse(GLOBAL_FLAGS, ["--config", str(tmp_path / "d")])
    assert chosen_context(options, Settings(options.text("config"))) == "there"


def test_settings_that_are_not_ours_stay(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"auths": {"r": {"auth": "eA=="}}, "credsStore": "x", "plugins": {"a": {}}}')
    before = json.loads(path.read_text())
    Settings().change("currentContext", "c")
    assert json.loads(path.read_text()) == {**before, "currentContext": "c"}
    Settings().change("currentContext", "")
    assert json.loads(path.read_text()) == before
    assert os.listdir(tmp_path) == ["config.json"]


def test_settings_that_are_a_link_stay_one(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "config.json").symlink_to("elsewhere/config.json")
    Settings().change("currentContext", "c")
    assert (tmp_path / "config.json").is_symlink()
    assert Settings().text("currentContext") == "c"


@pytest.mark.parametrize("text", ["{", "[]", '{"currentContext": 5', '{"psFormat": 5}'])
def test_broken_settings_are_warned_about_and_kept(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    settings = Settings(str(tmp_path))
    assert settings.text("currentContext") == ""
    assert f"WARNING: Error loading config file: {path}: " in capsys.readouterr().err
    with pytest.raises(Failed, match=r"config\.json"):
        settings.change("currentContext", "x")
    assert path.read_text() == text


@pytest.mark.parametrize("text", ["", "{}", '{"psFormat": 5, "HttpHeaders": []}'])
def test_settings_of_another_type_count_as_absent(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(text)
    assert Settings().text("psFormat") == "" and Settings().table("HttpHeaders") == {}


def test_a_context_and_its_keys_on_disk(store: ContextStore) -> None:
    endpoint = {"docker": {"Host": "tcp://x:1", "SkipTLSVerify": False}}
    store.add(Context("work", {"Description": "d", "other": 1}, endpoint, TLS))
    found = store.read("work")
    assert (found.description, found.host, found.tls) == ("d", "tcp://x:1", TLS)
    assert found.metadata["other"] == 1
    key = Path(store.tls_path("work")) / "docker" / "key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert store.names() == ["work"]
    with pytest.raises(Conflict, match='context "work" already exists'):
        store.add(Context("work"))
    store.write(Context("work", found.metadata, endpoint))
    assert store.read("work").tls == {}
    store.remove("work")
    assert store.names() == [] and not os.path.exists(store.tls_path("work"))
    with pytest.raises(NotFound):
        store.read("work")


@pytest.mark.parametrize("name", ["default", "a", "-x", "a b", "a/b", "../x", "ab\n", ""])
def test_names_that_are_refused(store: ContextStore, name: str) -> None:
    with pytest.raises(InvalidParameter):
        store.add(Context(name))
    assert store.names() == []


def test_the_daemon_of_a_context(store: ContextStore) -> None:
    store.add(Context("w1", {}, {"docker": {"Host": "tcp://x:1"}}, TLS))
    store.add(Context("w2", {}, {"docker": {"Host": "tcp://x:1", "SkipTLSVerify": True}}))
    store.add(Context("w3", {}, {}))
    tls = chosen_target(parse(GLOBAL_FLAGS, ["-c", "w1"]), Settings()).tls
    assert tls is not None and tls.verify and tls.ca.endswith("docker/ca.pem")
    assert tls.certificate == ""
    skipping = chosen_target(parse(GLOBAL_FLAGS, ["-c", "w2"]), Settings()).tls
    assert skipping is not None and not skipping.verify
    own = chosen_target(parse(GLOBAL_FLAGS, ["-c", "w3"]), Settings())
    assert own.own and own.address.startswith("unix://")
    with pytest.raises(Failed, match='unable to resolve docker endpoint: context "w4"'):
        chosen_target(parse(GLOBAL_FLAGS, ["-c", "w4"]), Settings())


def test_exported_contexts_come_back() -> None:
    context = Context("a1", {"Description": "d"}, {"docker": {"Host": "unix:///x"}}, TLS)
    found = import_context("b1", export_context(context))
    assert found.name == "b1"
    assert (found.metadata, found.endpoints, found.tls) == (
        context.metadata,
        context.endpoints,
        context.tls,
    )


def archive_of(files: dict[str, bytes], *, zipped: bool) -> bytes:
    target = io.BytesIO()
    if zipped:
        with zipfile.ZipFile(target, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return target.getvalue()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return target.getvalue()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize(
    "files",
    [
        {},
        {"meta.json": b"{"},
        {"meta.json": b"[]"},
        {"meta.json": b"{}", "other": b""},
        {"meta.json": b"{}", "tls/../x": b""},
        {"meta.json": b"{}", "tls/docker/..": b""},
        {"meta.json": b"{}", "../tls/docker/x": b""},
        {"meta.json": b"{}", "tls/docker/a/b": b""},
    ],
)
def test_hostile_archives_are_refused(files: dict[str, bytes], zipped: bool) -> None:
    with pytest.raises(InvalidParameter):
        import_context("bad", archive_of(files, zipped=zipped))


@pytest.mark.parametrize("data", [b"", b"PK\3\4garbage", b"x" * 1000, b"x" * (11 << 20)])
def test_what_is_no_archive(data: bytes) -> None:
    with pytest.raises(BoxshipError):
        import_context("bad", data)


def test_zip_archives_are_read() -> None:
    files = {"meta.json": b'{"Name": "old"}', "tls/docker/ca.pem": b"A"}
    found = import_context("new", archive_of(files, zipped=True))
    assert (found.name, found.tls) == ("new", {"docker": {"ca.pem": b"A"}})


def test_a_context_in_use_is_not_forgotten(
    store: ContextStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["context", "create", "c10", "--docker", "host=unix:///x"]) == 0
    assert main(["context", "create", "c9", "--from", "c10", "--description", "d"]) == 0
    assert main(["context", "use", "c10"]) == 0
    capsys.readouterr()
    assert main(["context", "ls"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["NAME", "c9", "c10", "default"]
    assert lines[2].startswith("c10 *") and lines[1].rstrip().endswith("unix:///x")
    assert main(["context", "rm", "c10", "c9"]) == 1
    assert store.names() == ["c10"]
    assert main(["context", "rm", "-f", "c10"]) == 0
    assert Settings().text("currentContext") == ""
