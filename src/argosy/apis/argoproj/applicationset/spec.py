"""What the parameters are used for, in which order, and which fields are left to others."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.argoproj.applicationset.generators import Generator
from argosy.apis.argoproj.applicationset.template import ApplicationTemplate
from argosy.apis.schema import Doc, IntOrText, Object, Rules, schema


@schema
class IgnoreApplicationDifference(Object):
    """Fields of generated applications that are left as they are."""

    jq_path_expressions: tuple[str, ...] = ()
    json_pointers: tuple[str, ...] = ()
    name: Annotated[str, Doc("Only of this application.")] = ""


@schema
class PreservedFields:
    """Further annotations and labels that are left as they are."""

    annotations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@schema
class StepExpression:
    """A condition on an application's labels: In or NotIn."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


@schema
class RollingStep:
    """Applications that are updated before those of the next step."""

    match_expressions: tuple[StepExpression, ...] = ()
    max_update: Annotated[IntOrText | None, Doc("How many at a time, as a number or per cent.")] = None


@schema
class RollingSync:
    """The steps of an update."""

    steps: tuple[RollingStep, ...] = ()


@schema
class Strategy:
    """In which order applications are updated and deleted."""

    deletion_order: Annotated[str, Doc("AllAtOnce or Reverse.")] = ""
    rolling_sync: RollingSync | None = None
    type: Annotated[str, Doc("AllAtOnce or RollingSync.")] = ""


@schema
class SetSyncPolicy:
    """What may happen to generated applications."""

    applications_sync: Annotated[
        str, Rules({"enum": ["create-only", "create-update", "create-delete", "sync"]}), Doc("Default: sync.")
    ] = ""
    preserve_resources_on_deletion: Annotated[bool, Doc("Applications get no resources finalizer.")] = False


@schema
class ApplicationSetSpec(Object):
    """Where parameters come from and what is made of them."""

    apply_nested_selectors: Annotated[bool, Doc("Without effect: always on.")] = False
    generators: tuple[Generator, ...]
    go_template: bool = False
    go_template_options: tuple[str, ...] = ()
    ignore_application_differences: tuple[IgnoreApplicationDifference, ...] = ()
    preserved_fields: PreservedFields | None = None
    strategy: Strategy | None = None
    sync_policy: SetSyncPolicy | None = None
    template: ApplicationTemplate
    template_patch: Annotated[str, Doc("A strategic merge patch, rendered after the template.")] = ""

    @property
    def rolling_steps(self) -> tuple[RollingStep, ...]:
        return self.strategy.rolling_sync.steps if self.strategy and self.strategy.rolling_sync else ()

    @property
    def is_rolling_asked(self) -> bool:
        """Whether it is to be rolled out step by step, where the controller allows that."""
        return self.strategy is not None and self.strategy.type == "RollingSync"
