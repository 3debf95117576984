"""Rules of Kustomize that are easily got wrong, each as the real program has it; the name of a case is the rule."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest

from argosy.render.files import Job, ToolError
from argosy.render.kustomize.generate import generate

_BENCH = runpy.run_path(str(Path(__file__).with_name("test_build.py")))
MemoryWorkspace = _BENCH["MemoryWorkspace"]
Found = list[dict[str, Any]]


def built(files: dict[str, Any], options: str = "", *, remotes: Any = None, fetched: Any = None) -> Found:
    """Paths are below `app`, the kustomization's directory, or begin with `/`."""
    placed = {path.removeprefix("/") if path.startswith("/") else f"app/{path}": text for path, text in files.items()}
    workspace = MemoryWorkspace(placed, remotes)
    if fetched is not None:
        workspace.fetch = lambda url, **_: _found(fetched, url)
    return list(generate(workspace, Job(tool="Kustomize", path="app", settings={"kustomize.buildOptions": options})))


def _found(fetched: dict[str, str], url: str) -> bytes:
    if url not in fetched:
        raise ToolError(f"{url}: 404")
    return fetched[url].encode()


def config(name: str = "a", more: str = "", kind: str = "ConfigMap") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n{more}"


def deployment(containers: str) -> str:
    return (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        f"spec: {{template: {{spec: {{containers: {containers}}}}}}}\n"
    )


def patched(original: str, patch: str) -> Any:
    files = {
        "kustomization.yaml": "resources: [d.yaml]\npatches: [{path: p.yaml}]\n",
        "d.yaml": deployment(f"[{{name: a, {original}}}]"),
        "p.yaml": deployment(f"[{{name: a, {patch}}}]"),
    }
    return built(files)[0]["spec"]["template"]["spec"]["containers"][0]


# -- URLs --------------------------------------------------------------------------------------------------------------

BASE = {"p/kustomization.yaml": "resources: [a.yaml]\n", "p/a.yaml": config("remote")}


def test_a_url_is_first_a_file_and_then_a_repository() -> None:
    url = "https://raw.example.com/o/r/v1/install.yaml"
    found = built({"kustomization.yaml": f"resources: ['{url}']\n"}, fetched={url: config("fetched")})
    assert [one["metadata"]["name"] for one in found] == ["fetched"]
    page = "https://github.com/o/r/p?ref=v1"
    remotes = {"https://github.com/o/r?ref=v1": BASE}
    for fetched in ({}, {page: "<html>\n<b>a: b</b>"}):
        found = built({"kustomization.yaml": f"resources: ['{page}']\n"}, remotes=remotes, fetched=fetched)
        assert [one["metadata"]["name"] for one in found] == ["remote"]


@pytest.mark.parametrize(
    ("url", "repository"),
    [
        ("github.com/o/r//p?ref=v1", "https://github.com/o/r?ref=v1"),
        ("github.com/o/r/p", "https://github.com/o/r"),
        ("GitHub.com/o/r/p?version=v2", "https://github.com/o/r?ref=v2"),
        ("git::https://host/o/r.git//p?ref=v1", "https://host/o/r.git?ref=v1"),
        ("git@github.com:o/r.git/p?ref=v1&timeout=2m", "git@github.com:o/r.git?ref=v1"),
        ("ssh://git@host:22/o/r//p", "ssh://git@host:22/o/r"),
        ("https://dev.azure.com/o/x/_git/r/p?ref=v1", "https://dev.azure.com/o/x/_git/r?ref=v1"),
        ("https://host/a/b/c.git/p", "https://host/a/b/c.git"),
    ],
)
def test_a_repository_is_separated_from_the_path_in_it(url: str, repository: str) -> None:
    found = built({"kustomization.yaml": f"resources: ['{url}']\n"}, remotes={repository: BASE}, fetched={})
    assert [one["metadata"]["name"] for one in found] == ["remote"]


def test_what_looks_like_no_repository_is_a_path() -> None:
    found = built({"kustomization.yaml": "resources: [gitlab.com/o/r]\n", **_below("gitlab.com/o/r")})
    assert [one["metadata"]["name"] for one in found] == ["here"]


def _below(path: str) -> dict[str, str]:
    return {f"{path}/kustomization.yaml": "resources: [a.yaml]\n", f"{path}/a.yaml": config("here")}


# -- replacements and variables ----------------------------------------------------------------------------------------


