"""Aligned columns, and the columns of the listings."""

from hypothesis import given
from hypothesis import strategies as st

from boxship.base.go_text import quote
from boxship.cli.listings.containers import DEFAULT, containers
from boxship.cli.listings.images import images, rows
from boxship.cli.listings.ports import show_ports
from boxship.cli.listings.stats import cpu_percent, memory_used
from boxship.cli.output.columns import align
from boxship.cli.output.texts import ellipsis

CONTAINER = {
    "Id": "0123456789abcdef" * 4,
    "Names": ["/other/alias", "/web"],
    "Image": "busybox@sha256:abc",
    "ImageID": "sha256:fff",
    "Command": "sh -c 'echo a long command'",
    "Created": 0,
    "State": "running",
    "Status": "Up 5 minutes",
    "Ports": [{"PrivatePort": 80, "Type": "tcp"}],
    "Labels": {"b": "2", "a": "1"},
    "SizeRw": 5,
    "SizeRootFs": 2000,
    "Mounts": [{"Source": "/a/very/long/path", "Type": "bind"}, {"Name": "v", "Driver": "local"}],
    "NetworkSettings": {"Networks": {"b": {}, "a": {}}},
}


def test_columns_are_wide_enough_and_the_last_is_not_padded() -> None:
    assert align(["A\tBB\tC", "12345678901\tx\tlonger"]) == [
        "A             BB        C",
        "12345678901   x         longer",
    ]


def test_a_column_ends_where_a_line_lacks_it() -> None:
    assert align(["long long long\tx", "plain", "a\tb"]) == [
        "long long long   x",
        "plain",
        "a         b",
    ]


@given(st.lists(st.lists(st.text("ab ", max_size=20), min_size=3, max_size=3), max_size=6))
def test_cells_of_full_tables_start_in_line(table: list[list[str]]) -> None:
    lines = align(["\t".join(row) for row in table])
    for column in range(3):
        starts = set()
        for row, line in zip(table, lines, strict=True):
            widths = [max(10, 3 + max(len(other[c]) for other in table)) for c in range(column)]
            start = sum(widths)
            assert line[start : start + len(row[column])] == row[column]
            starts.add(start)
        assert len(starts) <= 1


def test_container_columns() -> None:
    short, full = containers(True).columns, containers(False).columns
    assert short["ID"](CONTAINER) == "0123456789ab"
    assert full["ID"](CONTAINER) == CONTAINER["Id"]
    assert (short["Names"](CONTAINER), full["Names"](CONTAINER)) == ("web", "other/alias,web")
    assert (short["Image"](CONTAINER), full["Image"](CONTAINER)) == (
        ("busybox", "busybox@sha256:abc")
    )
    assert short["Command"](CONTAINER) == '"sh -c \'echo a long …"'
    assert short["Size"](CONTAINER) == "5B (virtual 2kB)"
    assert (short["Labels"](CONTAINER), short["Label"](CONTAINER, "b")) == ("a=1,b=2", "2")
    assert short["Mounts"](CONTAINER) == "/a/very/long/p…,v"
    assert (short["LocalVolumes"](CONTAINER), short["Networks"](CONTAINER)) == ("1", "a,b")


def test_the_default_table_and_formats() -> None:
    listing = containers(True)
    head, line = listing.table(DEFAULT, [CONTAINER]).splitlines()
    assert head.split() == [
        "CONTAINER",
        "ID",
        "IMAGE",
        "COMMAND",
        "CREATED",
        "STATUS",
        "PORTS",
        "NAMES",
    ]
    assert line.startswith("0123456789ab   busybox   ") and line.endswith("   80/tcp    web")
    assert listing.formatted("{{.ID}}\\t{{.State}}", [CONTAINER]) == "0123456789ab\trunning\n"
    assert listing.formatted("table {{.Names}}\\t{{.State}}", [CONTAINER]) == (
        "NAMES     STATE\nweb       running\n"
    )


def test_neighbouring_ports_are_joined() -> None:
    def port(inside: int, outside: int = 0, kind: str = "tcp") -> dict[str, object]:
        found: dict[str, object] = {"PrivatePort": inside, "Type": kind}
        return {**found, "IP": "0.0.0.0", "PublicPort": outside} if outside else found

    assert show_ports([port(80), port(81), port(83)]) == "80-81/tcp, 83/tcp"
    assert show_ports([port(81, 81), port(80, 80)]) == "0.0.0.0:80-81->80-81/tcp"
    assert show_ports([port(80, 8080), port(53, 53, "udp")]) == (
        "0.0.0.0:53->53/udp, 0.0.0.0:8080->80/tcp"
    )
    assert show_ports(None) == ""


def test_an_image_has_a_row_for_each_name() -> None:
    image = {
        "Id": "sha256:" + "a" * 64,
        "RepoTags": ["r:1", "host:5000/x:2"],
        "RepoDigests": ["r@sha256:d"],
        "Created": 0,
        "Size": 1,
    }
    plain = [(row["Repository"], row["Tag"], row["Digest"]) for row in rows([image], False)]
    assert plain == [("r", "1", "<none>"), ("host:5000/x", "2", "<none>")]
    assert next(rows([image], True))["Digest"] == "sha256:d"
    nameless = list(rows([{**image, "RepoTags": ["<none>:<none>"], "RepoDigests": None}], False))
    assert [(row["Repository"], row["Tag"]) for row in nameless] == [("<none>", "<none>")]
    assert images(True).columns["UniqueSize"](nameless[0]) == "N/A"


def test_figures_of_a_sample() -> None:
    cpu = {"cpu_usage": {"total_usage": 300}, "system_cpu_usage": 1000, "online_cpus": 2}
    before = {"cpu_usage": {"total_usage": 100}, "system_cpu_usage": 200}
    assert cpu_percent({"cpu_stats": cpu, "precpu_stats": before}) == 50.0
    assert cpu_percent({}) == 0.0
    memory = {"usage": 100, "stats": {"inactive_file": 30}}
    assert memory_used({"memory_stats": memory}) == 70


def test_the_head_of_a_label_is_its_last_part() -> None:
    shown = containers(True).formatted(
        'table {{.Label "org.my-b"}}\\t{{.ID}}', [{**CONTAINER, "Labels": {"org.my-b": "x"}}]
    )
    assert shown == "my b      CONTAINER ID\nx         0123456789ab\n"


def test_texts() -> None:
    assert quote('a"b\\\n\x01é') == '"a\\"b\\\\\\n\\x01é"'
    assert (ellipsis("abcdef", 6), ellipsis("abcdefg", 6)) == ("abcdef", "abcde…")
