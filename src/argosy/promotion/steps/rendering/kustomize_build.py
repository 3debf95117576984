"""`kustomize-build`: renders a kustomization into one file or a directory of files."""

from __future__ import annotations

from argosy.machinery.objects import JsonObject
from argosy.promotion.steps.kind import Kind, Result, Run, Sort
from argosy.promotion.steps.rendering.manifests import rendered, words, write
from argosy.promotion.steps.schema import FILLED, TEXT, body, one_of


async def run(run: Run) -> Result:
    config = run.job.config
    helm = (config.get("plugin") or {}).get("helm") or {}
    manifests = await rendered(
        run,
        {"repoURL": "", "path": config["path"], "kustomize": {}},
        kube_version=helm.get("kubeVersion") or "",
        api_versions=tuple(helm.get("apiVersions") or ()),
        settings={"kustomize.buildOptions": "--enable-helm --load-restrictor LoadRestrictionsNone"},
    )
    await write(run, manifests, _kustomize if config.get("outputFormat") == "kustomize" else _kargo)
    return Result()


def _kargo(manifest: JsonObject) -> str:
    _, kind, namespace, name = words(manifest)
    return "-".join(part for part in (namespace, kind, name) if part) + ".yaml"


def _kustomize(manifest: JsonObject) -> str:
    """As `kustomize build -o` names them: group and version, kind, name."""
    _, kind, _, name = words(manifest)
    version = str(manifest.get("apiVersion") or "").lower().replace("/", "_")
    return f"{version}_{kind}_{name}.yaml"


KIND = Kind(
    name="kustomize-build",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "path outPath",
        path=FILLED,
        outPath=FILLED,
        outputFormat=one_of("kargo", "kustomize"),
        plugin=body(helm=body(apiVersions={"type": "array", "items": FILLED}, kubeVersion=TEXT)),
    ),
    run=run,
)
