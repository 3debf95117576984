"""Pauses and aborts of a turn, and their fields in the status. Section 7."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from argosy.apis.rollouts import Rollout
from argosy.apis.rollouts.status import PauseCondition
from argosy.apis.rollouts.steps import Pause
from argosy.machinery import timestamps
from argosy.machinery.objects import JsonObject
from argosy.rollouts.arithmetic.durations import pause_length
from argosy.rollouts.arithmetic.weights import current_step

CANARY_STEP = "CanaryPauseStep"
BLUE_GREEN = "BlueGreenPause"
INCONCLUSIVE_RUN = "InconclusiveAnalysisRun"
INCONCLUSIVE_EXPERIMENT = "InconclusiveExperiment"


def pause_of(rollout: Rollout, reason: str) -> PauseCondition | None:
    return next((found for found in rollout.status.pause_conditions if found.reason == reason), None)


def is_halted(rollout: Rollout) -> bool:
    """Paused by its user, or by an inconclusive analysis: then no ReplicaSet of an update changes its size."""
    return rollout.spec.paused or pause_of(rollout, INCONCLUSIVE_RUN) is not None


def needs_a_person(rollout: Rollout, reason: str) -> bool:
    """Whether a pause only ends when a user resumes it."""
    if reason in (INCONCLUSIVE_RUN, INCONCLUSIVE_EXPERIMENT):
        return True
    if reason == CANARY_STEP:
        step, _ = current_step(rollout)
        return step is not None and step.pause is not None and step.pause.duration is None
    strategy = rollout.spec.strategy.blue_green
    return reason == BLUE_GREEN and strategy is not None and strategy.auto_promotion_enabled is False


@dataclass(slots=True)
class Pauses:
    rollout: Rollout
    now: datetime
    added: list[str] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    cleared: bool = False
    abort_removed: bool = False
    keeps_resume: bool = False
    """Whether a resume is left for the next turn, because this one completes no step."""
    abort_message: str | None = None
    """Why the controller aborts in this turn; None if it does not."""

    @property
    def is_aborted(self) -> bool:
        return not self.abort_removed and (self.abort_message is not None or self.rollout.status.abort)

    def clear(self) -> None:
        self.cleared = self.abort_removed = True

    def end_of_step(self, pause: Pause) -> datetime | None:
        """When a pause step in progress ends by itself."""
        length, running = pause_length(pause), pause_of(self.rollout, CANARY_STEP)
        if length is None or running is None:
            return None
        return timestamps.parse(running.start_time) + length

    def step_is_over(self, pause: Pause) -> bool:
        """Somebody resumed it, or its time is over."""
        if self.rollout.status.controller_pause and pause_of(self.rollout, CANARY_STEP) is None:
            return True
        ends = self.end_of_step(pause)
        return ends is not None and self.now >= ends

    def end_of_blue_green(self) -> datetime | None:
        """When the pause before the switch ends by itself."""
        strategy, running = self.rollout.spec.strategy.blue_green, pause_of(self.rollout, BLUE_GREEN)
        if strategy is None or running is None or strategy.auto_promotion_enabled is False:
            return None
        return timestamps.parse(running.start_time) + timedelta(seconds=strategy.auto_promotion_seconds)

    def blue_green_is_over(self) -> bool:
        strategy, status = self.rollout.spec.strategy.blue_green, self.rollout.status
        if self.added or strategy is None:
            return False
        if status.blue_green.scale_up_preview_check_point:
            return True
        if strategy.auto_promotion_enabled is False:
            return status.controller_pause and pause_of(self.rollout, BLUE_GREEN) is None
        if strategy.auto_promotion_seconds == 0:
            return True
        ends = self.end_of_blue_green()
        return ends is not None and self.now >= ends

    def into(self, status: JsonObject) -> None:
        """abort, abortedAt, pauseConditions and controllerPause; values that are not set are absent."""
        stored = self.rollout.status
        for name in ("abort", "abortedAt", "pauseConditions", "controllerPause"):
            status.pop(name, None)
        if self.abort_message is not None or (not self.abort_removed and stored.abort):
            status["abort"] = True
            status["abortedAt"] = stored.aborted_at or timestamps.seconds(self.now)
            return
        if self.cleared:
            return
        kept = [found.raw for found in stored.pause_conditions if found.reason not in self.removed]
        known = {found.reason for found in stored.pause_conditions}
        fresh = [reason for reason in dict.fromkeys(self.added) if reason not in known]
        kept += [{"reason": reason, "startTime": timestamps.seconds(self.now)} for reason in fresh]
        if kept:
            status["pauseConditions"] = kept
        if (kept and (stored.controller_pause or fresh)) or (self.keeps_resume and stored.controller_pause):
            status["controllerPause"] = True
