"""Every kind of step shows its effect in a preview, and has none: one Promotion with a step of each."""

from __future__ import annotations

from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from argosy.machinery.objects import JsonObject, Key
from argosy.promotion.kinds import APPLICATIONS, FREIGHT, PROMOTIONS
from argosy.promotion.preview.previewing import text_of
from argosy.promotion.steps.catalogue import STEPS
from tests.kit.kargo_timeline.serving import packaged
from tests.kit.promotion import PromotionWorld, git
from tests.promotion.preview.test_previewing import preview
from tests.promotion.test_stories import DIRECT, template

FILES: Final = {
    "values.yaml": "tag: old\n",
    "more.yaml": "more: true\n",
    "data.json": '{"a": "old"}\n',
    "data.toml": 'a = "old"\n',
    "base/kustomization.yaml": "resources: [config.yaml]\n",
    "base/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n",
    "chart/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    "chart/templates/config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n",
    "parent/Chart.yaml": "apiVersion: v2\nname: parent\nversion: 1.0.0\n"
    "dependencies:\n- name: dep\n  version: 1.0.0\n  repository: {registry}/charts\n",
}
SOURCE: Final = {"repoURL": "{repo}", "desiredRevision": "v2", "updateTargetRevision": True}
TABLE: Final[dict[str, tuple[JsonObject, str]]] = {
    "git-clone": (
        {
            "repoURL": "{repo}",
            "checkout": [
                {"branch": "main", "path": "./src"},
                {"tag": "v1", "path": "./old"},
                {"branch": "env/test", "create": True, "path": "./out"},
            ],
        },
        "pushes to refs/heads/env/test",
    ),
    "git-clear": ({"path": "./old"}, "removes old/values.yaml"),
    "yaml-update": ({"path": "./src/values.yaml", "updates": [{"key": "tag", "value": "new"}]}, "+tag: new"),
    "yaml-parse": (
        {"path": "./src/values.yaml", "outputs": [{"name": "tag", "fromExpression": "tag"}]},
        'output tag: "new"',
    ),
    "yaml-merge": ({"inFiles": ["./src/values.yaml", "./src/more.yaml"], "outFile": "./src/all.yaml"}, "+more: true"),
    "json-update": ({"path": "./src/data.json", "updates": [{"key": "a", "value": "new"}]}, '+{"a": "new"}'),
    "json-parse": ({"path": "./src/data.json", "outputs": [{"name": "a", "fromExpression": "a"}]}, 'output a: "new"'),
    "toml-update": ({"path": "./src/data.toml", "updates": [{"key": "a", "value": "new"}]}, "+a = 'new'"),
    "toml-parse": ({"path": "./src/data.toml", "outputs": [{"name": "a", "fromExpression": "a"}]}, 'output a: "new"'),
    "copy": ({"inPath": "./src/base", "outPath": "./src/copied"}, "writes src/copied/config.yaml"),
    "delete": ({"path": "./src/copied"}, "removes src/copied/config.yaml"),
    "file-write": ({"path": "./src/note.txt", "contents": "hello\n"}, "+hello"),
    "tar": ({"inPath": "./src/base", "outPath": "./base.tar"}, "writes base.tar"),
    "untar": ({"inPath": "./base.tar", "outPath": "./unpacked"}, "writes unpacked/"),
    "kustomize-set-image": (
        {"path": "./src/base", "images": [{"image": "example/app", "tag": "new"}]},
        "+  newTag: new",
    ),
    "kustomize-build": ({"path": "./src/base", "outPath": "./out/built.yaml"}, "+  name: settings"),
    "helm-template": (
        {"path": "./src/chart", "outPath": "./out/chart.yaml", "releaseName": "web"},
        "+  name: web",
    ),
    "helm-update-chart": (
        {"path": "./src/parent", "charts": [{"repository": "{registry}/charts", "name": "dep", "version": "1.1.0"}]},
        "+  version: 1.1.0",
    ),
    "git-commit": ({"path": "./src", "message": "to new\n\nwith a reason"}, 'commits "to new"'),
    "git-tag": ({"path": "./src", "tag": "v2", "message": "second"}, "as v2"),
    "git-push": ({"path": "./src", "generateTargetBranch": True}, "+tag: new"),
    "github-push": ({"path": "./src", "targetBranch": "release"}, "pushes to refs/heads/release"),
    "git-open-pr": (
        {
            "repoURL": "{repo}",
            "provider": "gitea",
            "sourceBranch": "${{ outputs['git-push'].branch }}",
            "targetBranch": "main",
            "labels": ["bot"],
        },
        '-> main, "to new", labels bot',
    ),
    "git-wait-for-pr": (
        {"repoURL": "{repo}", "provider": "gitea", "prNumber": "${{ outputs['git-open-pr'].pr.id }}"},
        "GATE: waits until the pull request is merged",
    ),
    "git-merge-pr": ({"repoURL": "{repo}", "provider": "gitea", "prNumber": 1, "wait": True}, "merges pull request 1"),
    "oci-download": ({"imageRef": "{registry}/charts/dep:1.1.0", "outPath": "./dep.tgz"}, "writes dep.tgz"),
    "oci-push": (
        {"srcRef": "{registry}/charts/dep:1.1.0", "destRef": "{registry}/copied:v1", "annotations": {"by": "me"}},
        "copied:v1",
    ),
    "http": (
        {
            "url": "http://127.0.0.1:1/never?token=x",
            "method": "POST",
            "body": "hello",
            "successExpression": "response.status == 200",
            "outputs": [{"name": "id", "fromExpression": "response.body.id"}],
        },
        "sends POST http://127.0.0.1:1/never, a body of 5 bytes\nGATE: again until response.status == 200",
    ),
    "http-download": ({"url": "http://{address}/v2/", "outPath": "./answer"}, "writes answer"),
    "compose-output": ({"id": "${{ outputs.http.id }}"}, 'output id: "(id of the answer)"'),
    "set-metadata": (
        {"updates": [{"kind": "Stage", "name": "test", "values": {"a": "b"}}]},
        'status.metadata.a: "b"',
    ),
    "set-freight-alias": ({"name": "${{ ctx.targetFreight.name }}", "alias": "renamed"}, 'alias: "renamed" (was '),
    "argocd-update": (
        {"apps": [{"name": "shop", "sources": [SOURCE]}]},
        'spec.source.targetRevision: "v2" (was "main")',
    ),
    "argocd-wait": ({"apps": [{"name": "shop"}]}, "GATE: waits until the Applications are synced"),
    "fail": ({"message": "on purpose"}, "failed: on purpose"),
}  # fmt: skip


