"""What registries and clients write, read with care: challenges, credentials, manifests."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.oci.layout import Descriptor
from boxship.registry import challenges, manifests, proxies, url
from boxship.registry.challenges import Challenge
from boxship.registry.credentials import ANONYMOUS, Credentials, from_header
from boxship.registry.errors import Fault, ProtocolError, faults_of, refusal
from boxship.registry.manifests import Index, Layer, Manifest
from boxship.registry.proxies import Proxies, Proxy
from boxship.registry.settings import RegistrySettings, host_name

DIGEST = "sha256:" + "ab" * 32
KEYS = (
    *("schemaVersion", "mediaType", "config", "layers", "manifests"),
    *("digest", "size", "platform", "annotations", "urls"),
)
TYPES = ("", *manifests.ACCEPT.split(", "))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(DIGEST),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ('Basic realm="Registry Realm"', [Challenge("basic", {"realm": "Registry Realm"})]),
        (
            'Bearer realm="https://a/token",service="b",scope="repository:x:pull,push"',
            [
                Challenge(
                    "bearer",
                    {"realm": "https://a/token", "service": "b", "scope": "repository:x:pull,push"},
                )
            ],
        ),
        (
            'Negotiate, Basic realm=plain, Bearer realm="a\\"b"',
            [
                Challenge("negotiate"),
                Challenge("basic", {"realm": "plain"}),
                Challenge("bearer", {"realm": 'a"b'}),
            ],
        ),
        ('BEARER Realm = "x" , Service=y', [Challenge("bearer", {"realm": "x", "service": "y"})]),
        ("", []),
        ('"', []),
    ],
)
def test_challenges(header: str, found: list[Challenge]) -> None:
    assert challenges.parse(header) == found


@given(st.text(alphabet='Bearer basic="\\,realm:/ \t', max_size=200))
def test_challenges_of_any_text(header: str) -> None:
    for challenge in challenges.parse(header):
        assert challenge.scheme == challenge.scheme.lower() != ""


def encoded(value: Any, urlsafe: bool = True) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(data).decode()


@given(st.text(), st.text(), st.booleans(), st.booleans())
def test_credentials_in_either_alphabet(
    user: str, password: str, urlsafe: bool, padded: bool
) -> None:
    header = encoded({"username": user, "password": password, "serveraddress": "x"}, urlsafe)
    header = header if padded else header.rstrip("=")
    assert from_header(header) == Credentials(user, password)


def test_credentials_of_other_shapes() -> None:
    auth = base64.b64encode(b"me:p:w").decode()
    assert from_header(encoded({"auth": auth})) == Credentials("me", "p:w")
    assert from_header(encoded({"identitytoken": "t"})) == Credentials(identity_token="t")
    assert from_header(encoded({"registrytoken": "t"})) == Credentials(registry_token="t")
    for nobody in ("", "   ", encoded({}), encoded(b""), encoded(b"null")):
        assert from_header(nobody) == ANONYMOUS
    assert "pw" not in repr(Credentials("me", "pw", "pw", "pw"))


@pytest.mark.parametrize(
    "header", ["!!", "FOOBAR", encoded(b"{"), encoded([1]), encoded({"username": 1}), "A" * 100_000]
)
def test_credentials_that_are_none(header: str) -> None:
    assert from_header(header) == ANONYMOUS


@given(st.text(max_size=100))
def test_credentials_of_any_text(header: str) -> None:
    assert isinstance(from_header(header), Credentials)


def layer(**more: Any) -> dict[str, Any]:
    return {"mediaType": manifests.GZIP_LAYER, "digest": DIGEST, "size": 5, **more}


def test_manifests() -> None:
    config = Descriptor("", DIGEST, 7)
    data, media_type = manifests.encode(
        config, [Layer(Descriptor(manifests.GZIP_LAYER, DIGEST, 5))]
    )
    found = manifests.parse(data, media_type)
    assert isinstance(found, Manifest)
    assert (found.config.digest, found.config.size, len(found.layers)) == (DIGEST, 7, 1)
    zstd = Descriptor("application/vnd.oci.image.layer.v1.tar+zstd", DIGEST, 5)
    data, media_type = manifests.encode(config, [Layer(zstd)])
    assert media_type == "application/vnd.oci.image.manifest.v1+json"
    assert manifests.parse(data, "") == manifests.parse(data, media_type)


def test_a_manifest_is_what_dockerd_would_push() -> None:
    blob = Descriptor(manifests.GZIP_LAYER, DIGEST, 5)
    data, _ = manifests.encode(Descriptor("", DIGEST, 7), [Layer(blob)])
    assert data.startswith(b'{\n   "schemaVersion": 2,\n   "mediaType": "application/vnd.docker')
    assert b'      "size": 7,\n      "digest": "sha256:' in data
    assert not data.endswith(b"\n")


@pytest.mark.parametrize(
    "document",
    [
        {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [], "layers": []},
        {"mediaType": "application/vnd.oci.image.manifest.v1+json", "manifests": []},
        {"schemaVersion": 2, "config": layer(size=-1), "layers": []},
        {"schemaVersion": 2, "config": layer(size=1 << 60), "layers": []},
        {"schemaVersion": 2, "config": layer(size=True), "layers": []},
        {"schemaVersion": 2, "config": layer(digest="sha256:../../etc"), "layers": []},
        {"schemaVersion": 2, "config": layer(), "layers": [layer()] * 1000},
        {"schemaVersion": 2, "config": layer(), "layers": "many"},
        {"schemaVersion": 2, "manifests": [{"digest": DIGEST}]},
        {"schemaVersion": 1},
        {"schemaVersion": 2},
    ],
)
def test_manifests_that_are_none(document: Any) -> None:
    with pytest.raises(InvalidParameter):
        manifests.parse(json.dumps(document).encode(), "")


@given(
    JSON, st.sampled_from(["", manifests.ACCEPT.split(", ")[0], manifests.ACCEPT.split(", ")[2]])
)
def test_manifests_of_any_document(document: Any, media_type: str) -> None:
    try:
        found = manifests.parse(json.dumps(document).encode(), media_type)
    except InvalidParameter:
        return
    assert isinstance(found, Manifest | Index)


@given(st.binary(max_size=200))
def test_manifests_of_any_bytes(data: bytes) -> None:
    with pytest.raises(InvalidParameter):
        manifests.parse(data, "")


def test_faults_are_told_as_docker_tells_them() -> None:
    body = b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}'
    assert faults_of(body) == (Fault("MANIFEST_UNKNOWN", "manifest unknown"),)
    assert str(refusal(404, body, "u")) == "manifest unknown: manifest unknown"
    assert str(refusal(500, b"<html>", "u")) == "received unexpected HTTP status: 500 from u"
    hostile = json.dumps({"errors": [{"code": "X", "message": "a\x1b[2J\n" + "b" * 1000}]})
    text = str(refusal(400, hostile.encode(), "u"))
    assert text.isprintable() and len(text) < 500


@given(st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
def test_faults_of_any_body(body: bytes) -> None:
    assert isinstance(str(refusal(400, body, "u")), str)


@given(st.text(max_size=60))
def test_urls_of_any_text(text: str) -> None:
    try:
        found = url.parse(text)
    except ProtocolError:
        return
    assert found.scheme in ("http", "https") and "\n" not in str(found) and " " not in str(found)


def test_proxies_by_environment() -> None:
    found = proxies.from_environment(
        {"HTTPS_PROXY": "http://me:p%40w@proxy:3128", "no_proxy": "inside.example,10.0.0.0/8,x:81"}
    )
    assert found.https == Proxy("proxy", 3128, "me", "p@w")
    expected = {
        "https://registry.example/": found.https,
        "http://registry.example/": None,
        "https://a.inside.example/": None,
        "https://outside.example/": found.https,
        "https://10.1.2.3/": None,
        "https://x:81/": None,
        "https://x:82/": found.https,
        "https://127.0.0.1/": None,
        "https://[::1]/": None,
    }
    assert {text: found.choose(url.parse(text)) for text in expected} == expected
    assert proxies.from_environment({}) == Proxies()
    with pytest.raises(InvalidParameter):
        proxies.from_environment({"HTTP_PROXY": "socks5://x"})


def test_endpoints() -> None:
    settings = RegistrySettings(("http://mirror:5000/x/",), ("10.0.0.0/8", "plain.example"))
    hub = settings.endpoints("docker.io")
    assert [one.host for one in hub] == ["mirror:5000", "registry-1.docker.io"]
    assert hub[0].mirror and hub[0].prefix == "/x" and hub[0].schemes == ("http",)
    assert [one.host for one in settings.endpoints("docker.io", push=True)] == [hub[1].host]
    insecure = ["127.0.0.1:5000", "127.9.9.9", "[::1]:5000", "localhost:1", "10.1.1.1:5"]
    insecure += ["plain.example:443"]
    assert all(settings.endpoints(host)[0].schemes == ("https", "http") for host in insecure)
    secure = ["registry.example", "11.0.0.1:5000", "[fe80::1]"]
    assert all(settings.endpoints(host)[0].schemes == ("https",) for host in secure)
    assert (host_name("[::1]:5"), host_name("a:5"), host_name("a")) == ("::1", "a", "a")
    with pytest.raises(InvalidParameter):
        RegistrySettings(("ftp://x",)).endpoints("docker.io")
