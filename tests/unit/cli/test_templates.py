"""``--format`` templates, as Go's text/template renders them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxship.base.errors import InvalidParameter
from boxship.cli.template.errors import ExecutionError, ParseError
from boxship.cli.template.template import Template
from boxship.cli.template.values import EMPTY_LIST, EMPTY_MAP, NIL_POINTER, Row

DATA = {
    "Id": "abc",
    "Name": "some Name",
    "State": {"Running": True, "Pid": 7, "Health": None},
    "Mounts": [{"Source": "/a"}, {"Source": "/b"}],
    "Env": ["A=1", "B=2"],
    "Labels": {"z": "1", "a": "2"},
    "Size": 1.5,
    "Binds": EMPTY_LIST,
    "Volumes": EMPTY_MAP,
    "Limit": NIL_POINTER,
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{.State.Pid}} {{.State.Running}}", "7 true"),
        ("{{.ID}}", "abc"),
        ("{{.Labels}} {{.Env}} {{.Size}}", "map[a:2 z:1] [A=1 B=2] 1.5"),
        ("{{json .State}}", '{"Running":true,"Pid":7,"Health":null}'),
        ("{{json .Binds}} {{.Binds}} {{.Volumes}} {{.Limit}}", "null [] map[] <nil>"),
        ("{{range .Mounts}}{{.Source}};{{end}}", "/a;/b;"),
        ("{{range $i, $e := .Env}}{{$i}}:{{$e}} {{end}}", "0:A=1 1:B=2 "),
        ("{{range $k, $v := .Labels}}{{$k}}={{$v}},{{end}}", "a=2,z=1,"),
        ("{{range .Binds}}x{{else}}none{{end}}", "none"),
        ("{{range .Env}}{{if eq . `B=2`}}{{break}}{{end}}{{.}}{{end}}", "A=1"),
        ("{{range .Env}}{{if eq . `A=1`}}{{continue}}{{end}}{{.}}{{end}}", "B=2"),
        ("{{if .State.Running}}up{{else}}down{{end}}", "up"),
        ("{{if not .State.Running}}a{{else if gt .State.Pid 6}}b{{else}}c{{end}}", "b"),
        ("{{with .State}}{{.Pid}}{{end}}", "7"),
        ("{{with .Limit}}x{{else}}-{{end}}", "-"),
        (
            "{{$x := .Name}}{{upper $x}} {{.Name | lower}} {{title .Name}}",
            "SOME NAME some name Some Name",
        ),
        ('{{join .Env ", "}}|{{join .Binds ","}}|{{split .Name " "}}', "A=1, B=2||[some Name]"),
        ('{{index .Env 1}} {{index .Labels "z"}} {{(index .Mounts 0).Source}}', "B=2 1 /a"),
        (
            "{{len .Env}} {{slice .Name 1 3}} {{truncate .Name 4}}|{{pad .Id 1 2}}|",
            "2 om some| abc  |",
        ),
        ('{{printf "%5s|%-5d|%q|%v|%%" .Id 3 "a\\"b" true}}', '  abc|3    |"a\\"b"|true|%'),
        ('{{println .Id 1}}{{print 1 2 "x"}}', "abc 1\n1 2x"),
        ("{{and .Id .Name}} {{or .Limit .Id}}", "some Name abc"),
        ("a  {{- .Id -}}  b{{/* nothing */}}", "aabcb"),
        ('{{"a}}b"}}', "a}}b"),
        ('{{define "t"}}<{{.}}>{{end}}{{template "t" .Id}}', "<abc>"),
        ("{{$n := 0}}{{range .Env}}{{$n = len .}}{{end}}{{$n}}", "3"),
        ("plain }} text", "plain }} text"),
    ],
)
def test_rendering(source: str, text: str) -> None:
    assert Template(source).render(DATA) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{.ID", "template: :1: unclosed action"),
        ("{{.ID}", "template: :1: unclosed action"),
        ("{{frobnicate}}", 'template: :1: function "frobnicate" not defined'),
        ("{{if .A}}", "template: :1: unexpected EOF"),
        ("{{end}}", "template: :1: unexpected {{end}}"),
        ("{{$x}}", 'template: :1: undefined variable "$x"'),
        ("{{}}", "template: :1: missing value for command"),
        ("{{(.A}}", "template: :1: unclosed left paren"),
        ("{{break}}", "template: :1: {{break}} outside {{range}}"),
        ('{{"a}}', "template: :1: unterminated quoted string"),
    ],
)
def test_malformed_templates(source: str, text: str) -> None:
    with pytest.raises(ParseError) as caught:
        Template(source)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{.Foo}}", 'at <.Foo>: map has no entry for key "Foo"'),
        ("{{.State.Foo}}", 'at <.State.Foo>: map has no entry for key "Foo"'),
        ("{{.Id.Foo}}", "at <.Id.Foo>: can't evaluate field Foo in type string"),
        ("{{.State.Health.Log}}", "nil pointer evaluating"),
        ("{{index .Env 5}}", "index out of range: 5"),
        ("{{lt .Id 5}}", "incompatible types for comparison"),
        ("{{len .State.Pid}}", "error calling len"),
        ("{{template `x`}}", 'template "x" not defined'),
        (
            "{{define `x`}}{{template `x`}}{{end}}{{template `x`}}",
            "exceeded maximum template depth",
        ),
    ],
)
def test_templates_that_do_not_fit(source: str, text: str) -> None:
    with pytest.raises(ExecutionError) as caught:
        Template(source).render(DATA)
    assert text in str(caught.value)


def test_rows_compute_columns_and_escape_like_go() -> None:
    columns = {"ID": lambda c: c["Id"], "Label": lambda c, name: c["Labels"][name]}
    row = Row("*formatter.Context", columns, {"Id": "<a&b>", "Labels": {"x": "1"}})
    assert Template("{{.ID}} {{.Label `x`}}").render(row) == "<a&b> 1"
    assert Template("{{json .}}").render(row) == '{"ID":"\\u003ca\\u0026b\\u003e"}'
    with pytest.raises(ExecutionError, match="can't evaluate field Foo in type"):
        Template("{{.Foo}}").render(row)


@given(st.text("{}.|$\"`'()-/* \n=:,axX1" + "\\", max_size=40))
def test_any_text_renders_or_is_refused(source: str) -> None:
    try:
        Template(source).render(DATA)
    except InvalidParameter:
        pass
