"""Steps of promotion: what Stages, Promotions and tasks list."""

from __future__ import annotations

from typing import Annotated, Any

from argosy.apis.schema import Doc, Int32, Object, schema


@schema
class Variable(Object):
    """A value by name; expressions in it are evaluated where it is used."""

    name: str = ""
    value: str = ""


@schema
class Retry(Object):
    """How often a step may fail, and how long it may take."""

    error_threshold: Int32 = 0
    timeout: Annotated[str, Doc("A Go duration.")] = ""


@schema
class TaskReference(Object):
    """A list of steps by name."""

    kind: Annotated[str, Doc("PromotionTask, the default, or ClusterPromotionTask.")] = ""
    name: str = ""

    @property
    def full_kind(self) -> str:
        return self.kind or "PromotionTask"


@schema
class PromotionStep(Object):
    """One step, or a task that expands to several."""

    uses: str = ""
    task: TaskReference | None = None
    as_: str = ""
    if_: str = ""
    continue_on_error: bool = False
    retry: Retry | None = None
    vars: tuple[Variable, ...] = ()
    config: Annotated[Any, Doc("JSON of the step's own shape; expressions in it are evaluated.")] = None


@schema
class Steps(Object):
    """Steps in order, and variables for all of them."""

    vars: tuple[Variable, ...] = ()
    steps: tuple[PromotionStep, ...] = ()
