"""Which faults a seed selects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import get_args

from argosy.runtime.chance import Rng, SeededRng
from argosy.runtime.clients.faults import Death, Fault, FaultPlan

MILD = FaultPlan(
    conflict=0.1,
    unavailable=0.05,
    timeout_before_commit=0.05,
    timeout_after_commit=0.1,
    stale_read=0.1,
    dropped_watch=0.1,
    expired_watch=0.05,
    late_event=0.1,
    doubled_event=0.1,
    delay=0.5,
)
ROUGH = FaultPlan(
    conflict=0.3,
    unavailable=0.1,
    timeout_before_commit=0.1,
    timeout_after_commit=0.2,
    stale_read=0.3,
    dropped_watch=0.3,
    expired_watch=0.15,
    late_event=0.3,
    doubled_event=0.3,
    delay=2.0,
)
SINGLE: tuple[Fault, ...] = get_args(Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`deaths`: how many of the processes die, each at a write of its own. `hurries`: seconds between two steps of the
    users at most; 0: they continue at once."""

    faults: FaultPlan = field(default_factory=FaultPlan)
    deaths: int = 0
    dies_at: int = 0
    """The write at which the first dies; 0: chance says."""
    dies_before: bool | None = None
    most_writes: int = 1
    replicas: int = 1
    hurries: float = 0.0

    def __str__(self) -> str:
        own = [item for item in _told(self) if not item.startswith("faults")]
        return f"{', '.join(own) or '-'}; faults: {', '.join(_told(self.faults)) or '-'}"

    def death(self, rng: Rng) -> Death:
        at = self.dies_at or 1 + int(rng.uniform(0.0, float(self.most_writes)))
        before = rng.uniform(0.0, 1.0) < 0.5 if self.dies_before is None else self.dies_before
        return Death(at, before=before)


def _told(values: object) -> list[str]:
    """The fields that are other than usual."""
    found = [(item.name, getattr(values, item.name)) for item in fields(values)]  # type: ignore[arg-type]
    return [f"{name} {value}" for name, value in found if value != getattr(type(values)(), name)]


def plan_of(seed: int, writes_count: int, *, replicas: bool) -> Plan:
    """One of several sorts in turn. `writes_count`: of the undisturbed story."""
    rng, number = SeededRng(seed).fork("plan"), seed // len(SORTS)
    plan = SORTS[seed % len(SORTS)](number, max(1, writes_count), rng)
    return plan if replicas else replace(plan, replicas=1)


def one_fault(number: int, writes: int, rng: Rng) -> Plan:
    """Every write meets every fault in turn, and nothing else goes wrong."""
    fault = SINGLE[number % len(SINGLE)]
    return Plan(faults=FaultPlan(at_write=1 + number // len(SINGLE) % writes, fault=fault))


def one_death(number: int, writes: int, rng: Rng) -> Plan:
    """The process dies before or after every write in turn."""
    return Plan(deaths=1, dies_at=1 + number // 2 % writes, dies_before=number % 2 == 0)


def many_deaths(number: int, writes: int, rng: Rng) -> Plan:
    return Plan(deaths=6, most_writes=max(2, writes // 3), hurries=5.0)


def mild(number: int, writes: int, rng: Rng) -> Plan:
    return Plan(faults=MILD, hurries=30.0)


def rough(number: int, writes: int, rng: Rng) -> Plan:
    return Plan(faults=ROUGH, deaths=3, most_writes=writes, hurries=10.0)


def replicas_change(number: int, writes: int, rng: Rng) -> Plan:
    return Plan(faults=MILD, deaths=4, most_writes=max(2, writes // 2), replicas=2 + number % 2, hurries=20.0)


SORTS: tuple[Callable[[int, int, Rng], Plan], ...] = (
    one_fault,
    one_death,
    mild,
    rough,
    many_deaths,
    replicas_change,
)
