"""The status of an ApplicationSet."""

from __future__ import annotations

from argosy.apis.schema import Object, Time, schema


@schema
class ApplicationRollout(Object):
    """How far one application is in a rolling sync."""

    application: str
    last_transition_time: Time | None = None
    message: str
    status: str
    step: str
    target_revisions: tuple[str, ...]


@schema
class SetCondition(Object):
    """One condition of the set."""

    last_transition_time: Time | None = None
    message: str
    reason: str
    status: str
    type: str


@schema
class SetHealth(Object):
    """The set's or an application's health."""

    last_transition_time: Time | None = None
    message: str = ""
    status: str = ""


@schema
class SetResource:
    """One generated application."""

    group: str = ""
    health: SetHealth | None = None
    hook: bool = False
    kind: str = ""
    name: str = ""
    namespace: str = ""
    requires_deletion_confirmation: bool = False
    requires_pruning: bool = False
    status: str = ""
    sync_wave: int | None = None
    version: str = ""


@schema
class ApplicationSetStatus(Object):
    """What was generated."""

    application_status: tuple[ApplicationRollout, ...] = ()
    conditions: tuple[SetCondition, ...] = ()
    health: SetHealth | None = None
    resources: tuple[SetResource, ...] = ()
    resources_count: int | None = None
