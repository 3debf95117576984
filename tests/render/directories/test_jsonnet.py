"""Jsonnet in Directory sources: what can be given to it, what it may import, and how it is stopped."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from argosy.render.port import RenderError
from argosy.render.workers.process import Limits
from argosy.sources.port import SourceError

MAP = "{apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: %s}}"


def names(rendered: Any) -> list[str]:
    return [item["metadata"]["name"] for item in rendered.manifests]


def source(**jsonnet: Any) -> dict[str, Any]:
    return {"directory": {"jsonnet": jsonnet}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MAP % "'one'", ["one"]),
        (f"[{MAP % 'x'} for x in ['a', 'b']]", ["a", "b"]),
        (f"{{apiVersion: 'v1', kind: 'List', items: [{MAP % repr('in')}]}}", ["in"]),
        (f"[if false then {{}}, {MAP % repr('left')}]", ["left"]),
        ("// +argocd:skip-file-rendering\n{}", []),
    ],
)
def test_an_object_an_array_or_a_list_becomes_manifests(shared_bench: Any, text: str, expected: list[str]) -> None:
    assert names(shared_bench.render({"app/a.jsonnet": text})) == expected


@pytest.mark.parametrize(
    ("function", "digest"),
    [
        ("sha1", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"),
        ("sha256", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
        ("sha512", "1f40fc92da241694750979ee6cf582f2d5d7d28e18335de05abc54d0560e0f53"),
        ("sha3", "697f2d856172cb8309d6b8b97dac4de344b549d4dee61edfb4962d8698b7fa80"),
    ],
)
def test_the_standard_library_has_the_hashes_of_its_go_version(shared_bench: Any, function: str, digest: str) -> None:
    files = {
        "app/a.jsonnet": MAP % f"std.{function}('a')[0:64]",
        "app/b.jsonnet": MAP % "import 'lib.libsonnet'",
        "app/lib.libsonnet": f"std.{function}('a')[0:64]",
    }
    assert names(shared_bench.render(files)) == [digest, digest]


def test_plain_and_jsonnet_files_lie_side_by_side(shared_bench: Any) -> None:
    files = {"app/a.jsonnet": MAP % "'a'", "app/b.json": '{"apiVersion":"v1","kind":"X","metadata":{"name":"b"}}'}
    assert names(shared_bench.render(files)) == ["a", "b"]


def test_variables_and_arguments_are_text_or_code_with_the_environment_substituted(shared_bench: Any) -> None:
    text = "function(tail, times) " + MAP % "std.extVar('head') + tail + std.extVar('n') * times"
    variables = [{"name": "head", "value": "$ARGOCD_APP_NAME-"}, {"name": "n", "value": "20 + 1", "code": True}]
    arguments = [{"name": "tail", "value": "t"}, {"name": "times", "value": "2", "code": True}]
    found = shared_bench.render({"app/a.jsonnet": text}, source=source(extVars=variables, tlas=arguments))
    assert names(found) == ["web-t42"]


def test_imports_are_found_next_to_the_file_then_in_libraries_of_the_repository(shared_bench: Any) -> None:
    files = {
        "app/a.jsonnet": MAP % "(import 'near.libsonnet') + (import 'far.libsonnet') + importstr '../top.txt'",
        "app/near.libsonnet": "'near-'",
        "vendor/near.libsonnet": "'wrong-'",
        "vendor/far.libsonnet": "import 'deep/x.libsonnet'",
        "vendor/deep/x.libsonnet": "'far-'",
        "top.txt": "top",
    }
    for library in ("vendor", "/vendor"):
        assert names(shared_bench.render(files, source=source(libs=[library]))) == ["near-far-top"]


def test_a_changed_library_renders_again_and_a_file_that_was_not_imported_does_not(make_bench: Any) -> None:
    bench = make_bench()
    files = {"app/a.jsonnet": MAP % "import 'x.libsonnet'", "lib/x.libsonnet": "'one'", "lib/y.libsonnet": "'y'"}
    given = source(libs=["lib"])
    assert names(bench.render(files, source=given)) == ["one"]
    assert bench.render(files | {"lib/y.libsonnet": "'else'"}, source=given).from_cache
    assert names(bench.render(files | {"lib/x.libsonnet": "'two'"}, source=given)) == ["two"]
    assert names(bench.render(files | {"app/x.libsonnet": "'nearer'"}, source=given)) == ["nearer"]


@pytest.mark.parametrize(
    "path",
    ["/etc/hostname", "../../etc/hostname", "../../../../../../etc/hostname", "..", ".", "", "link", ".git/config",
     "a//../../../x", "\\u0000x", "..\\u2215..", "~/x", "file:///etc/hostname"],
)  # fmt: skip
def test_nothing_outside_the_repository_can_be_imported(shared_bench: Any, make_tree: Any, path: str) -> None:
    tree = make_tree({"app/a.jsonnet": MAP % f'importstr "{path}"'}, {"app/link": "../../../etc/hostname"})
    with pytest.raises((RenderError, SourceError)) as raised:
        shared_bench.render(tree)
    with open("/etc/hostname") as file:  # noqa: PTH123
        assert file.read().strip() not in str(raised.value)


@pytest.mark.parametrize("library", ["../..", "../../etc", "/../etc"])
def test_a_library_outside_the_repository_gives_nothing(shared_bench: Any, library: str) -> None:
    with pytest.raises(RenderError):
        shared_bench.render({"app/a.jsonnet": MAP % "importstr 'hostname'"}, source=source(libs=[library]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "app/a.jsonnet"), ("error 'mine'", "mine"), ("local f(x) = f(x + 1) + 1; f(0)", "stack"), ("1", "not an"),
        ("std.extVar('none')", "none"), ("{kind: 'X'}", "apiVersion"), ("std.native('exec')('id')", "a.jsonnet"),
    ],
)  # fmt: skip
def test_errors_are_reported_with_the_files_name(shared_bench: Any, text: str, message: str) -> None:
    with pytest.raises(RenderError, match=message):
        shared_bench.render({"app/a.jsonnet": text})
    assert names(shared_bench.render({"app/a.jsonnet": MAP % "'well'"})) == ["well"]


@pytest.mark.parametrize(
    "text", ["std.length([1 for a in std.range(0, 99999) for b in std.range(0, 99999)])",
             "local big(n) = if n == 0 then 'x' else big(n - 1) + big(n - 1); std.length(big(60))"],
)  # fmt: skip
def test_endless_work_ends_at_a_limit_and_the_next_rendering_works(make_bench: Any, text: str) -> None:
    bench = make_bench(limits=Limits(wall_seconds=1.0, memory_bytes=256 << 20))
    with pytest.raises(RenderError, match="was stopped"):
        bench.render({"app/a.jsonnet": text})
    assert names(bench.render({"app/a.jsonnet": MAP % "'well'"})) == ["well"]


def test_jsonnet_can_be_switched_off(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match=r"app/a.jsonnet: Jsonnet is switched off \(jsonnet.enable"):
        shared_bench.render({"app/a.jsonnet": MAP % "'a'"}, settings={"jsonnet.enable": "false"})


def test_many_renderings_of_one_jsonnet_file_share_one(make_bench: Any, make_request: Any) -> None:
    bench = make_bench()

    async def twice() -> None:
        request = make_request({"app/a.jsonnet": MAP % "'a'"})
        await asyncio.gather(bench.renderer.render(request), bench.renderer.render(request))

    asyncio.run(twice())
    assert bench.cache.counters.renders == 1