def replaced(target: str, paths: str, source: str = "sourceValue: new", options: str = "") -> dict[str, Any]:
    files = {
        "kustomization.yaml": f"resources: [a.yaml]\nreplacements:\n- {source}\n  targets:\n"
        f"  - select: {{kind: X}}\n    fieldPaths: {paths}\n    {options}\n",
        "a.yaml": f"apiVersion: e.com/v1\nkind: X\nmetadata: {{name: a}}\nspec: {target}\n",
    }
    made: dict[str, Any] = built(files)[0]["spec"]
    return made


@pytest.mark.parametrize(
    ("target", "paths", "wanted"),
    [
        ("{m: {a.b/c: old}}", "['spec.m.[a.b/c]']", {"m": {"a.b/c": "new"}}),
        ("{m: {a.b/c: old}}", "['spec.m.a\\.b/c']", {"m": {"a.b/c": "new"}}),
        (
            "{l: [{n: ab, v: 1}, {n: cd, v: x}]}",
            "['spec.l.[n=^c.*].v']",
            {"l": [{"n": "ab", "v": 1}, {"n": "cd", "v": "new"}]},
        ),
        (
            "{l: [{n: a1, v: x}, {n: a2, v: y}]}",
            "['spec.l.[n=a.*].v']",
            {"l": [{"n": "a1", "v": "new"}, {"n": "a2", "v": "new"}]},
        ),
        ("{l: [a, b]}", "['spec.l.[=b]']", {"l": ["a", "new"]}),
        ("{l: [a, b]}", "[spec.l.0]", {"l": ["new", "b"]}),
        ("{l: [{v: a}, {v: b}]}", "['spec.l.*.v']", {"l": [{"v": "new"}, {"v": "new"}]}),
    ],
)
def test_a_field_path_may_have_brackets_patterns_and_indexes(target: str, paths: str, wanted: Any) -> None:
    assert replaced(target, paths) == wanted


def test_an_empty_text_is_a_value_to_copy_and_an_absent_one_is_not() -> None:
    source = "source: {kind: X, fieldPath: spec.from}"
    assert replaced("{from: '', to: x}", "[spec.to]", source)["to"] == ""
    with pytest.raises(ToolError, match=r"fieldPath `spec\.from` is missing"):
        replaced("{to: x}", "[spec.to]", source)


def test_a_field_that_is_made_takes_the_type_that_its_text_has() -> None:
    source = "source: {kind: X, fieldPath: spec.from}"
    spec = replaced("{from: '80'}", "[spec.to.port]", source, "options: {create: true}")
    assert spec["to"] == {"port": 80}


def test_a_number_is_copied_as_it_was_written() -> None:
    assert replaced("{from: 1.10, to: ''}", "[spec.to]", "source: {kind: X, fieldPath: spec.from}")["to"] == "1.10"


VARS = (
    "vars:\n- {name: V, objref: {apiVersion: apps/v1, kind: Deployment, name: web},"
    " fieldref: {fieldpath: 'spec.template.spec.containers[1].image'}}\n"
)


def test_a_variable_may_take_an_element_of_a_list() -> None:
    containers = "[{name: a, args: [$(V), x-$(V)]}, {name: b, image: 'img:1'}]"
    (found,) = built({"kustomization.yaml": "resources: [d.yaml]\n" + VARS, "d.yaml": deployment(containers)})
    assert found["spec"]["template"]["spec"]["containers"][0]["args"] == ["img:1", "x-img:1"]


def test_a_variable_means_the_object_of_its_own_kustomization_when_others_share_the_name() -> None:
    one = "resources: [d.yaml]\nvars: [{name: NAME, objref: {apiVersion: v1, kind: Service, name: s}}]\n"
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, args: [$(NAME)]}]}\n"
    files = {
        "kustomization.yaml": "resources: [one, two]\n",
        "one/kustomization.yaml": one + "namePrefix: one-\n",
        "one/d.yaml": config("s", kind="Service") + "---\n" + pod,
        "two/kustomization.yaml": "resources: [s.yaml]\nnamePrefix: two-\n",
        "two/s.yaml": config("s", kind="Service"),
    }
    (found,) = [item for item in built(files) if item["kind"] == "Pod"]
    assert found["spec"]["containers"][0]["args"] == ["one-s"]


# -- fields without a value --------------------------------------------------------------------------------------------

