"""Request bodies by Go's rules; the texts are dockerd 26's."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.types.create import CreateRequest
from boxship.types.decode import decode
from boxship.types.exec_config import ExecConfig
from boxship.types.host_config import HostConfig, PortBinding, Ulimit
from boxship.types.update import UpdateRequest


def create(body: str | bytes) -> CreateRequest:
    return decode(CreateRequest, body.encode() if isinstance(body, str) else body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "invalid JSON: got EOF while reading request body"),
        (" \n", "invalid JSON: got EOF while reading request body"),
        ("{", "invalid JSON: unexpected EOF"),
        ('{"Image":"a', "invalid JSON: unexpected EOF"),
        ('{"Image":', "invalid JSON: unexpected EOF"),
        ("{}{}", "unexpected content after JSON"),
        ("{} x", "unexpected content after JSON"),
    ],
)
def test_malformed_bodies_are_refused_in_dockerds_words(body: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        create(body)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("body", "culprit"),
    [
        ("[]", "array"),
        ('"x"', "string"),
        ('{"Image":1}', "Image of type string"),
        ('{"HostConfig":{"Memory":"1"}}', "HostConfig.Memory"),
        ('{"HostConfig":{"Memory":1.0}}', "number 1.0"),
        ('{"HostConfig":{"Memory":1e9}}', "HostConfig.Memory"),
        ('{"HostConfig":{"Memory":99999999999999999999}}', "number 99999999999999999999"),
        ('{"HostConfig":{"Memory":true}}', "cannot unmarshal bool"),
        ('{"Cmd":1}', "Cmd"),
        ('{"Cmd":[1]}', "Cmd"),
        ('{"Env":"a"}', "cannot unmarshal string"),
        ('{"Env":[1]}', "Env"),
        ('{"Labels":{"a":1}}', "Labels"),
        ('{"Labels":[]}', "Labels"),
        ('{"HostConfig":[]}', "HostConfig"),
        ('{"Tty":"true"}', "Tty of type bool"),
        ('{"ExposedPorts":{"80":1}}', "ExposedPorts"),
        ('{"ExposedPorts":["80"]}', "ExposedPorts"),
        ('{"HostConfig":{"PortBindings":{"80":{}}}}', "PortBindings"),
        ('{"HostConfig":{"BlkioWeight":-1}}', "BlkioWeight"),
        ('{"HostConfig":{"BlkioWeight":70000}}', "BlkioWeight"),
        ('{"HostConfig":{"ConsoleSize":[1,-2]}}', "ConsoleSize"),
        ('{"HostConfig":{"ConsoleSize":3}}', "ConsoleSize"),
        ('{"NetworkingConfig":1}', "NetworkingConfig"),
        ('{"Healthcheck":{"Interval":"1s"}}', "Healthcheck.Interval"),
        ('{"Tty":NaN}', "invalid character"),
        ('{"a":}', "invalid character '}'"),
        ('{"Tty":' + "9" * 5000 + "}", "invalid JSON"),
        ("[" * 100_000, "exceeded max depth"),
        ('{"x":' * 50_000, "exceeded max depth"),
    ],
)
def test_wrong_types_name_the_culprit(body: str, culprit: str) -> None:
    with pytest.raises(InvalidParameter) as error:
        create(body)
    assert str(error.value).startswith("invalid JSON: ")
    assert culprit in str(error.value)


def test_null_is_the_default_everywhere() -> None:
    assert create("null") == CreateRequest()
    request = create(
        '{"Image":null,"Tty":null,"StopTimeout":null,"Labels":{"a":null},"Env":[null],'
        '"HostConfig":{"Memory":null,"LogConfig":null,"ConsoleSize":null,"Ulimits":[null],'
        '"PortBindings":{"80":null,"81":[null]}},'
        '"NetworkingConfig":{"EndpointsConfig":{"a":null}}}'
    )
    assert (request.image, request.tty, request.stop_timeout) == ("", False, None)
    assert (request.labels, request.env) == ({"a": ""}, [""])
    host = request.host_config
    assert host is not None
    assert host.console_size == (0, 0)
    assert host.ulimits == [Ulimit()]
    assert host.port_bindings == {"80": None, "81": [PortBinding()]}
    assert request.networking_config is not None
    assert request.networking_config.endpoints_config is not None
    assert request.networking_config.endpoints_config["a"].network_id == ""


def test_keys_fold_case_at_every_depth_and_unknown_ones_are_dropped() -> None:
    request = create(
        '{"image":"x","CMD":["a"],"unknown":[{}],'
        '"hostconfig":{"NanoCPUs":5,"utsmode":"host","x":1,"mounts":[{"TARGET":"/t"}]}}'
    )
    assert (request.image, request.cmd) == ("x", ["a"])
    assert request.host_config is not None
    assert (request.host_config.nano_cpus, request.host_config.uts_mode) == (5, "host")
    assert request.host_config.mounts is not None
    assert request.host_config.mounts[0].target == "/t"


def test_a_string_stands_for_a_one_element_command() -> None:
    request = create('{"Cmd":"ls -l","Entrypoint":"sh","Shell":"bash","X":1}')
    assert (request.cmd, request.entrypoint, request.shell) == (["ls -l"], ["sh"], ["bash"])
    with pytest.raises(InvalidParameter):
        decode(ExecConfig, b'{"Cmd":"ls"}')


def test_console_size_is_padded_and_cut_as_a_go_array() -> None:
    sizes = {"[1]": (1, 0), "[1,2,3]": (1, 2), "[]": (0, 0), "[5,6]": (5, 6)}
    for text, expected in sizes.items():
        request = create(f'{{"HostConfig":{{"ConsoleSize":{text}}}}}')
        assert request.host_config is not None
        assert request.host_config.console_size == expected


def test_broken_text_becomes_replacement_characters_and_can_be_sent_back() -> None:
    for body in (b'{"Labels":{"a":"\xff"}}', b'{"Labels":{"a":"\\ud800"}}'):
        request = create(body)
        assert request.labels == {"a": "\N{REPLACEMENT CHARACTER}"}
        assert msgspec.json.encode(request)


def test_surrogate_pairs_stay_one_character_on_the_slow_path() -> None:
    assert create('{"labels":{"a":"\\ud83d\\ude00"}}').labels == {"a": "\N{GRINNING FACE}"}


def test_models_survive_their_own_encoding() -> None:
    request = create('{"Image":"i","HostConfig":{"Memory":7,"UTSMode":"host","Init":false}}')
    assert decode(CreateRequest, msgspec.json.encode(request)) == request


def test_odd_names_are_dockers() -> None:
    keys = set(HostConfig.__struct_encode_fields__) | set(UpdateRequest.__struct_encode_fields__)
    assert {"UTSMode", "Dns", "NanoCpus", "IOMaximumIOps", "BlkioDeviceReadIOps"} <= keys
    assert {"ContainerIDFile", "KernelMemoryTCP", "RestartPolicy", "IpcMode"} <= keys


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Image", "image", "HostConfig", "Cmd", "Memory", "Ulimits", "Mounts"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_no_json_raises_anything_but_invalid_parameter(value: object) -> None:
    try:
        create(json.dumps(value))
    except InvalidParameter:
        pass


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_invalid_parameter(body: bytes) -> None:
    try:
        create(b'{"Image":"' + body)
        create(body)
    except InvalidParameter:
        pass


@given(_JSON.filter(lambda value: isinstance(value, dict)))
def test_both_paths_agree(value: object) -> None:
    """What the fast path accepts, the slow path (forced by an unknown key) reads the same."""
    text = json.dumps(value)
    try:
        fast = msgspec.json.decode(text, type=CreateRequest)
    except msgspec.ValidationError:
        return
    slow = create(text[:-1] + (", " if value else "") + '"unknown": 1}')
    assert slow == fast
