"""`helm-template`: renders a chart into one file or a directory of files."""

from __future__ import annotations

from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.rendering.manifests import rendered, words, write
from argosy.promotion.steps.schema import FILLED, FLAG, TEXT, body, each, one_of
from argosy.promotion.steps.workspace import inside

HOOK: Final = "helm.sh/hook"


async def run(run: Run) -> Result:
    config = run.job.config
    path = config["path"]
    if not (inside(run.directory, path) / "Chart.yaml").is_file():
        if not inside(run.directory, path).exists():
            raise StepFault(f'failed to load chart from "{path}": stat {path}: no such file or directory')
        raise StepFault(f'failed to load chart from "{path}": Chart.yaml file is missing')
    manifests = await rendered(
        run,
        {"repoURL": "", "path": path, "helm": _options(config)},
        release_name=config["releaseName"],
        namespace=config.get("namespace") or run.job.project,
        kube_version=config.get("kubeVersion") or "",
        api_versions=tuple(config.get("apiVersions") or ()),
    )
    if config.get("disableHooks"):
        manifests = [one for one in manifests if HOOK not in ((one.get("metadata") or {}).get("annotations") or {})]
    await write(run, manifests, _name)
    return Result()


def _options(config: JsonObject) -> JsonObject:
    """Options as in an Application's source; value files are relative to the working directory."""
    sets = config.get("setValues") or ()
    options: JsonObject = {
        "releaseName": config["releaseName"],
        "namespace": config.get("namespace") or "",
        "valueFiles": [f"/{file.removeprefix('./').lstrip('/')}" for file in config.get("valuesFiles") or ()],
        "ignoreMissingValueFiles": bool(config.get("ignoreMissingValueFiles")),
        "skipCrds": not config.get("includeCRDs"),
        "skipTests": bool(config.get("skipTests")),
        "parameters": [
            {"name": one["key"], "value": one["value"], "forceString": bool(one.get("literal"))} for one in sets
        ],
    }
    return {name: value for name, value in options.items() if value not in ("", [], False)}


def _name(manifest: JsonObject) -> str:
    group, kind, namespace, name = words(manifest)
    head = f"{group}_{kind}" if group else kind
    return "-".join(part for part in (head, namespace, name) if part) + ".yaml"


KIND = Kind(
    name="helm-template",
    sort=Sort.DIRECTORY,
    waits=True,
    schema=body(
        "outPath path releaseName",
        path=FILLED,
        outPath=FILLED,
        outLayout=one_of("helm", "flat"),
        releaseName=FILLED,
        useReleaseName=FLAG,
        namespace=TEXT,
        valuesFiles=each(FILLED),
        ignoreMissingValueFiles=FLAG,
        setValues=each(body("key value", key=FILLED, value=TEXT, literal=FLAG)),
        buildDependencies=FLAG,
        includeCRDs=FLAG,
        disableHooks=FLAG,
        skipTests=FLAG,
        kubeVersion=TEXT,
        apiVersions=each(FILLED),
    ),
    run=run,
)
