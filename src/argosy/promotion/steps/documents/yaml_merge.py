"""`yaml-merge`: merges several YAML files into one, later ones winning."""

from __future__ import annotations

from collections.abc import Sequence

from argosy.machinery.text.yaml_tree import EditFault
from argosy.promotion.editing.yaml_merge import merged
from argosy.promotion.steps.kind import Kind, Result, Run, Sort, StepFault
from argosy.promotion.steps.schema import FILLED, FLAG, TEXT, body, each
from argosy.promotion.steps.workspace import inside, read_text, write_text


def run(run: Run) -> Result:
    config = run.job.config
    paths = [path for path in config["inFiles"] if _is_there(run, path)]
    try:
        text = merged([read_text(run.directory, path) for path in paths])
    except EditFault as error:
        raise StepFault(f"error merging YAML files: {error}") from None
    write_text(run.directory, config["outFile"], text)
    return Result(output={"commitMessage": _message(paths, config["outFile"])} if paths else None)


def _is_there(run: Run, path: str) -> bool:
    if inside(run.directory, path).exists():
        return True
    if run.job.config.get("ignoreMissingFiles"):
        return False
    raise StepFault(f'input file "{path}" not found: stat {path}: no such file or directory')


def _message(paths: Sequence[str], target: str) -> str:
    if len(paths) == 1:
        return f"Wrote {paths[0]} to {target}"
    return "\n- ".join([f"Merged {len(paths)} YAML files to {target}", *paths])


KIND = Kind(
    name="yaml-merge",
    sort=Sort.DIRECTORY,
    schema=body("inFiles outFile", inFiles=each(TEXT, 1), outFile=FILLED, ignoreMissingFiles=FLAG),
    run=run,
)