BLANK = """apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  explicit: null
  tilde: ~
  blank:
  flow: {a: , b: null}
  whole:
  - x:
  template:
    spec:
      affinity:
        nodeAffinity:
          preferred:
      containers:
      - name: c
        image:
        tty: null
      - name: e
        stdin:
"""
SCALE = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2, added: {x: , y: null}}\n"
ADDITION = """patches:
- target: {kind: Deployment}
  patch: '[{"op": "add", "path": "/spec/paused", "value": true}]'
- path: p.yaml
"""


def test_a_strategic_merge_drops_fields_without_a_value_where_it_walks() -> None:
    files = {"kustomization.yaml": "resources: [r.yaml]\npatches: [{path: p.yaml}]\n", "r.yaml": BLANK, "p.yaml": SCALE}
    (found,) = built(files)
    template = found["spec"].pop("template")["spec"]
    assert found["spec"] == {
        "explicit": None,
        "tilde": None,
        "flow": {"b": None},
        "whole": [{"x": None}],
        "replicas": 2,
        "added": {},
    }
    assert template["affinity"] == {"nodeAffinity": {}}
    assert template["containers"] == [{"name": "c", "tty": None}, {"name": "e"}]


def test_fields_without_a_value_stay_without_a_merge_and_behind_a_json_patch() -> None:
    (found,) = built({"kustomization.yaml": "resources: [r.yaml]\nnamespace: q\n", "r.yaml": BLANK})
    assert found["spec"]["blank"] is None
    assert found["spec"]["flow"] == {"a": "", "b": None}
    files = {"kustomization.yaml": f"resources: [r.yaml]\n{ADDITION}", "r.yaml": BLANK, "p.yaml": SCALE}
    (found,) = built(files)
    assert found["spec"]["blank"] is None
    assert found["spec"]["flow"] == {"a": "", "b": None}
    assert found["spec"]["template"]["spec"]["affinity"] == {"nodeAffinity": {"preferred": None}}


# -- generators --------------------------------------------------------------------------------------------------------


def test_long_base64_is_wrapped_before_it_is_hashed() -> None:
    literal = "k=0000000001111111111222222222233333333334444444444555"
    (found,) = built({"kustomization.yaml": f"secretGenerator: [{{name: test, literals: ['{literal}']}}]\n"})
    assert found["metadata"]["name"] == "test-tgcbcbhbm9"
    assert [len(line) for line in found["data"]["k"].split("\n")] == [70, 2, 0]


def test_a_generated_secret_without_data_has_an_empty_field_that_counts_for_its_hash() -> None:
    (config_map, secret) = built(
        {"kustomization.yaml": "configMapGenerator: [{name: c}]\nsecretGenerator: [{name: a}]\n"}
    )
    assert secret["metadata"]["name"] == "a-46f8b28mk5"
    assert secret["data"] == {}
    assert config_map["metadata"]["name"] == "c-6ct58987ht"
    assert "data" not in config_map


@pytest.mark.parametrize(("behavior", "name"), [("merge", "a-8226t8dd99"), ("replace", "a-46f8b28mk5")])
def test_merging_drops_an_empty_field_and_replacing_keeps_it(behavior: str, name: str) -> None:
    files = {
        "kustomization.yaml": f"resources: [base]\nsecretGenerator: [{{name: a, behavior: {behavior}}}]\n",
        "base/kustomization.yaml": "secretGenerator: [{name: a}]\n",
    }
    (found,) = built(files)
    assert found["metadata"]["name"] == name
    assert ("data" in found) is (behavior == "replace")


@pytest.mark.parametrize("behavior", ["merge", "replace"])
def test_what_is_merged_into_a_plain_resource_gets_no_hash(behavior: str) -> None:
    files = {
        "kustomization.yaml": "resources: [a.yaml]\n"
        f"configMapGenerator: [{{name: a, behavior: {behavior}, literals: [B=2]}}]\n",
        "a.yaml": config(more="data: {A: '1'}\n"),
    }
    (found,) = built(files)
    assert found["metadata"]["name"] == "a"
    assert found["data"] == ({"A": "1", "B": "2"} if behavior == "merge" else {"B": "2"})


def test_a_behavior_that_is_not_known_creates() -> None:
    (found,) = built({"kustomization.yaml": "configMapGenerator: [{name: a, behavior: add, literals: [a=b]}]\n"})
    assert found["metadata"]["name"] == "a-4h2mbtbbt6"


def test_a_key_of_an_env_file_is_everything_before_the_equals_sign() -> None:
    files = {"kustomization.yaml": "configMapGenerator: [{name: g, envs: [x.env]}]\n", "x.env": 'A="q"\nexport D=1\n'}
    assert built(files)[0]["data"] == {"A": '"q"', "export D": "1"}


