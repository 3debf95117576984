"""Go templates: what they give, and that none of them escapes or runs away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.expr.gotemplate import GoTemplateError, GoTemplates, missing_key_of, parameters_of

TEMPLATES = GoTemplates(lambda: datetime(2026, 1, 2, tzinfo=UTC), lambda length: b"\x07" * length)
DATA = parameters_of(
    {"name": "Web_1", "n": 3, "big": 10000000, "path": {"segments": ["a", "b"]}, "on": True, "nothing": None}
)


def render(source: str, data: Any = DATA, **more: Any) -> str:
    return TEMPLATES.render(source, data, **more)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain", "plain"),
        ("{{ .name }}", "Web_1"),
        ("{{ normalize .name }}", "web-1"),
        ("{{ index .path.segments 1 }}", "b"),
        ("{{ .n }} {{ .big }} {{ .on }}", "3 1e+07 true"),
        ("{{ int64 .big }} {{ toJson .big }}", "10000000 10000000"),
        ("{{ .nope }}", "<no value>"),
        ("{{ .nope.deeper }}", "<no value>"),
        ('{{ default "d" .nope }}', "d"),
        ("{{ range $i, $s := .path.segments }}{{ $i }}{{ $s }}{{ end }}", "0a1b"),
        ('{{ if eq .name "x" }}y{{ else }}z{{ end }}', "z"),
        ("{{ .path | toYaml }}", "segments:\n- a\n- b"),
        ('{{ (fromYaml "a: {b: 1}").a.b }}', "1"),
        ('{{ index (fromYamlArray "[x, z]") 1 }}', "z"),
        ('{{ slugify "Add a Näme & more_x.y" }}', "add-a-n-me-more-x-y"),
        ('{{ slugify 10 "feature/long-branch" }}', "feature"),
        ('{{ slugify 10 false "feature/long-branch" }}', "feature-lo"),
        ('{{ slugify 10 true "feature/long-branch" }}', "feature"),
        ('{{ regexReplaceAll "(a+)(b)" "xaab" "$2-${1}" }}', "xb-aa"),
        ('{{ regexReplaceAllLiteral "a" "aba" "$1" }}', "$1b$1"),
        ('{{ regexFindAll "[0-9]" "a1b2" -1 | join "," }}', "1,2"),
        ('{{ regexSplit "-" "a-b-c" 2 | join "|" }}', "a|b-c"),
        ('{{ print "a" "b" 1 2 true }}{{ println "x" 1 }}', "ab1 2 truex 1\n"),
        ('{{ printf "%s-%03d" .name 7 }}', "Web_1-007"),
        ('{{ now | date "2006-01-02" }}', "2026-01-02"),
        ("{{ until 3 }}", "[0 1 2]"),
        ('{{ html "<a href=\\"x\\">&" }}', "&lt;a href=&#34;x&#34;&gt;&amp;"),
        ('{{ js "it\'s <b>" }}', "it\\'s \\u003Cb\\u003E"),
        ('{{ urlquery "a b&c" }}', "a+b%26c"),
    ],
)
def test_templates_give_what_upstream_gives(source: str, text: str) -> None:
    assert render(source) == text


@pytest.mark.parametrize(
    ("options", "fails"), [((), False), (("missingkey=invalid",), False), (("missingkey=error",), True)]
)
def test_a_missing_key_fails_only_when_asked_to(options: tuple[str, ...], fails: bool) -> None:
    if fails:
        with pytest.raises(GoTemplateError, match="nope"):
            render("{{ .nope }}", missing_key=missing_key_of(options))
    else:
        assert render("{{ .nope }}", missing_key=missing_key_of(options)) == "<no value>"


def test_an_unknown_option_is_named() -> None:
    with pytest.raises(GoTemplateError, match="missingkey=eror"):
        missing_key_of(["missingkey=eror"])


@pytest.mark.parametrize(
    "source",
    [
        "{{ .name.__class__ }}",
        "{{ .path.segments.append }}",
        '{{ .name.format "x" }}',
        '{{ index .name "__class__" }}',
        "{{ (now).__class__ }}",
        '{{ env "PATH" }}',
        '{{ expandenv "$PATH" }}',
        '{{ getHostByName "localhost" }}',
        '{{ genPrivateKey "rsa" }}',
        '{{ genCA "x" 1 }}',
        '{{ htpasswd "a" "b" }}',
        '{{ derivePassword 1 "long" "a" "b" "c" }}',
        "{{ call .name }}",
        '{{ template "/etc/passwd" }}',
        '{{ include "x" . }}',
        '{{ tpl "x" . }}',
        '{{ lookup "v1" "Secret" "" "" }}',
        '{{ readFile "/etc/passwd" }}',
        "{{ import os }}",
        "{{ open }}",
        "{{ exec }}",
        '{{ printf "%s" .name.__init__.__globals__ }}',
    ],
)
def test_no_template_reaches_outside_of_its_data(source: str) -> None:
    with pytest.raises(GoTemplateError):
        render(source)
    assert render("{{ .name }}") == "Web_1"


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "source",
    [
        '{{ repeat 1000000000 "x" }}',
        '{{ $x := "aaaaaaaa" }}{{ range until 60 }}{{ $x = print $x $x }}{{ end }}',
        '{{ $x := "aaaaaaaa" }}{{ range until 60 }}{{ $x = cat $x $x }}{{ end }}',
        '{{ $x := "aaaaaaaa" }}{{ range until 60 }}{{ $x = printf "%s%s" $x $x }}{{ end }}',
        '{{ $x := "aaaaaaaa" }}{{ range until 60 }}{{ $x = replace "a" "aa" $x }}{{ end }}',
        '{{ $x := repeat 100000 "a" }}{{ replace "a" $x $x }}',
        '{{ $x := repeat 100000 "a" }}{{ regexReplaceAll "a" $x $x }}',
        '{{ $x := repeat 100000 "a" }}{{ regexReplaceAllLiteral "" $x $x }}',
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = list $l $l }}{{ end }}{{ toJson $l }}",
        "{{ $l := list 1 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}",
        "{{ range 1000000000 }}{{ end }}",
        "{{ range until 1000000000 }}{{ end }}",
        "{{ untilStep 0 1000000000 1 }}",
        "{{ seq 1 1000000000 }}",
        '{{ printf "%1000000000d" 1 }}',
        '{{ printf "%.*f" 1000000000 1.5 }}',
        '{{ indent 1000000000 "a" }}',
        '{{ nindent 1000000000 "a" }}',
        '{{ wrapWith 1 (repeat 100000 "b") (repeat 100000 "a") }}',
        '{{ join (repeat 100000 "a") (until 10000) }}',
        "{{ randAlphaNum 1000000000 }}",
        '{{ define "x" }}{{ template "x" }}{{ end }}{{ template "x" }}',
        "{{ range until 50000 }}{{ range until 50000 }}{{ end }}{{ end }}",
        '{{ $x := repeat 1000000 "<" }}{{ range until 20000 }}{{ $y := html $x }}{{ end }}',
        '{{ $x := repeat 60000 "a" }}{{ range until 20000 }}{{ $y := $x | upper | lower }}{{ end }}',
        "{{" + "(" * 3000 + "1" + ")" * 3000 + "}}",
        "{{ .a }}" * 20000,
        '{{ $d := dict "a" 1 }}{{ range until 60 }}{{ $d = dict "a" $d "b" $d }}{{ end }}{{ $d }}',
    ],
)
def test_whatever_grows_without_end_is_ended_and_the_next_one_works(source: str) -> None:
    with pytest.raises(GoTemplateError):
        render(source)
    assert render("{{ .name }}") == "Web_1"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a-{{ .name }}-{{.name}}}}", "a-Web_1-Web_1}}"),
        ("{{.braces}}{{ .name }}", "{{ .name }}Web_1"),
        ("{{- .name -}} x", "Web_1x"),
        ("{{.n}}{{.name}}", "3Web_1"),
        ("{{.name}}{{/* c */}}", "Web_1"),
    ],
)
def test_the_short_way_for_plain_fields_gives_the_same(source: str, text: str) -> None:
    assert render(source, {**DATA, "braces": "{{ .name }}"}) == text
    assert render("{{/* the long way */}}" + source, {**DATA, "braces": "{{ .name }}"}) == text


@pytest.mark.timeout(5)
def test_patterns_take_linear_time() -> None:
    assert render('{{ regexMatch "(a+)+$" (print (repeat 5000 "a") "b") }}') == "false"
