"""Users, tokens and rights of the hub, by its commands and by Docker's token protocol."""

import base64
import http.client
import json
import os
import signal
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from support import certificates
from support.hub import PASSWORD, HubClient, RunningHub, digest_of, running_hub
from support.waiting import eventually

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    directory = Path(tmp_path_factory.mktemp("accounts"))
    with running_hub(directory, users=("alice", "bob", "carol")) as running:
        yield running


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _granted(client: HubClient, scope: str, headers: dict[str, str]) -> str:
    answer = client.once("GET", f"/token?service=x&scope={scope}", headers=headers)
    assert answer.status == 200, answer
    return str(answer.json["scope"])


def test_users_by_commands(hub: RunningHub) -> None:
    assert hub.command("user", "add", "dave", "--password-stdin", stdin="short\n").returncode == 1
    added = hub.command("user", "add", "dave", "--password-stdin", "--admin", stdin="long enough\n")
    assert added.returncode == 0, added.stderr
    again = hub.command("user", "add", "dave", "--password-stdin", stdin="long enough\n")
    assert again.returncode == 1 and "there is a user dave already" in again.stderr
    assert "dave\tadmin" in hub.command("user", "ls").stdout.splitlines()
    login = _basic("dave", "long enough")
    assert hub.client().once("GET", "/token", headers=login).status == 200
    changed = hub.command("user", "passwd", "dave", "--password-stdin", stdin="another one\n")
    assert changed.returncode == 0
    assert hub.client().once("GET", "/token", headers=login).status == 401
    assert hub.command("user", "rm", "dave").returncode == 0
    gone = hub.command("user", "rm", "dave")
    assert (gone.returncode, gone.stderr) == (1, "boxship hub: no such user: dave\n")
    for name in ("UPPER", "a/b", "-x", "", "a" * 300):
        wrong = hub.command("user", "add", "--password-stdin", "--", name, stdin="long enough\n")
        assert wrong.returncode != 0


def test_passwords_are_kept_as_argon2id_and_files_for_the_owner(hub: RunningHub) -> None:
    async def password(opened: object) -> str:
        user = await opened.metadata.user("alice")  # type: ignore[attr-defined]
        return str(user.password)

    assert hub.inside(password).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    everything = b"".join(path.read_bytes() for path in hub.root.glob("hub.sqlite*"))
    assert PASSWORD.encode() not in everything
    assert hub.machine_tokens["alice"].encode() not in everything
    assert stat.S_IMODE(hub.root.stat().st_mode) == 0o700
    for name in ("hub.sqlite", "token.key"):
        assert stat.S_IMODE((hub.root / name).stat().st_mode) == 0o600


def test_tokens_grant_what_the_user_may_do(hub: RunningHub) -> None:
    client = hub.client()
    alice = _basic("alice", PASSWORD)
    own = _granted(client, "repository:alice/x:pull,push,delete", alice)
    assert own == "repository:alice/x:pull,push,delete"
    assert _granted(client, "repository:bob/x:pull,push", alice) == ""
    assert _granted(client, "repository:alice/x:pull", {}) == ""
    assert _granted(client, "repository:../x:pull%20registry:catalog:*", alice) == ""


def test_logins_by_form_and_refresh_tokens(hub: RunningHub) -> None:
    client = hub.client()
    fields = {
        "grant_type": "password",
        "username": "bob",
        "password": PASSWORD,
        "access_type": "offline",
        "client_id": "tests",
        "service": "x",
    }
    first = client.once("POST", "/token", urlencode(fields).encode(), FORM)
    refresh = first.json["refresh_token"]
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "scope": "repository:bob/x:push",
    }
    second = client.once("POST", "/token", urlencode(fields).encode(), FORM)
    assert second.status == 200 and second.json["scope"] == "repository:bob/x:push"
    changed = hub.command("user", "passwd", "bob", "--password-stdin", stdin=PASSWORD + "\n")
    assert changed.returncode == 0
    assert client.once("POST", "/token", urlencode(fields).encode(), FORM).status == 401
    for wrong in ({"grant_type": "magic"}, {}):
        assert client.once("POST", "/token", urlencode(wrong).encode(), FORM).status == 400
    assert client.once("POST", "/token", b"{}", {"Content-Type": "text/plain"}).status == 400