# -- reading -----------------------------------------------------------------------------------------------------------


def test_words_of_yaml_1_1_are_text_and_so_are_keys() -> None:
    text = "data: {y: y, on: off, a: yes, b: 2001-12-14, c: True, d: 017, e: 1.0}\n"
    (found,) = built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": config(more=text)})
    assert found["data"] == {"y": "y", "on": "off", "a": "yes", "b": "2001-12-14T00:00:00Z", "c": True, "d": 15, "e": 1}


def test_annotations_are_text_however_they_were_written_and_no_annotations_are_no_field() -> None:
    text = "---\napiVersion: v1\nkind: A\nmetadata: {name: b, annotations: {a: 1.0, b: true, c: x}}\n"
    text += "---\napiVersion: v1\nkind: B\nmetadata: {name: b, annotations: {}, labels: {}}\n"
    found = built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": config() + text}, "--reorder none")
    assert [one["metadata"].get("annotations") for one in found] == [None, {"a": "1.0", "b": "true", "c": "x"}, None]


def test_documents_are_parted_by_dashes_with_or_without_a_comment() -> None:
    text = f"{config('a')}---# c\n{config('b')}--- # d\n{config('c')}"
    found = built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text})
    assert [one["metadata"]["name"] for one in found] == ["a", "b", "c"]
    with pytest.raises(ToolError, match="invalid document separator"):
        built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": f"{config('a')}---x\n{config('b')}"})


def test_a_key_that_is_no_text_is_refused() -> None:
    with pytest.raises(ToolError, match="key '1' is not text"):
        built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": config(more="data: {1: a}\n")})


# -- strictness --------------------------------------------------------------------------------------------------------


def test_fields_are_read_in_any_mixture_of_capitals() -> None:
    files = {
        "kustomization.yaml": "Resources: [d.yaml]\nimages: [{name: nginx, newtag: '3'}]\n",
        "d.yaml": deployment("[{name: a, image: 'nginx:1'}]"),
    }
    assert built(files)[0]["spec"]["template"]["spec"]["containers"][0]["image"] == "nginx:3"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("images: [{name: a, tag: b}]", "images[0]: unknown field 'tag'"),
        ("labels: [{pairs: {a: b}, includeAll: true}]", "labels[0]: unknown field 'includeAll'"),
        ("patches: [{path: p, target: {kinds: a}}]", "patches[0].target: unknown field 'kinds'"),
        ("sortOptions: {order: random}", "'sortOptions.order' must be one of [fifo, legacy], not 'random'"),
        ("sortOptions: {order: fifo, legacySortOptions: {orderFirst: []}}", "is set but the selected sort order"),
        ("labels: [{pairs: {l: N}}]", "labels[0].pairs.l: 'False' should be a string"),
        ("replicas: [{name: a, count: '2'}]", "replicas[0].count: '2' should be an integer"),
        ("openapi: {path: gone.json}", "gone.json: no such file"),
        ("openapi: {version: v1.30.0}", "'v1.30.0' is not built in"),
        ("openapi: {schema: x}", "openapi: unknown field 'schema'"),
        ("crds: [gone.yaml]", "gone.yaml: no such file"),
        ("configurations: [c.yaml]", "unknown field 'namePrefixes'"),
        ("resources: [../out.yaml]", "security; file 'out.yaml' is not in or below 'app'"),
        ("configMapGenerator: [{name: a, files: [../out.yaml]}]", "security; file 'out.yaml'"),
        ("patches: [{path: ../out.yaml}]", "security; file 'out.yaml'"),
        ("resources: [..]", "cycle detected"),
    ],
)
def test_what_the_real_program_refuses_is_refused_by_name(text: str, told: str) -> None:
    files = {
        "kustomization.yaml": f"namePrefix: a-\n{text}\n",
        "c.yaml": "namePrefixes: []\n",
        "/out.yaml": config(),
        "/kustomization.yaml": "resources: [app]\n",
    }
    with pytest.raises(ToolError) as refusal:
        built(files)
    assert told in str(refusal.value)


def test_files_outside_are_read_only_when_the_build_options_say_so() -> None:
    files = {"kustomization.yaml": "resources: [../out.yaml]\n", "/out.yaml": config("out")}
    found = built(files, "--load-restrictor LoadRestrictionsNone")
    assert [one["metadata"]["name"] for one in found] == ["out"]


# -- strategic merge ---------------------------------------------------------------------------------------------------


