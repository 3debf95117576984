"""Tells one story under the faults of one seed, and says what was wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from argosy.runtime.chance import Rng
from argosy.runtime.clients.faults import Death, FaultPlan
from argosy.runtime.virtual import Ending
from tests.kit.hardship.plans import Plan, plan_of
from tests.kit.hardship.process import Process, make_process, names_of
from tests.kit.hardship.story import Story
from tests.kit.hardship.witness import Witness
from tests.kit.world import World

SETTLING = timedelta(seconds=200)
"""Until what was under way when the outcome came is written out."""


class Failure(AssertionError):
    """The story did not end as it should; the text says where, and how to see it again."""


@dataclass(slots=True)
class Run:
    """What one run came to."""

    outcome: object
    writes_count: int = 0
    """Until the outcome was there, over all doors of the processes."""
    faults: Counter[str] = field(default_factory=Counter)
    ended_at: datetime | None = None


def endure(room: str, kind: type[Story], seed: int) -> Run:
    """Raises Failure."""
    usual = undisturbed(kind)  # type: ignore[arg-type]  # mypy asks the class for what makes its objects hashable
    plan = plan_of(seed, usual.writes_count, replicas=kind.replicas)
    telling = _Telling(room, kind, seed, plan)
    return telling.tell(usual)


@cache
def undisturbed(kind: type[Story]) -> Run:
    """Raises Failure when even that goes wrong."""
    return _Telling("", kind, 0, Plan()).tell(None)


class _Telling:
    def __init__(self, room: str, kind: type[Story], seed: int, plan: Plan) -> None:
        self.room, self.kind, self.seed, self.plan = room, kind, seed, plan
        self.processes: list[Process] = []
        self.started = 0
        self.faults: Counter[str] = Counter()
        self.faulty = True
        self.writes_count = 0
        """Of processes that are gone."""

    def tell(self, usual: Run | None) -> Run:
        with World(seed=self.seed, crds=self.kind.definitions()) as world:
            self.world, self.story = world, self.kind(world)
            self.rng: Rng = world.rng.fork("hardship")
            try:
                self.story.prepare()
                self.witness = Witness(world, world.client, self.story.wrong)
                for name in names_of(self.plan.replicas):
                    self._begin(name)
                return self._told(usual)
            finally:
                for process in self.processes:
                    process.kill()
                self.story.close()

    def _told(self, usual: Run | None) -> Run:
        for number, step in enumerate(self.story.steps(), 1):
            if self.plan.hurries:
                self._live(timedelta(seconds=self.rng.uniform(0.0, self.plan.hurries)))
            if step() is not None:
                self._until(step, f"step {number}")
        self._mend()
        if usual is None:
            self._live(SETTLING)
            outcome = self.story.outcome()
        else:
            outcome = usual.outcome
            self._until(lambda: self.story.outcome() == outcome, "the outcome", expected=outcome)
        count, ended_at = self._writes_count(), self.world.clock.now()
        self._check_quiet(outcome)
        for text in self.story.wrong_at_the_end():
            self._fail(text)
        return Run(outcome, count, self.faults, ended_at)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _until(self, goal: object, what: str, *, expected: object = None) -> None:
        assert callable(goal)
        deadline = self.world.clock.now() + self.story.patience
        while not goal():
            left = deadline - self.world.clock.now()
            if left <= timedelta(0):
                told = f"\n  found    {self.story.outcome()}"
                told += f"\n  expected {expected}" if expected is not None else ""
                self._fail(f"{what} did not come within {self.story.patience}{told}")
            self._live(left, goal)

    def _live(self, length: timedelta, goal: object = None) -> None:
        """Lets time pass, and processes die and be followed, until the goal holds."""
        ends = self.world.clock.now() + length
        while (left := ends - self.world.clock.now()) > timedelta(0):

            def holds() -> bool:
                return any(process.is_dead or process.has_failed for process in self.processes) or (
                    callable(goal) and bool(goal())
                )

            settled = self.world.run(self.world.clock.settle(holds, within=left))
            self._look_at_processes()
            if settled.ending is Ending.GOAL and callable(goal) and goal():
                return

    def _look_at_processes(self) -> None:
        if self.witness.wrong:
            self._fail(self.witness.wrong[0])
        for process in tuple(self.processes):
            if (error := process.has_failed) is not None:
                self._fail(f"process {process.number} ended by itself: {error!r}")
            if process.is_dead:
                self._follow(process)

    def _writes_count(self) -> int:
        return self.writes_count + sum(process.death.writes_count for process in self.processes)

    # -- processes -----------------------------------------------------------------------------------------------------

    def _begin(self, replica: str) -> None:
        self.started += 1
        plan = self.plan.faults if self.faulty else FaultPlan()
        death = self.plan.death(self.rng) if self.faulty and self.started <= self.plan.deaths else Death()
        process = make_process(self.world, self.witness, plan, number=self.started, replica=replica, death=death)
        self.processes.append(process)
        process.start(self.story.start)

    def _follow(self, dead: Process) -> None:
        """A process died: another one starts, after a while perhaps, and under another name perhaps."""
        dead.kill()
        self.faults += dead.faulty.happened + Counter(killed=1)
        self.writes_count += dead.death.writes_count
        self.processes.remove(dead)
        replica = dead.replicas.identity if dead.replicas else ""
        if replica and self.rng.uniform(0.0, 1.0) < 0.5:
            replica = f"replica-{self.started}"
        self.world.pass_time(round(self.rng.uniform(0.0, 20.0), 3))
        self._begin(replica)

    def _mend(self) -> None:
        """The last fault has happened."""
        self.faulty = False
        for process in self.processes:
            self.faults += process.faulty.happened
            process.faulty.plan = FaultPlan()
            process.death.spare()

    # -- the end -------------------------------------------------------------------------------------------------------

    def _check_quiet(self, outcome: object) -> None:
        """Who has nothing to do does nothing. What was under way when the outcome came may be written out."""
        self._live(SETTLING)
        before = len(self.witness.committed)
        self._live(self.story.quiet)
        written = [str(write) for write in self.witness.committed[before:]]
        if written:
            self._fail(f"nothing changed, and {len(written)} writes were made: {', '.join(written[:5])}")
        if (found := self.story.outcome()) != outcome:
            self._fail(f"the outcome did not last:\n  found    {found}\n  expected {outcome}")

    def _fail(self, text: str) -> None:
        again = f"make hardship ROOM={self.room} STORY={self.kind.name} SEED={self.seed}"
        raise Failure(f"{self.kind.name}: {text}\n  plan {self.plan}\n  faults {dict(self.faults)}\n  again: {again}")
