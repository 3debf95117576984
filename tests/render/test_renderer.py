"""Tool detection, overrides, and the cache's promise: rendered again exactly when an input differs."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.render.cache import Pause, RenderCache, pause_of
from argosy.render.detect import detect
from argosy.render.port import RenderError
from argosy.sources.paths import OutOfRoot


def manifest(name: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


PLAIN = {"app/a.yaml": manifest("a"), "app/b.yaml": manifest("b"), "app/README.md": "1", "else/c.yaml": "1", "top": "1"}
CHART = {
    "app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "app/values.yaml": "a: 1\n",
    "app/templates/a.yaml": manifest("{{ .Values.a }}"),
    "base/values.yaml": "b: 1\n",
    "else/c.yaml": "1",
    "top": "1",
}


@pytest.mark.parametrize(
    ("source", "names", "expected"),
    [
        ({}, ["a.yaml"], "Directory"), ({}, [], "Directory"), ({}, ["Chart.yaml"], "Helm"),
        ({}, ["MyChart.yaml"], "Helm"), ({}, ["kustomization.yaml"], "Kustomize"), ({}, ["Kustomization"], "Kustomize"),
        ({}, ["kustomization.yml", "x"], "Kustomize"), ({}, ["Chart.yaml", "kustomization.yaml"], "Kustomize"),
        ({}, ["Chart.yaml", "Kustomization"], "Kustomize"), ({"helm": {"x": 1}}, ["kustomization.yaml"], "Helm"),
        ({"directory": {"recurse": True}}, ["Chart.yaml"], "Directory"), ({"helm": {}}, ["a"], "Directory"),
        ({"chart": "c"}, [], "Helm"), ({"plugin": {"name": "x"}}, [], "Plugin"),
    ],
)  # fmt: skip
def test_which_tool_renders_a_source(source: dict[str, Any], names: list[str], expected: str) -> None:
    assert detect(source, names, {}) == expected


def test_a_tool_that_is_switched_off_is_a_directory() -> None:
    assert detect({}, ["Chart.yaml"], {"helm.enable": "false"}) == "Directory"
    assert detect({"kustomize": {"namePrefix": "x"}}, [], {"kustomize.enable": "false"}) == "Directory"


def test_two_tools_at_once_are_an_error() -> None:
    with pytest.raises(RenderError, match="multiple application sources defined: Helm,Directory"):
        detect({"helm": {"a": 1}, "directory": {"b": 1}}, [], {})


def test_a_source_with_only_a_ref_has_no_manifests(shared_bench: Any) -> None:
    assert shared_bench.render(PLAIN, source={"ref": "values", "path": ""}).manifests == ()


@pytest.mark.parametrize(("path", "message"), [("nope", "nope: app path does not exist"), ("top", "not a directory")])
def test_a_path_that_is_no_directory_is_reported_in_upstreams_words(shared_bench: Any, path: str, message: str) -> None:
    with pytest.raises(RenderError, match=message):
        shared_bench.render(PLAIN, source={"path": path})


def test_override_files_change_the_source_but_not_where_it_is(shared_bench: Any) -> None:
    files = CHART | {
        "app/.argocd-source.yaml": "path: else\nrepoURL: x\nhelm: {parameters: [{name: a, value: x}]}",
        "app/.argocd-source-web.yaml": "helm: {parameters: [{name: a, value: mine}]}",
        "app/.argocd-source-other.yaml": "helm: {parameters: [{name: a, value: theirs}]}",
    }
    (found,) = shared_bench.render(files).manifests
    assert found["metadata"]["name"] == "mine"


def test_a_broken_override_file_is_named(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match=r"app/\.argocd-source\.yaml"):
        shared_bench.render(PLAIN | {"app/.argocd-source.yaml": "- a"})


HELM = {"helm": {"valueFiles": ["../base/values.yaml"]}}


@pytest.mark.parametrize(
    ("files", "source", "inputs"),
    [
        (PLAIN, {}, {"app/a.yaml", "app/b.yaml"}),
        (CHART, HELM, {"app/Chart.yaml", "app/values.yaml", "app/templates/a.yaml", "base/values.yaml"}),
    ],
)
def test_a_commit_renders_again_exactly_if_it_touches_an_input(
    make_bench: Any, files: dict[str, str], source: dict[str, Any], inputs: set[str]
) -> None:
    bench = make_bench()
    first = bench.render(files, source=source)
    assert bench.render(dict(files), source=source).from_cache
    for path in files:
        changed = bench.render(files | {path: files[path] + "# changed\n"}, source=source)
        assert changed.from_cache == (path not in inputs), path
    assert bench.render(files | {"else/new.yaml": "1", "new": "1"}, source=source).from_cache
    again = bench.render(files, source=source)
    assert again.from_cache
    assert again.digest == first.digest


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(PLAIN)), max_size=4), st.booleans(), st.sets(st.sampled_from(sorted(PLAIN))))
def test_the_cache_never_answers_differently_than_a_rendering(
    shared_bench: Any, edits: list[str], adds: bool, removes: set[str]
) -> None:
    files = {path: text for path, text in PLAIN.items() if path not in removes} | {"app/z.yaml": manifest("z")}
    for number, path in enumerate(edits):
        files[path] = manifest(f"edit-{number}")
    if adds:
        files["app/sub/n.yaml"] = manifest("n")
    for source in ({}, {"directory": {"recurse": True}}):
        cached = shared_bench.render(files, source=source)
        fresh = shared_bench.render(files, source=source, use_cache=False)
        assert cached.manifests == fresh.manifests


def test_a_file_that_appears_where_one_was_looked_for_renders_again(make_bench: Any) -> None:
    bench = make_bench()
    source = {"helm": {"valueFiles": ["maybe.yaml"], "ignoreMissingValueFiles": True}}
    bench.render(CHART, source=source)
    found = bench.render(CHART | {"app/maybe.yaml": "a: appeared\n"}, source=source)
    assert (found.from_cache, found.manifests[0]["metadata"]["name"]) == (False, "appeared")


def test_a_referenced_sources_change_renders_again(make_bench: Any, make_tree: Any) -> None:
    bench = make_bench()
    source = {"helm": {"valueFiles": ["$v/x.yaml"]}}
    refs = [{"v": make_tree({"x.yaml": f"a: {name}\n", "y": name})} for name in ("one", "two")]
    names = [bench.render(CHART, source=source, refs=ref).manifests[0]["metadata"]["name"] for ref in refs]
    assert names == ["one", "two"]
    other = {"v": make_tree({"x.yaml": "a: one\n", "y": "changed"})}
    assert bench.render(CHART, source=source, refs=other).from_cache


@pytest.mark.parametrize(
    "change",
    [
        {"namespace": "else"}, {"release_name": "else"}, {"kube_version": "v1.30.0"}, {"api_versions": ("a/v1",)},
        {"source": {"helm": {"values": "a: 2"}}}, {"source": {"helm": {"skipCrds": True}}},
    ],
)  # fmt: skip
def test_whatever_the_outcome_depends_on_is_part_of_the_key(make_bench: Any, change: dict[str, Any]) -> None:
    bench = make_bench()
    bench.render(CHART)
    assert not bench.render(CHART, **change).from_cache


def test_a_revision_matters_only_to_who_uses_it(make_bench: Any) -> None:
    bench = make_bench()
    uses = {"helm": {"parameters": [{"name": "a", "value": "r-$ARGOCD_APP_REVISION"}]}}
    for source, cached in (({}, True), (uses, False)):
        bench.render(CHART, source=source, revision="1" * 40)
        assert bench.render(CHART, source=source, revision="2" * 40).from_cache == cached


def test_many_who_ask_at_once_share_one_rendering(make_bench: Any, make_request: Any) -> None:
    bench = make_bench()

    async def all_at_once() -> list[Any]:
        asked = [bench.renderer.render(make_request(PLAIN)) for _ in range(20)]
        return list(await asyncio.gather(*asked))

    assert len({found.digest for found in asyncio.run(all_at_once())}) == 1
    assert bench.cache.counters.renders == 1


def test_a_failure_is_tried_three_times_then_reported_from_memory_for_an_hour(make_bench: Any) -> None:
    bench = make_bench()
    broken = {"app/a.yaml": "apiVersion: v1\nkind: A\nmetadata: [\n"}
    for _ in range(3):
        with pytest.raises(RenderError, match=r"^Failed to unmarshal"):
            bench.render(broken)
    with pytest.raises(RenderError, match=r"^Manifest generation error \(cached\): Failed to unmarshal"):
        bench.render(broken)
    assert bench.cache.counters.renders == 3
    with pytest.raises(RenderError, match=r"^Failed"):
        bench.render(broken, use_cache=False)
    assert bench.render({"app/a.yaml": manifest("a")}).manifests
    for _ in range(3):
        with pytest.raises(RenderError, match=r"^Failed"):
            bench.render(broken)
    bench.clock.advance(minutes=61)
    with pytest.raises(RenderError, match=r"^Failed"):
        bench.render(broken)


def test_an_entry_is_kept_a_day(make_bench: Any) -> None:
    bench = make_bench()
    bench.render(PLAIN)
    bench.clock.advance(hours=23)
    assert bench.render(PLAIN).from_cache
    bench.clock.advance(hours=2)
    assert not bench.render(PLAIN).from_cache


def test_a_byte_flipped_anywhere_in_an_entry_is_never_applied(make_bench: Any) -> None:
    bench = make_bench()
    bench.render(PLAIN)
    (entry,) = next(iter(bench.cache._entries.values()))
    stored = entry.stored
    for position in range(0, len(stored), 7):
        (entry,) = next(iter(bench.cache._entries.values()))
        entry.manifests = None
        entry.stored = stored[:position] + bytes([stored[position] ^ 1]) + stored[position + 1 :]
        found = bench.render(PLAIN)
        assert not found.from_cache
        assert [item["metadata"]["name"] for item in found.manifests] == ["a", "b"]
    (entry,) = next(iter(bench.cache._entries.values()))
    entry.manifests = None
    assert bench.render(PLAIN).from_cache


def test_a_path_out_of_the_root_is_refused(shared_bench: Any) -> None:
    with pytest.raises(OutOfRoot):
        shared_bench.render(PLAIN, source={"path": "../etc"})


def test_no_more_renderings_go_on_at_once_than_the_setting_says(make_bench: Any, make_request: Any) -> None:
    bench = make_bench()
    inside, most = 0, 0
    run = bench.pool.run

    async def counted(assignment: Any, share: Any) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        try:
            return await run(assignment, share)
        finally:
            inside -= 1

    bench.pool.run = counted

    async def several(limit: str) -> None:
        text = "apiVersion: v1\nkind: X\nmetadata: {name: x%s}\n"
        settings = {"reposerver.parallelism.limit": limit}
        files = [{"app/x.yaml": text % f"{limit}{number}"} for number in range(4)]
        wanted = [make_request(each, settings=settings) for each in files]
        await asyncio.gather(*map(bench.renderer.render, wanted))

    for limit, expected in (("1", 1), ("2", 2), ("0", 4), ("", 4), ("many", 4)):
        most = 0
        asyncio.run(several(limit))
        assert most == expected, limit


@pytest.mark.parametrize(
    ("environment", "attempts", "minutes", "requests"),
    [
        ({}, 3, 60, 0), ({"AFTER_FAILED_ATTEMPTS": "1", "MINUTES": "5", "REQUESTS": "2"}, 1, 5, 2),
        ({"AFTER_FAILED_ATTEMPTS": "x", "MINUTES": "-1"}, 3, 60, 0),
    ],
)  # fmt: skip
def test_the_pause_after_failures_is_upstreams(
    environment: dict[str, str], attempts: int, minutes: int, requests: int
) -> None:
    found = pause_of({f"ARGOCD_PAUSE_GEN_{name}": value for name, value in environment.items()})
    assert found == Pause(attempts=attempts, time=timedelta(minutes=minutes), requests=requests)


def test_a_failure_is_answered_from_the_cache_until_its_time_or_its_requests_are_over(make_bench: Any) -> None:
    for pause, over in ((Pause(time=timedelta(minutes=5)), "time"), (Pause(requests=2), "requests")):
        bench = make_bench(cache=RenderCache(b"k" * 32, pause=pause))

        def error(bench: Any = bench) -> str:
            with pytest.raises(RenderError) as raised:
                bench.render({"app/x.yaml": "apiVersion: v1\nkind: X\nmetadata: {\n"})
            return str(raised.value)

        told = [error() for _ in range(5)]
        assert [text.startswith("Manifest generation error (cached): ") for text in told] == [False] * 3 + [True] * 2
        assert "line 3" in told[4] or "line 4" in told[4]
        if over == "time":
            bench.clock.advance(minutes=5)
        assert not error().startswith("Manifest generation error (cached)")
