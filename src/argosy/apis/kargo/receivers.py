"""Webhook receivers: one provider each, and the Secret that authenticates its deliveries."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated, Final

from argosy.apis.schema import Doc, FreeObject, Object, schema

PROVIDERS: Final = (
    "artifactory",
    "azure",
    "bitbucket",
    "dockerhub",
    "generic",
    "gitea",
    "github",
    "gitlab",
    "harbor",
    "quay",
)


@schema
class SecretReference:
    """A Secret by name."""

    name: str = ""


@schema
class Provider(Object):
    """The fields that every provider needs."""

    secret_ref: SecretReference = SecretReference()


@schema
class Artifactory(Object):
    """Deliveries of JFrog Artifactory."""

    secret_ref: SecretReference = SecretReference()
    virtual_repo_name: str = ""


@schema
class IndexMatch(Object):
    """One index and the value that it must have."""

    key: str = ""
    operator: str = ""
    value: str = ""


@schema
class IndexSelector(Object):
    """Selects by the Warehouses' subscriptions."""

    match_indices: tuple[IndexMatch, ...] = ()


@schema
class LabelSelector(Object):
    """By labels; values may be expressions."""

    match_labels: dict[str, str] = field(default_factory=dict)
    match_expressions: tuple[FreeObject, ...] = ()


@schema
class TargetSelection(Object):
    """Which objects an action is for."""

    kind: str = ""
    name: str = ""
    label_selector: LabelSelector | None = None
    index_selector: IndexSelector | None = None


@schema
class Action(Object):
    """What a generic delivery does, and when."""

    action: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    when_expression: str = ""
    target_selection_criteria: tuple[TargetSelection, ...] = ()


@schema
class GenericReceiver(Object):
    """Deliveries of any sender."""

    secret_ref: SecretReference = SecretReference()
    actions: tuple[Action, ...] = ()


@schema
class WebhookReceiver(Object):
    """One of the providers, by name."""

    name: str = ""
    artifactory: Artifactory | None = None
    azure: Provider | None = None
    bitbucket: Provider | None = None
    dockerhub: Provider | None = None
    generic: GenericReceiver | None = None
    gitea: Provider | None = None
    github: Provider | None = None
    gitlab: Provider | None = None
    harbor: Provider | None = None
    quay: Provider | None = None

    @property
    def kind(self) -> str:
        """The one block that names its type; "" for none."""
        return next((kind for kind in PROVIDERS if getattr(self, kind) is not None), "")

    @property
    def secret_name(self) -> str:
        """The name of the Secret that authenticates its deliveries."""
        return getattr(self, self.kind).secret_ref.name if self.kind else ""


@schema
class ReceiverAddress(Object):
    """Where a receiver takes deliveries."""

    name: Annotated[str, Doc("As in the spec.")] = ""
    path: str = ""
    url: str = ""
