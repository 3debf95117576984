"""The commands in README.md."""

from __future__ import annotations

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.hydrator.commands import PATCHES, VALUES_FILE, of_source


def test_helm_is_one_command_with_all_options() -> None:
    helm = {
        "releaseName": "rel", "kubeVersion": "1.31", "skipCrds": True, "skipTests": True, "skipSchemaValidation": True,
        "parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "x y", "forceString": True}],
        "fileParameters": [{"name": "f", "path": "files/x"}], "apiVersions": ["v1"],
        "valueFiles": ["../values.yaml", "/root.yaml", "https://x.example/v.yaml", "$ref/v.yaml"], "values": "a: 1",
    }  # fmt: skip
    [line] = of_source(read(Source, {"path": "charts/web", "helm": helm}), "Helm", "app", "place")
    assert line == (
        "helm template . --name-template rel --namespace place --kube-version 1.31 --set a=1 "
        '--set-string "b=x y" --set-file f=./charts/web/files/x --values ./charts/values.yaml --values ./root.yaml '
        "--values https://x.example/v.yaml --values $ref/v.yaml "
        f'--values "{VALUES_FILE}" --api-versions v1 --skip-schema-validation --skip-tests'
    )
    assert of_source(read(Source, {"path": "."}), "Helm", "app", "") == [
        "helm template . --name-template app --include-crds"
    ]


def test_kustomize_is_edited_and_built() -> None:
    given = {
        "namePrefix": "p-", "nameSuffix": "-s", "images": ["a=b:1"], "replicas": [{"name": "w", "count": 2}],
        "commonLabels": {"b": "2", "a": "1"}, "labelWithoutSelector": True, "commonAnnotations": {"x": ""},
        "namespace": "place", "patches": [{"patch": "x"}], "components": ["../c"],
    }  # fmt: skip
    assert of_source(read(Source, {"path": "over/prod", "kustomize": given}), "Kustomize", "app", "") == [
        "kustomize edit set nameprefix -- p-",
        "kustomize edit set namesuffix -- -s",
        "kustomize edit set image a=b:1",
        "kustomize edit set replicas w=2",
        "kustomize edit add label --without-selector a:1 b:2",
        "kustomize edit add annotation x:",
        "kustomize edit set namespace -- place",
        PATCHES,
        "kustomize edit add component ../c",
        "kustomize build ./over/prod",
    ]
    assert of_source(read(Source, {"path": "."}), "Kustomize", "app", "") == ["kustomize build ."]


def test_files_and_plugins_have_none() -> None:
    assert (
        of_source(read(Source, {"path": "x"}), "Directory", "app", "")
        == of_source(read(Source, {"path": "x"}), "Plugin", "app", "")
        == []
    )