def test_machine_tokens_allow_no_more_than_their_right(hub: RunningHub) -> None:
    made = hub.command("token", "add", "alice", "--right", "pull", "--label", "ci", "--days", "1")
    token = made.stdout.strip()
    assert token.startswith("bxp_")
    listed = hub.command("token", "ls", "alice").stdout.splitlines()
    line = next(line for line in listed if line.endswith("\tci"))
    assert line.split("\t")[1] == "pull" and token not in line
    client = hub.client()
    scope = "repository:alice/x:pull,push"
    assert _granted(client, scope, _basic("alice", token)) == "repository:alice/x:pull"
    assert client.once("GET", "/token", headers=_basic("bob", token)).status == 401
    assert hub.command("token", "rm", "alice", line.split("\t")[0]).returncode == 0
    assert client.once("GET", "/token", headers=_basic("alice", token)).status == 401


def test_a_removed_token_ends_all_that_was_derived_from_it(hub: RunningHub) -> None:
    token = hub.command("token", "add", "carol", "--label", "short").stdout.strip()
    number = next(
        line.split("\t")[0]
        for line in hub.command("token", "ls", "carol").stdout.splitlines()
        if line.endswith("\tshort")
    )
    client = hub.client()
    basic = _basic("carol", token)
    offline = client.once("GET", "/token?offline_token=true", headers=basic)
    refresh = {"grant_type": "refresh_token", "refresh_token": offline.json["refresh_token"]}
    form = urlencode({"name": "carol", "password": token}).encode()
    page = client.once("POST", "/login", form, {**FORM, "Origin": f"http://{hub.host}"})
    cookie = {"Cookie": page.headers["set-cookie"].partition(";")[0]}
    renew = urlencode(refresh).encode()
    assert client.once("POST", "/token", renew, FORM).status == 200
    assert b"carol" in client.once("GET", "/", headers=cookie).body
    assert hub.command("token", "rm", "carol", number).returncode == 0
    assert client.once("POST", "/token", renew, FORM).status == 401
    assert b"carol" not in client.once("GET", "/", headers=cookie).body


def test_rights_in_somebody_elses_repository(hub: RunningHub) -> None:
    alice, carol = hub.client("alice"), hub.client("carol")
    digest = alice.push_image("alice/shared", "v1", b"layer")
    blob = digest_of(b"layer")
    attempts = {
        "pull": lambda: carol.ask("GET", f"/v2/alice/shared/blobs/{blob}").status == 200,
        "push": lambda: carol.ask("POST", "/v2/alice/shared/blobs/uploads/").status == 202,
        "delete": lambda: carol.ask("DELETE", f"/v2/alice/shared/manifests/{digest}").status == 202,
    }
    assert [name for name, may in attempts.items() if may()] == []
    for count, right in enumerate(attempts, 1):
        assert hub.command("grant", "alice/shared", "carol", right).returncode == 0
        carol.tokens.clear()
        assert [name for name, may in attempts.items() if may()] == list(attempts)[:count]
    listed = hub.command("repository", "ls").stdout
    assert "alice/shared\tprivate\tcarol:delete" in listed.splitlines()
    assert hub.command("revoke", "alice/shared", "carol").returncode == 0
    carol.tokens.clear()
    assert [name for name, may in attempts.items() if may()] == []
    refused = hub.command("grant", "alice/shared", "nobody", "pull")
    assert refused.stderr == "boxship hub: no such user: nobody\n"


def test_public_repositories_are_pulled_without_a_login(hub: RunningHub) -> None:
    alice, stranger = hub.client("alice"), hub.client()
    alice.push_image("alice/open", "v1", b"layer")
    path = "/v2/alice/open/manifests/v1"
    assert stranger.ask("GET", path).status == 401
    assert hub.command("repository", "set", "alice/open", "--public").returncode == 0
    assert stranger.ask("GET", path).status == 200
    assert hub.client("bob").ask("GET", path).status == 200
    assert stranger.ask("POST", "/v2/alice/open/blobs/uploads/").status == 401
    assert hub.client("bob").ask("POST", "/v2/alice/open/blobs/uploads/").status == 403
    assert hub.command("repository", "set", "alice/open", "--private").returncode == 0
    assert stranger.ask("GET", path).status == 401
    assert hub.command("repository", "rm", "alice/open").returncode == 0
    assert alice.ask("GET", path).status == 404
    assert hub.command("repository", "add", "UPPER").returncode == 1


def test_the_catalog_shows_what_one_may_pull(hub: RunningHub) -> None:
    hub.client("alice").push_image("alice/hidden", "v1", b"layer")
    hub.client("bob").push_image("bob/own", "v1", b"layer")
    found = hub.client("bob").ask("GET", "/v2/_catalog").json["repositories"]
    assert "bob/own" in found and "alice/hidden" not in found
    assert hub.client().ask("GET", "/v2/_catalog").status == 401


