"""Charts through the real Helm library in a real worker (spec/argo-cd-engine-2.md 11.4)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.render.port import RenderError
from argosy.sources.port import NotFound

CONFIG = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n"
    "  namespace: {{ .Release.Namespace }}\ndata:\n  values: {{ .Values | toJson | quote }}\n"
    "  kube: {{ .Capabilities.KubeVersion.Version }}\n"
    '  has: {{ .Capabilities.APIVersions.Has "example.com/v1/Thing" | quote }}\n'
    '  dns: {{ getHostByName "localhost" | quote }}\n'
)
CRD = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: crd}\n"


def chart(name: str = "web", extra: str = "", **files: str) -> dict[str, str]:
    made = {
        "app/Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n{extra}",
        "app/values.yaml": "size: 1\nlist: [a, b]\n",
        "app/templates/config.yaml": CONFIG,
        "app/templates/NOTES.txt": "hello {{ .Values.nothing.at.all }}" if False else "hello",
    }
    return made | {path.replace("__", "/"): text for path, text in files.items()}


def render(bench: Any, files: dict[str, str], /, **more: Any) -> list[dict[str, Any]]:
    helm = more.pop("helm", {})
    return list(bench.render(files, source={"helm": helm} if helm else {}, **more).manifests)


def values(bench: Any, files: dict[str, str], /, **more: Any) -> dict[str, Any]:
    import json

    found = [item for item in render(bench, files, **more) if item["kind"] == "ConfigMap"]
    return dict(json.loads(found[0]["data"]["values"]))


def test_release_namespace_and_cluster_are_given(shared_bench: Any) -> None:
    (found,) = render(
        shared_bench, chart(), kube_version="v1.29.3", api_versions=("example.com/v1", "example.com/v1/Thing")
    )
    assert (found["metadata"], found["data"]["kube"]) == ({"name": "web", "namespace": "prod"}, "v1.29.3")
    assert (found["data"]["has"], found["data"]["dns"]) == ("true", "")


def test_the_sources_own_release_namespace_and_cluster_win(shared_bench: Any) -> None:
    helm = {
        "releaseName": "own",
        "namespace": "else",
        "kubeVersion": "v1.30.0",
        "apiVersions": ["example.com/v1/Thing"],
    }
    (found,) = render(shared_bench, chart(), helm=helm, kube_version="v1.29.3")
    assert found["metadata"] == {"name": "own", "namespace": "else"}
    assert (found["data"]["kube"], found["data"]["has"]) == ("v1.30.0", "true")


def test_later_values_win_over_earlier_ones(shared_bench: Any) -> None:
    files = chart(**{"app/one.yaml": "size: 2\na: 2\nb: 2\nc: {x: 1}\n", "app/two.yaml": "a: 3\nb: 3\nc: {z: 1}\n"})
    helm = {
        "valueFiles": ["one.yaml", "two.yaml"],
        "values": "b: 4\n",
        "parameters": [{"name": "p", "value": "5"}, {"name": "s", "value": "5", "forceString": True}],
    }
    found = values(shared_bench, files, helm=helm)
    assert found == {"size": 2, "a": 3, "b": 4, "c": {"x": 1, "z": 1}, "p": 5, "s": "5", "list": ["a", "b"]}


def test_the_values_object_wins_over_the_values_text(shared_bench: Any) -> None:
    assert values(shared_bench, chart(), helm={"values": "size: 7", "valuesObject": {"size": 8}})["size"] == 8


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("x", "a,b", "a,b"), ("x", "{a,b}", ["a", "b"]), ("x", "a\\,b", "a,b"), ("list[1]", "z", None), ("x", "", "")],
)
def test_commas_in_parameters_are_escaped_unless_it_is_a_list(
    shared_bench: Any, name: str, value: str, expected: object
) -> None:
    found = values(shared_bench, chart(), helm={"parameters": [{"name": name, "value": value}]})
    assert found["x"] == expected if name == "x" else found["list"] == [None, "z"]


def test_value_files_may_lie_anywhere_in_the_repository_and_in_referenced_ones(
    shared_bench: Any, make_tree: Any
) -> None:
    files = chart() | {"env/prod.yaml": "a: 1\n", "env/x/y.yaml": "b: 1\n"}
    other = make_tree({"deep/v.yaml": "c: 1\n"})
    helm = {"valueFiles": ["../env/prod.yaml", "/env/x/y.yaml", "$other/deep/v.yaml"]}
    found = values(shared_bench, files, helm=helm, refs={"other": other})
    assert (found["a"], found["b"], found["c"]) == (1, 1, 1)


def test_globs_come_in_lexical_order_and_explicit_files_keep_their_place(shared_bench: Any) -> None:
    files = chart() | {"app/v/1.yaml": "x: 1\n", "app/v/2.yaml": "x: 2\n", "app/v/d/3.yaml": "x: 3\nz: 3\n"}
    assert values(shared_bench, files, helm={"valueFiles": ["v/*.yaml"]})["x"] == 2
    assert values(shared_bench, files, helm={"valueFiles": ["v/**/*.yaml"]})["z"] == 3
    assert values(shared_bench, files, helm={"valueFiles": ["v/*.yaml", "v/1.yaml"]})["x"] == 1


def test_a_missing_value_file_is_an_error_unless_it_may_be_missing(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match=r"nope\.yaml: no such file"):
        render(shared_bench, chart(), helm={"valueFiles": ["nope.yaml"]})
    with pytest.raises(RenderError, match="no value file matches"):
        render(shared_bench, chart(), helm={"valueFiles": ["nope*.yaml"]})
    lenient = {"valueFiles": ["nope.yaml", "nope*.yaml"], "ignoreMissingValueFiles": True}
    assert values(shared_bench, chart(), helm=lenient)["size"] == 1


def test_a_reference_that_no_source_has_is_named(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match="source referenced 'nope'"):
        render(shared_bench, chart(), helm={"valueFiles": ["$nope/x.yaml"]})


def test_file_parameters_are_text(shared_bench: Any) -> None:
    files = chart() | {"app/motd": "a,b={c}\n"}
    assert values(shared_bench, files, helm={"fileParameters": [{"name": "m", "path": "motd"}]})["m"] == "a,b={c}\n"


def test_the_environment_is_substituted(shared_bench: Any) -> None:
    helm = {
        "releaseName": "$ARGOCD_APP_NAME-x",
        "parameters": [{"name": "rev", "value": "${ARGOCD_APP_REVISION_SHORT}"}, {"name": "d", "value": "$$A$NOPE"}],
    }
    found = values(shared_bench, chart(), helm=helm)
    assert (found["rev"], found["d"]) == ("0123456" if isinstance(found["rev"], str) else found["rev"], "$A")


def test_crds_come_first_and_can_be_skipped(shared_bench: Any) -> None:
    files = chart() | {"app/crds/c.yaml": CRD}
    assert [item["kind"] for item in render(shared_bench, files)] == ["CustomResourceDefinition", "ConfigMap"]
    assert [item["kind"] for item in render(shared_bench, files, helm={"skipCrds": True})] == ["ConfigMap"]


def test_tests_can_be_skipped_and_other_hooks_stay(shared_bench: Any) -> None:
    def hook(name: str) -> str:
        return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, annotations: {{helm.sh/hook: {name}}}}}\n"

    files = chart() | {"app/templates/t.yaml": hook("test") + "---\n" + hook("pre-install")}
    assert [item["kind"] for item in render(shared_bench, files)] == ["ConfigMap", "Pod", "Pod"]
    left = render(shared_bench, files, helm={"skipTests": True})
    assert [item["metadata"]["name"] for item in left] == ["web", "pre-install"]


def test_a_value_that_breaks_the_schema_is_an_error_unless_the_schema_is_skipped(shared_bench: Any) -> None:
    files = chart() | {"app/values.schema.json": '{"properties": {"size": {"type": "string"}}}'}
    with pytest.raises(RenderError, match="got number, want string"):
        render(shared_bench, files)
    assert render(shared_bench, files, helm={"skipSchemaValidation": True})


def test_a_required_value_that_is_missing_is_named(shared_bench: Any) -> None:
    files = chart() | {"app/templates/r.yaml": '{{ required "tell me the colour" .Values.colour }}'}
    with pytest.raises(RenderError, match="tell me the colour"):
        render(shared_bench, files)


def test_a_chart_for_another_kubernetes_is_refused(shared_bench: Any) -> None:
    files = chart(extra='kubeVersion: ">=1.31.0"\n')
    with pytest.raises(RenderError, match=r"chart requires kubeVersion: >=1\.31\.0 which is incompatible"):
        render(shared_bench, files, kube_version="v1.30.2")
    assert render(shared_bench, files, kube_version="v1.31.0")


def test_subcharts_and_their_conditions(shared_bench: Any) -> None:
    dependency = "dependencies:\n- {name: sub, version: 1.0.0, condition: sub.on, repository: ''}\n"
    files = chart(extra=dependency) | {
        "app/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
        "app/charts/sub/templates/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n",
        "app/charts/sub/crds/c.yaml": CRD,
    }
    kinds = ["CustomResourceDefinition", "Secret", "ConfigMap"]
    assert [item["kind"] for item in render(shared_bench, files)] == kinds
    off = render(shared_bench, files, helm={"valuesObject": {"sub": {"on": False}}})
    assert [item["kind"] for item in off] == ["ConfigMap"]


def test_a_dependency_in_the_same_repository_is_found(shared_bench: Any) -> None:
    files = chart(extra="dependencies:\n- {name: lib, version: 1.0.0, repository: 'file://../lib'}\n") | {
        "lib/Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
        "lib/templates/l.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: l}\n",
    }
    assert [item["kind"] for item in render(shared_bench, files)] == ["Secret", "ConfigMap"]


def test_a_dependency_that_is_nowhere_is_reported_in_helms_words(shared_bench: Any) -> None:
    files = chart(extra="dependencies:\n- {name: gone, version: 1.0.0, repository: ''}\n")
    with pytest.raises(RenderError, match=r"found in Chart\.yaml, but missing in charts/ directory: gone"):
        render(shared_bench, files)


class Fetcher:
    def __init__(self, roots: dict[str, Any]) -> None:
        self.roots = roots
        self.asked: list[str] = []

    async def root(self, name: str, request: Any) -> Any:
        self.asked.append(name)
        if name not in self.roots:
            raise NotFound(f"{name}: no such chart")
        return self.roots[name]


def test_remote_dependencies_and_value_files_are_fetched_by_the_parent(make_bench: Any, make_tree: Any) -> None:
    remote = make_tree(
        {
            "Chart.yaml": "apiVersion: v2\nname: dep\nversion: 1.2.3\n",
            "templates/d.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: d}\n",
        }
    )
    fetcher = Fetcher(
        {
            "chart https://charts.example.com dep ^1.0": remote,
            "url https://values.example.com/v.yaml": make_tree({"body": "size: 9\n"}),
        }
    )
    files = chart(extra="dependencies:\n- {name: dep, version: ^1.0, repository: 'https://charts.example.com'}\n")
    bench = make_bench(fetcher=fetcher)
    found = render(bench, files, helm={"valueFiles": ["https://values.example.com/v.yaml"]})
    assert [item["kind"] for item in found] == ["Secret", "ConfigMap"]
    assert '"size":9' in found[1]["data"]["values"]
    render(bench, files, helm={"valueFiles": ["https://values.example.com/v.yaml"]})
    assert len(fetcher.asked) == 2
    with pytest.raises(RenderError, match="no such chart"):
        render(bench, chart(extra="dependencies:\n- {name: x, version: 1.0.0, repository: 'oci://r.example.com'}\n"))
    with pytest.raises(RenderError, match="scheme 's3' is not allowed"):
        render(bench, chart(), helm={"valueFiles": ["s3://bucket/v.yaml"]})


def test_a_bad_release_name_is_refused(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match="release name"):
        render(shared_bench, chart(), helm={"releaseName": "Not_A_Name"})


def test_ignored_files_are_not_inputs(make_bench: Any) -> None:
    bench = make_bench()
    files = chart() | {"app/.helmignore": "docs/\n*.md\n", "app/docs/a": "1", "app/README.md": "1"}
    render(bench, files)
    assert bench.render(files | {"app/docs/a": "2", "app/README.md": "2"}).from_cache
    assert not bench.render(files | {"app/values.yaml": "size: 2\n"}).from_cache


def test_of_a_key_that_a_chart_prints_twice_the_last_counts_and_its_owner_hears_of_it(shared_bench: Any) -> None:
    twice = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: one\n  b: b\n  a: two\n"
    found = shared_bench.render(chart() | {"app/templates/config.yaml": twice})
    assert [item["data"] for item in found.manifests] == [{"a": "two", "b": "b"}]
    wanted = "web/templates/config.yaml: yaml: line 7: key 'a' appears twice in one mapping; the last one counts"
    assert found.warnings == (wanted,)
    assert shared_bench.render(chart() | {"app/templates/config.yaml": twice}).warnings == (wanted,)


def test_a_key_twice_in_what_the_repository_itself_says_is_refused(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match="key 'a' appears twice"):
        shared_bench.render({"app/x.yaml": "apiVersion: v1\nkind: X\nmetadata: {name: x}\na: 1\na: 2\n"})


def template(text: str) -> dict[str, str]:
    return chart() | {"app/templates/config.yaml": text}


def plain(name: str, kind: str = "ConfigMap", more: str = "") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{more}"


TYPES = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"
    '  a: "{{ .Values.tag }}"\n  b: {{ printf "%T %T" .Values.in.port .Values.size | quote }}\n'
    "  c: {{ .Values.list | toJson | quote }}\n  d: {{ gt .Values.in.port 1 | quote }}\n"
)


def test_integers_of_parameters_stay_integers_and_those_of_files_do_not(shared_bench: Any) -> None:
    parameters = [("tag", "20240101"), ("in.port", "880444307210"), ("list[1]", "5"), ("list[2].x", "7")]
    helm = {"parameters": [{"name": name, "value": value} for name, value in parameters]}
    (found,) = render(shared_bench, template(TYPES), helm=helm)
    wanted = {"a": "20240101", "b": "int64 float64", "c": '[null,5,{"x":7}]', "d": "true"}
    assert found["data"] == wanted


def test_integers_of_parameters_reach_subcharts_and_their_global_values(shared_bench: Any) -> None:
    sub = {
        "app/charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
        "app/charts/sub/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
        'data: {a: "{{ .Values.id }} {{ .Values.global.id }}"}\n',
    }
    helm = {"parameters": [{"name": name, "value": "20240101"} for name in ("sub.id", "global.id")]}
    found = render(shared_bench, template("") | sub, helm=helm)
    assert [one["data"]["a"] for one in found] == ["20240101 20240101"]


def test_manifests_come_in_the_order_of_an_installation_and_hooks_after_them(shared_bench: Any) -> None:
    hook = plain("h", more="").replace("{name: h}", "{name: h, annotations: {helm.sh/hook: pre-install}}")
    odd = plain("o").replace("{name: o}", "{name: o, annotations: {helm.sh/hook: crd-install}}")
    kinds = ["Zebra", "Deployment", "Service", "Alpaca", "ConfigMap", "Namespace"]
    text = "---\n".join((hook, odd, *(plain(kind.lower(), kind) for kind in kinds)))
    found = [one["metadata"]["name"] for one in render(shared_bench, template(text))]
    assert found == ["namespace", "configmap", "service", "deployment", "alpaca", "zebra", "h"]


def test_a_list_is_its_items(shared_bench: Any) -> None:
    text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: in}}\n"
    assert [one["metadata"]["name"] for one in render(shared_bench, template(text))] == ["in"]


def test_documents_are_parted_by_any_line_that_begins_with_dashes(shared_bench: Any) -> None:
    text = f"{plain('a')}---# {{{{ .Release.Name }}}}\n{plain('b')}---\n# nothing\n--- # c\n{plain('c')}"
    assert [one["metadata"]["name"] for one in render(shared_bench, template(text))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("block", "kept"),
    [
        ("|\n    {}", "{}\n"),
        ("|-\n    {}", "{}"),
        ("|+\n    {}\n\n", "{}\n"),
        ("|\n    {}  \n\n", "{}\n"),
    ],
)
def test_a_text_that_ends_the_chart_ends_in_one_newline(shared_bench: Any, block: str, kept: str) -> None:
    (found,) = render(shared_bench, template(plain("a", more=f"data:\n  rules: {block}")))
    assert found["data"]["rules"] == kept


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x: |\n  last line", {"x": "last line\n"}),
        ("q: 1\nr: {a: 1, b: 1}\n---\nr: {b: 2}\n--- # end\ns: 3", {"q": 1, "r": {"a": 1, "b": 2}, "s": 3}),
        ("# nothing\n---\n", {}),
    ],
)
def test_a_values_file_is_all_its_documents_with_each_line_ended(
    shared_bench: Any, text: str, wanted: dict[str, Any]
) -> None:
    files = {**chart(), "app/values.yaml": "", "app/v.yaml": text}
    assert values(shared_bench, files, helm={"valueFiles": ["v.yaml"]}) == wanted
    assert values(shared_bench, files, helm={"values": text}) == wanted


def test_what_follows_a_separator_of_a_values_file_is_a_comment_or_refused(shared_bench: Any) -> None:
    with pytest.raises(RenderError, match=r"v\.yaml: invalid document separator: 'b' after ---"):
        render(shared_bench, {**chart(), "app/v.yaml": "a: 1\n--- b\n"}, helm={"valueFiles": ["v.yaml"]})


def test_an_anchor_may_be_defined_again(shared_bench: Any) -> None:
    text = plain("a", more="data: {a: &x '1', b: *x, c: &x '2', d: *x}\n")
    (found,) = render(shared_bench, template(text))
    assert found["data"] == {"a": "1", "b": "1", "c": "2", "d": "2"}


def test_of_a_repeated_key_of_what_describes_a_chart_the_last_counts(shared_bench: Any) -> None:
    files = template(plain("a")) | {"app/Chart.yaml": "apiVersion: v2\napiVersion: v1\nname: web\nversion: 1.0.0\n"}
    assert [found["metadata"]["name"] for found in render(shared_bench, files)] == ["a"]


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (chart(extra="type: library\n"), "library charts are not installable"),
        (
            {**template(plain("a")), "app/Chart.yaml": "apiVersion: v3\nname: web\nversion: 1.0.0\n"},
            "Chart.yaml: apiVersion 'v3': must be one of v1, v2",
        ),
        (
            template(plain("a").replace("{name: a}", "{name: a, annotations: {a: true}}")),
            "annotations.a: True should be",
        ),
        (
            chart(extra="dependencies: [{name: sub, version: 2.0.0, repository: 'file://../sub'}]\n")
            | {"sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n"},
            "can't get a valid version for dependency sub",
        ),
    ],
)
def test_what_helm_refuses_is_refused_by_name(shared_bench: Any, files: dict[str, str], told: str) -> None:
    with pytest.raises(RenderError) as refusal:
        render(shared_bench, files)
    assert told in str(refusal.value)


def test_file_parameters_may_lie_in_a_referenced_source(shared_bench: Any, make_tree: Any) -> None:
    helm = {"fileParameters": [{"name": "text", "path": "$values/deep/f.txt"}]}
    refs = {"values": make_tree({"deep/f.txt": "there"})}
    assert values(shared_bench, chart(), helm=helm, refs=refs)["text"] == "there"
