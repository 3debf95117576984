"""Numaflow and Numaplane: pausing, both ways of resuming, forced promotion, and removal of leftovers."""

from __future__ import annotations

from collections.abc import Callable

from argosy.gitops.actions.action import Action, ActionSet, KindActions, Run, annotate, part, under
from argosy.machinery.objects import JsonObject

UPGRADE_STATE = "numaplane.numaproj.io/upgrade-state"
FORCE_PROMOTE = "numaplane.numaproj.io/force-promote"
FOR_DELETION = "numaplane.numaproj.io/marked-for-deletion"
DATA_LOSS = "numaplane.numaproj.io/allow-data-loss"
STRATEGIES = "numaflow.numaproj.io/allowed-resume-strategies"
STRATEGY = "numaflow.numaproj.io/resume-strategy"
ICON = "fa-solid fa-fw fa-"

Path = tuple[str, ...]


def _state(obj: JsonObject) -> str:
    return str(part(obj, "metadata", "labels").get(UPGRADE_STATE) or "")


def _steered(obj: JsonObject) -> bool:
    """Its parent rollout controls it, until it is a leftover."""
    owners = part(obj, "metadata").get("ownerReferences") or ()
    owned = any(item.get("kind") == f"{obj.get('kind')}Rollout" for item in owners)
    return owned and not _state(obj).startswith("recyclable")


def _pauses(obj: JsonObject, root: Path = ()) -> list[Action]:
    """Gradual resuming is offered if it is allowed, otherwise immediate resuming."""
    template, steered = part(obj, *root), _steered(obj)
    paused = part(template, "spec", "lifecycle").get("desiredPhase") == "Paused"
    allowed = part(template, "metadata", "annotations").get(STRATEGIES) or part(obj, "metadata", "annotations").get(
        STRATEGIES
    )
    gradual = "slow" in [word.strip() for word in str(allowed or "").split(",")]
    return [
        Action("pause", disabled=steered or paused, icon=ICON + "pause"),
        Action("unpause-gradual", steered or not paused or not gradual, ICON + "play", "Unpause (gradual)"),
        Action("unpause-fast", steered or not paused or gradual, ICON + "play", "Unpause (fast)"),
    ]


def _promotion(obj: JsonObject) -> list[Action]:
    return [Action("force-promote", _state(obj) != "in-progress", ICON + "forward", "Force Promote")]


def _removal(obj: JsonObject) -> list[Action]:
    return [Action("delete", not _state(obj).startswith("recyclable"), ICON + "trash", "Delete")]


def _phase(root: Path, phase: str) -> Callable[[Run], None]:
    def run(given: Run) -> None:
        under(given.obj, *root, "spec", "lifecycle")["desiredPhase"] = phase

    return run


def _go_on(root: Path, strategy: str) -> Callable[[Run], None]:
    """Sets how a pipeline resumes."""

    def run(given: Run) -> None:
        under(given.obj, *root, "metadata", "annotations")[STRATEGY] = strategy
        under(given.obj, *root, "spec", "lifecycle")["desiredPhase"] = "Running"

    return run


def _from_nothing(root: Path) -> Callable[[Run], None]:
    """A single vertex resumes gradually if its count is left to its autoscaler."""

    def run(given: Run) -> None:
        spec = under(given.obj, *root, "spec")
        spec.pop("replicas", None)
        under(spec, "lifecycle")["desiredPhase"] = "Running"

    return run


def _rollout(obj: JsonObject, root: Path) -> list[Action]:
    """For Numaplane: what the template's annotation allows; gradually if it is missing."""
    template = part(obj, *root)
    paused = part(template, "spec", "lifecycle").get("desiredPhase") == "Paused"
    allowed = str(part(template, "metadata", "annotations").get(STRATEGIES) or "")
    return [
        Action("pause", disabled=paused, icon=ICON + "pause"),
        Action("unpause-gradual", not paused or allowed == "fast", ICON + "play", "Unpause (gradual)"),
        Action("unpause-fast", not paused or allowed not in ("fast", "slow, fast"), ICON + "play", "Unpause (fast)"),
    ]


def _data_loss(obj: JsonObject) -> list[Action]:
    is_draining = part(obj, "status").get("upgradeInProgress") == "PipelinePauseAndDrain"
    is_allowed = part(obj, "metadata", "annotations").get(DATA_LOSS) == "true"
    return [
        Action("allow-data-loss", not is_draining, ICON + "unlock", "Allow (Possible) Data Loss"),
        Action("disallow-data-loss", not is_allowed, ICON + "lock", "Disallow Data Loss"),
    ]


def _resume(root: Path, *, fast: bool) -> Callable[[Run], None]:
    def run(given: Run) -> None:
        under(given.obj, *root, "spec", "lifecycle")["desiredPhase"] = "Running"
        under(given.obj, "spec", "strategy", "pauseResume")["fastResume"] = fast

    return run


def _of_rollout(root: Path) -> dict[str, Callable[[Run], None]]:
    return {
        "pause": _phase(root, "Paused"),
        "unpause-gradual": _resume(root, fast=False),
        "unpause-fast": _resume(root, fast=True),
    }


def _force(run: Run) -> None:
    under(run.obj, "metadata", "labels")[FORCE_PROMOTE] = "true"


def _of_pipeline(root: Path) -> dict[str, Callable[[Run], None]]:
    return {
        "pause": _phase(root, "Paused"),
        "unpause-gradual": _go_on(root, "slow"),
        "unpause-fast": _go_on(root, "fast"),
    }


def _of_vertex(root: Path) -> dict[str, Callable[[Run], None]]:
    return {
        "pause": _phase(root, "Paused"),
        "unpause-gradual": _from_nothing(root),
        "unpause-fast": _phase(root, "Running"),
    }


FLOW, PLANE = "numaflow.numaproj.io", "numaplane.numaproj.io"

KINDS: KindActions = {
    (FLOW, "Pipeline"): ActionSet(
        lambda obj: [*_pauses(obj), *_promotion(obj), *_removal(obj)],
        {**_of_pipeline(()), "force-promote": _force, "delete": annotate(FOR_DELETION, "true")},
    ),
    (FLOW, "MonoVertex"): ActionSet(
        lambda obj: [*_pauses(obj), *_promotion(obj)], {**_of_vertex(()), "force-promote": _force}
    ),
    (FLOW, "InterStepBufferService"): ActionSet(_promotion, {"force-promote": _force}),
    (PLANE, "PipelineRollout"): ActionSet(
        lambda obj: [*_rollout(obj, ("spec", "pipeline")), *_data_loss(obj)],
        {
            **_of_rollout(("spec", "pipeline")),
            "allow-data-loss": annotate(DATA_LOSS, "true"),
            "disallow-data-loss": annotate(DATA_LOSS, "false"),
        },
    ),
    (PLANE, "MonoVertexRollout"): ActionSet(
        lambda obj: _rollout(obj, ("spec", "monoVertex")), _of_rollout(("spec", "monoVertex"))
    ),
}