def test_a_preview_of_each_kind_shows_its_effect_and_has_none(tmp_path: Path) -> None:
    with PromotionWorld(tmp_path, renders=True) as world:
        address = f"127.0.0.1:{world.registry_port}"
        url = world.repository("repo")
        world.registry.push_artifact(
            "charts/dep",
            "1.1.0",
            "application/vnd.cncf.helm.config.v1+json",
            {"application/vnd.cncf.helm.chart.content.v1.tar+gzip": packaged("dep", "1.1.0")},
        )
        _write(world, address)
        world.project()
        world.warehouse("w", url)
        steps = [
            {"uses": uses, "as": uses, "config": _filled(config, url, address)} for uses, (config, _) in TABLE.items()
        ]
        world.make("Stage", "test", {"requestedFreight": DIRECT, "promotionTemplate": template(*steps)})
        world.create(_application(url))
        (name,) = world.freight()
        before = _state(world, tmp_path, name)

        found = preview(world, "test", name)

        shown = {one.uses: "\n".join(one.lines) for one in found.effects}
        assert set(shown) == set(STEPS), "a kind of step without a preview"
        unsuccessful = [one.uses for one in found.effects if one.status != "Succeeded"]
        assert unsuccessful == ["fail"], text_of(found)
        silent = [uses for uses, (_, wanted) in TABLE.items() if wanted not in shown[uses]]
        assert not silent, text_of(found)
        assert "changes nothing" not in text_of(found)
        assert shown["git-push"].count("  commit ") == 1
        assert shown["git-clone"].count("checks out") == 3
        assert "Application shop must be healthy" in found.follows
        assert _state(world, tmp_path, name) == before
        assert not world.list(PROMOTIONS, "demo")


def _write(world: PromotionWorld, address: str) -> None:
    files = {path: text.replace("{registry}", f"oci://{address}") for path, text in FILES.items()}
    world.write("repo", files, message="first", tags=("v1",))


def _filled(config: JsonObject, url: str, address: str) -> JsonObject:
    def fill(value: object) -> object:
        if isinstance(value, dict):
            return {key: fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [fill(item) for item in value]
        if not isinstance(value, str):
            return value
        return value.replace("{repo}", url).replace("{registry}", f"oci://{address}").replace("{address}", address)

    return {key: fill(value) for key, value in config.items()}


def _application(url: str) -> JsonObject:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": "shop",
            "namespace": "argocd",
            "annotations": {"kargo.akuity.io/authorized-stage": "demo:test"},
        },
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "path": ".", "targetRevision": "main"},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
        },
    }


def _state(world: PromotionWorld, directory: Path, freight: str) -> list[object]:
    piece, shop = world.get(FREIGHT, Key("demo", freight)), world.get(APPLICATIONS, Key("argocd", "shop"))
    objects: list[object] = [piece, shop, (world.stage("test").get("status") or {}).get("metadata")]
    return [
        *objects,
        git(directory / "repo.git", "for-each-ref"),
        _is_there(world, "charts/dep"),
        _is_there(world, "copied"),
    ]


def _is_there(world: PromotionWorld, repository: str) -> bool:
    connection = HTTPConnection("127.0.0.1", world.registry_port, timeout=30)
    connection.request("GET", f"/v2/{repository}/tags/list")
    status = connection.getresponse().status
    connection.close()
    return status == 200