@pytest.mark.parametrize("part", range(3))
def test_forged_tokens(hub: RunningHub, part: int) -> None:
    alice = hub.client("alice")
    parts = alice.token({"scope": "repository:alice/x:pull"}).split(".")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    claims["access"][0]["name"] = "bob/x"
    none = json.dumps({"alg": "none", "typ": "JWT"}).encode()
    forged = [
        [base64.urlsafe_b64encode(none).decode().rstrip("="), parts[1], ""],
        [parts[0], base64.urlsafe_b64encode(json.dumps(claims).encode()).decode(), parts[2]],
        [parts[0], parts[1], parts[2][:-4] + "AAAA"],
    ][part]
    bearer = {"Authorization": "Bearer " + ".".join(forged).replace("=", "")}
    assert alice.once("GET", "/v2/", headers=bearer).status == 401


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"nocolon").decode(), "Digest x"]
)
def test_malformed_logins(hub: RunningHub, header: str) -> None:
    answer = hub.client().once("GET", "/token", headers={"Authorization": header})
    assert (answer.status, answer.code) == (401, "UNAUTHORIZED")


def test_failed_logins_are_limited(tmp_path: Path) -> None:
    with running_hub(tmp_path) as hub:
        client = hub.client()
        wrong = [
            client.once("GET", "/token", headers=_basic("alice", "wrong")).status for _ in range(7)
        ]
        assert wrong == [401] * 5 + [429] * 2
        right = client.once("GET", "/token", headers=_basic("alice", PASSWORD))
        assert right.status == 429 and 0 < int(right.headers["retry-after"]) <= 61
        assert client.once("GET", "/token", headers=_basic("bob", PASSWORD)).status == 200


@pytest.mark.parametrize("flags", [(), ("--trusted-proxy", "127.0.0.0/8")])
def test_what_a_proxy_says_counts_when_it_is_trusted(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    with running_hub(tmp_path, *flags) as hub:
        client = hub.client()

        def guess(address: str) -> int:
            said = {**_basic("alice", "wrong"), "X-Forwarded-For": address}
            return client.once("GET", "/token", headers=said).status

        assert [guess("192.0.2.1") for _ in range(6)][-1] == 429
        assert guess("192.0.2.2") == (401 if flags else 429)
        secure = {"X-Forwarded-Proto": "https"}
        challenge = client.once("GET", "/v2/", headers=secure).headers["www-authenticate"]
        assert ('realm="https://' in challenge) == bool(flags)
        assert ("192.0.2.1" in hub.log()) == bool(flags)


def test_tls_and_its_renewal(tmp_path: Path) -> None:
    files = certificates.issue(tmp_path)
    flags = ("--tls-cert", files.cert("server"), "--tls-key", files.key("server"))
    context = ssl.create_default_context(cafile=files.cert("ca"))

    def serial() -> str:
        connection = http.client.HTTPSConnection("localhost", hub.port, context=context, timeout=10)
        connection.request("GET", "/v2/")
        answer = connection.getresponse()
        assert answer.status == 401
        realm = answer.headers["WWW-Authenticate"]
        assert realm.startswith(f'Bearer realm="https://localhost:{hub.port}/token"')
        certificate = connection.sock.getpeercert()
        connection.close()
        return str(certificate["serialNumber"])

    with running_hub(tmp_path, *flags) as hub:
        before = serial()
        for name in ("cert", "key"):
            source, target = (getattr(files, name)(who) for who in ("client", "server"))
            os.replace(source, target)
        os.kill(hub.pid, signal.SIGHUP)
        eventually(lambda: serial() != before)
        Path(files.cert("server")).write_text("broken")
        os.kill(hub.pid, signal.SIGHUP)
        eventually(lambda: "the old certificate stays in use" in hub.log())
        assert serial() != before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("serve", "--tls-cert", "x"), "belong together"),
        (("serve", "--tls-cert", "/none", "--tls-key", "/none"), "could not load X509 key pair"),
        (("serve", "--url", "hub.example.com"), "--url must begin with"),
        (("serve", "--grace", "-1"), "must not be negative"),
        (("serve", "--listen", "nonsense:x"), "invalid bind address"),
        (("gc", "--grace", "10"), "say --idle"),
    ],
)
def test_what_the_operator_gets_wrong(
    hub: RunningHub, words: tuple[str, ...], message: str
) -> None:
    done = hub.command(*words)
    assert done.returncode == 1 and message in done.stderr
