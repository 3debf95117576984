"""Config-management plug-ins as an operator configures them, and Applications that use them."""

from __future__ import annotations

from typing import Any

from argosy.gitops.control_plane.plugins import documents_of
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.world import CONFIG_MAPS

LABELS = {"argosy.dev/config-management-plugin": "true"}
PLUGIN = """
apiVersion: argoproj.io/v1alpha1
kind: ConfigManagementPlugin
metadata: {name: lines}
spec:
  version: v1
  init: {command: [sh, -c], args: ["cp template.txt ready.txt"]}
  generate:
    command: [sh, -c]
    args:
      - |
        printf "apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: made}\\ndata: {value: %s-%s-%s}\\n" \\
          "$(cat ready.txt)" "$ARGOCD_ENV_WHO" "$PARAM_COLOUR"
  discover: {fileName: template.txt}
"""
SOURCE: dict[str, Any] = {"repoURL": REPO, "path": "conf", "targetRevision": "main"}
BLOCK = {"env": [{"name": "WHO", "value": "$ARGOCD_APP_NAME"}], "parameters": [{"name": "colour", "string": "red"}]}


def told(bench: Bench) -> str:
    return bench.conditions().get("ComparisonError", "")


def test_a_plugin_runs_once_the_operator_has_configured_it_and_no_longer_than_that(bench: Bench) -> None:
    bench.git.push(REPO, {"conf/template.txt": "one"})
    bench.create(application(source={**SOURCE, "plugin": {"name": "lines-v1", **BLOCK}}))
    bench.world.run_until(lambda: "no config management plugin is configured" in told(bench))
    bench.config_map("lines", {"plugin.yaml": PLUGIN}, **LABELS)
    bench.world.run_until(bench.synced)
    assert bench.value("made") == "one-app-red"
    bench.patch("lines", {"data": {"plugin.yaml": PLUGIN.replace("%s-%s-%s", "%s.%s.%s")}}, CONFIG_MAPS)
    bench.world.run_until(lambda: bench.value("made") == "one.app.red")
    bench.delete("lines", CONFIG_MAPS)
    bench.world.run_until(lambda: "no config management plugin is configured" in told(bench))
    assert bench.value("made") == "one.app.red"


def test_without_a_name_the_plugin_that_fits_is_found(bench: Bench) -> None:
    other = PLUGIN.replace("lines}", "other}").replace("template.txt}", "else.txt}")
    bench.config_map("a", {"plugin.yaml": f"{other}---{PLUGIN}"}, **LABELS)
    bench.git.push(REPO, {"conf/template.txt": "one"})
    bench.create(application(source={**SOURCE, "plugin": {"env": BLOCK["env"]}}))
    bench.world.run_until(lambda: bench.value("made") == "one-app-")


def test_a_faulty_definition_stops_no_other_and_its_user_gets_the_error(bench: Bench) -> None:
    bench.config_map("broken", {"plugin.yaml": "kind: ["}, **LABELS)
    bench.config_map("empty", {}, **LABELS)
    bench.config_map("greedy", {"plugin.yaml": PLUGIN.replace("spec:", "spec:\n  provideGitCreds: true")}, **LABELS)
    bench.config_map("lines", {"plugin.yaml": PLUGIN}, **LABELS)
    bench.config_map("unlabelled", {"plugin.yaml": PLUGIN.replace("lines}", "unlabelled}")})
    bench.git.push(REPO, {"conf/template.txt": "one", "plain/a.yaml": config("a", "one")})
    bench.create(application(source={**SOURCE, "plugin": {"name": "lines-v1"}}))
    bench.create(application("wrong", source={**SOURCE, "plugin": {"name": "unlabelled-v1"}}))
    bench.create(application("plain", source={**SOURCE, "path": "plain"}))
    bench.world.run_until(lambda: bench.synced() and bench.synced("plain"))
    bench.world.run_until(lambda: "ComparisonError" in bench.conditions("wrong"))
    text = bench.conditions("wrong")["ComparisonError"]
    for part in (
        "plugin 'unlabelled-v1' is not configured; there are: lines-v1",
        "ConfigMap broken: plugin.yaml: yaml: line",
        "ConfigMap empty: has no plugin.yaml",
        "spec.provideGitCreds: a plugin gets no credentials",
    ):
        assert part in text


def test_the_annotation_says_what_a_plugins_manifests_depend_on(bench: Bench) -> None:
    bench.config_map("lines", {"plugin.yaml": PLUGIN}, **LABELS)
    app = application(source={**SOURCE, "plugin": {"name": "lines-v1"}})
    app["metadata"]["annotations"] = {"argocd.argoproj.io/manifest-generate-paths": "."}
    bench.git.push(REPO, {"conf/template.txt": "one", "else/x": "1"})
    bench.create(app)
    bench.world.run_until(bench.synced)
    renders = bench.cache.counters.renders
    bench.git.push(REPO, {"conf/template.txt": "one", "else/x": "2"})
    bench.world.pass_time(400)
    assert bench.cache.counters.renders == renders
    bench.git.push(REPO, {"conf/template.txt": "two", "else/x": "2"})
    bench.world.run_until(lambda: str(bench.value("made")).startswith("two"))


def test_what_is_no_definition_is_a_document_with_its_error() -> None:
    named = {"metadata": {"name": "n"}}
    assert documents_of(named)[0]["error"] == "ConfigMap n: has no plugin.yaml"
    (found,) = documents_of({**named, "data": {"plugin.yaml": "- a"}})
    assert found["error"] == "ConfigMap n: plugin.yaml: is not a ConfigManagementPlugin"