PORTS = "ports: [{containerPort: 80, protocol: TCP}, {containerPort: 80, protocol: UDP}]"
UDP = {"containerPort": 80, "protocol": "UDP", "name": "u"}


@pytest.mark.parametrize(
    ("original", "patch", "wanted"),
    [
        (
            "ports: [{containerPort: 80}]",
            "ports: [{containerPort: 80, protocol: TCP}]",
            {"ports": [{"containerPort": 80}]},
        ),
        (
            PORTS,
            "ports: [{containerPort: 80, protocol: UDP, name: u}]",
            {"ports": [{"containerPort": 80, "protocol": "TCP"}, UDP]},
        ),
        (
            "env: [{name: A, value: x}]",
            "env: [{name: B, value: y}]",
            {"env": [{"name": "B", "value": "y"}, {"name": "A", "value": "x"}]},
        ),
        ("env: [{name: A}]", "env: [{value: x}]", {"env": []}),
        ("env: [{value: x}]", "env: [{name: A}]", {"env": [{"value": "x"}]}),
        ("env: [{name: A, value: x}]", "env: [{name: A, value: null}]", {"env": [{"name": "A"}]}),
        ("env: [{name: A}, {name: B}]", "env: [{name: A, $patch: delete}]", {"env": [{"name": "B"}]}),
        ("env: [{name: A}]", "env: [{$patch: replace}, {name: C}]", {"env": [{"name": "C"}]}),
        ("args: [a, b]", "args: [c]", {"args": ["c"]}),
        ("resources: {limits: {cpu: 1}}", "resources: {limits: null}", {"resources": {}}),
    ],
)
def test_lists_merge_by_keys_and_items_without_one_are_odd(original: str, patch: str, wanted: Any) -> None:
    assert patched(original, patch) == {"name": "a", **wanted}


# -- schemas and definitions -------------------------------------------------------------------------------------------

SCHEMA = (
    "definitions:\n  v1.X:\n    properties:\n      spec: {$ref: '#/definitions/v1.Spec'}\n"
    "    x-kubernetes-group-version-kind: [{group: e.com, version: v1, kind: X}]\n"
    "  v1.Spec:\n    properties:\n      items: {type: array, items: {type: object},"
    " x-kubernetes-patch-strategy: merge, x-kubernetes-patch-merge-key: id}\n"
)


@pytest.mark.parametrize(("openapi", "ids"), [("", ["b"]), ("openapi: {path: schema.yaml}\n", ["b", "a"])])
def test_a_schema_of_its_own_says_how_lists_of_a_custom_kind_merge(openapi: str, ids: list[str]) -> None:
    files = {
        "kustomization.yaml": f"resources: [x.yaml]\n{openapi}patches: [{{path: p.yaml}}]\n",
        "schema.yaml": SCHEMA,
        "x.yaml": "apiVersion: e.com/v1\nkind: X\nmetadata: {name: x}\nspec: {items: [{id: a}]}\n",
        "p.yaml": "apiVersion: e.com/v1\nkind: X\nmetadata: {name: x}\nspec: {items: [{id: b}]}\n",
    }
    assert [item["id"] for item in built(files)[0]["spec"]["items"]] == ids


def test_definitions_of_custom_kinds_say_which_fields_are_names() -> None:
    definition = (
        "com.e.X:\n  Schema:\n    properties:\n      apiVersion: {type: string}\n      kind: {type: string}\n"
        "      metadata: {type: object}\n      spec: {$ref: com.e.Spec}\n"
        "com.e.Spec:\n  Schema:\n    properties:\n      secretRef:\n        type: object\n"
        "        x-kubernetes-object-ref-api-version: v1\n        x-kubernetes-object-ref-kind: Secret\n"
    )
    files = {
        "kustomization.yaml": "resources: [x.yaml]\ncrds: [crd.yaml]\nnamePrefix: p-\n",
        "crd.yaml": definition,
        "x.yaml": config("s", kind="Secret")
        + "---\napiVersion: e.com/v1\nkind: X\nmetadata: {name: x}\nspec: {secretRef: {name: s}}\n",
    }
    assert built(files)[1]["spec"] == {"secretRef": {"name": "p-s"}}


# -- build metadata, components, order ---------------------------------------------------------------------------------


