"""`yaml-merge`: several YAML files into one, later ones winning."""

from __future__ import annotations

from argosy.machinery.yaml_tree import EditFault
from argosy.promotion.editing.yaml_merge import merged
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, TEXT, body, each
from argosy.promotion.steps.workspace import inside, read_text, write_text


def run(run: Run) -> Result:
    config = run.job.config
    paths = list(config["inFiles"])
    if config.get("ignoreMissingFiles"):
        paths = [path for path in paths if inside(run.directory, path).exists()]
    try:
        text = merged([read_text(run.directory, path) for path in paths])
    except EditFault as error:
        raise StepFault(f"could not merge YAML files: {error}") from None
    write_text(run.directory, config["outFile"], text)
    lines = "\n".join(f"- {path}" for path in paths)
    return Result(output={"commitMessage": f"Merged YAML files to {config['outFile']}\n\n{lines}"})


KIND = Kind(
    name="yaml-merge",
    sort=Sort.DIRECTORY,
    schema=body("inFiles outFile", inFiles=each(TEXT, 1), outFile=FILLED, ignoreMissingFiles=FLAG),
    run=run,
)
