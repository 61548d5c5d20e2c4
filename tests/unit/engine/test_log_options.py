"""A container's log options as the shim takes them."""

import json

from boxship.engine.containers.container import Container
from boxship.engine.containers.log_options import MOST_FILES, log_spec
from boxship.types.container_config import ContainerConfig
from boxship.types.host_config import HostConfig, LogConfig


def container(**options: str) -> Container:
    named = {name.replace("_", "-"): value for name, value in options.items()}
    return Container(
        id="a" * 64,
        name="web",
        created=1,
        image_id="sha256:" + "b" * 64,
        config=ContainerConfig(labels={"a" * 1000: "1", "team": "x"}, env=["MODE=y"]),
        host_config=HostConfig(log_config=LogConfig(type="json-file", config=named)),
    )


def limits(**options: str) -> tuple[int, int]:
    spec = log_spec(container(**options))
    return spec["max_size"], spec["max_files"]


def test_a_log_is_rotated_by_default() -> None:
    assert limits() == (20_000_000, 3)
    assert limits(max_file="5") == (20_000_000, 5)
    assert limits(max_size="1m") == (1 << 20, 1)


def test_the_number_of_files_is_limited() -> None:
    assert limits(max_file=str(MOST_FILES)) == (20_000_000, MOST_FILES)
    assert limits(max_file="999999999") == (20_000_000, MOST_FILES)


def test_names_are_chosen_by_expressions_with_go_syntax() -> None:
    spec = log_spec(container(labels_regex="^t.am$", env_regex=r"^\pL+$"))
    assert json.loads(spec["attributes"]) == {"team": "x", "MODE": "y"}


def test_an_expression_that_python_would_try_for_ever_is_answered() -> None:
    assert log_spec(container(labels_regex="(a+)+$x"))["attributes"] == ""