def test_annotations_show_where_resources_come_from_and_what_changed_them() -> None:
    files = {
        "kustomization.yaml": "resources: [base]\nnamePrefix: p-\n"
        "configMapGenerator: [{name: g, literals: [a=b], options: {disableNameSuffixHash: true}}]\n"
        "buildMetadata: [originAnnotations, transformerAnnotations]\n",
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": config(),
    }
    first, second = (one["metadata"]["annotations"] for one in built(files))
    assert first["config.kubernetes.io/origin"] == "path: base/a.yaml\n"
    by = "configuredIn: kustomization.yaml\nconfiguredBy:\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n"
    assert second["config.kubernetes.io/origin"] == by
    changed = (
        "- configuredIn: kustomization.yaml\n  configuredBy:\n    apiVersion: builtin\n    kind: PrefixTransformer\n"
    )
    assert {one["alpha.config.kubernetes.io/transformations"] for one in (first, second)} == {changed}


def test_a_component_can_be_built_on_its_own() -> None:
    kind = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    (found,) = built({"kustomization.yaml": f"{kind}resources: [a.yaml]\nnamePrefix: p-\n", "a.yaml": config()})
    assert found["metadata"]["name"] == "p-a"


def test_the_namespace_whose_name_begins_with_anothers_comes_first() -> None:
    text = "---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, namespace: {namespace}}}\n"
        for namespace in ("a", "a-b")
    )
    found = built({"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text})
    assert [one["metadata"]["namespace"] for one in found] == ["a-b", "a"]


def test_the_order_is_by_kind_unless_the_file_or_the_options_say_otherwise() -> None:
    text = config("a") + "---\n" + config("n", kind="Namespace")
    files = {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text}
    assert [one["kind"] for one in built(files)] == ["Namespace", "ConfigMap"]
    assert [one["kind"] for one in built(files, "--reorder none")] == ["ConfigMap", "Namespace"]
    files["kustomization.yaml"] += "sortOptions: {order: legacy}\n"
    assert [one["kind"] for one in built(files, "--reorder none")] == ["Namespace", "ConfigMap"]


# -- charts ------------------------------------------------------------------------------------------------------------

CHART = {
    "charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
    "charts/c/values.yaml": "a: 1\nb: 2\n",
    "charts/c/templates/a.yaml": config("{{ .Release.Namespace }}", "data: {v: {{ .Values | toJson | quote }}}\n"),
    "charts/c/templates/h.yaml": "apiVersion: v1\nkind: ConfigMap\n"
    "metadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\n",
}


def inflated(bench: Any, files: dict[str, str]) -> dict[str, dict[str, Any]]:
    """In a worker: Helm is a Go run time, which has no place in a test process."""
    placed = {f"app/{path}": text for path, text in files.items()}
    found = bench.render(placed, settings={"kustomize.buildOptions": "--enable-helm"}).manifests
    return {one["metadata"]["name"]: one for one in found}


def test_objects_of_a_chart_keep_their_namespace_and_learn_the_kustomizations(shared_bench: Any) -> None:
    text = "namespace: outer\nhelmCharts: [{name: c, releaseName: r}]\n"
    found = inflated(shared_bench, {"kustomization.yaml": text, **CHART})
    assert {name: one["metadata"].get("namespace") for name, one in found.items()} == {"outer": None, "hook": None}
    nested = {"kustomization.yaml": "namespace: outer\nresources: [base]\n"}
    nested |= {"base/kustomization.yaml": "helmCharts: [{name: c, releaseName: r}]\n"}
    nested |= {f"base/{path}": body for path, body in CHART.items()}
    assert set(inflated(shared_bench, nested)) == {"outer", "hook"}


def test_hooks_of_a_chart_are_left_out_when_they_are_skipped(shared_bench: Any) -> None:
    text = "helmCharts: [{name: c, releaseName: r, skipHooks: true, valuesInline: {c: 3}}]\n"
    found = inflated(shared_bench, {"kustomization.yaml": text, **CHART})
    assert found["default"]["data"]["v"] == '{"a":1,"b":2,"c":3}'
    assert set(found) == {"default"}


def test_a_last_line_without_a_newline_has_none_in_its_text() -> None:
    """`patch: |-` takes the newline of the patch that it holds away, and kustomize reads what is left."""
    files = {
        "kustomization.yaml": (
            "resources: [a.yaml, b.yaml]\npatches:\n- patch: |-\n"
            "    apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: b}\n    data:\n      x: |\n        patched\n"
        ),
        "a.yaml": config(more="data:\n  x: |\n    first\n---\n") + config("c", more="data:\n  x: |\n    last"),
        "b.yaml": config("b"),
    }
    assert [found["data"]["x"] for found in built(files)] == ["first\n", "patched", "last"]
