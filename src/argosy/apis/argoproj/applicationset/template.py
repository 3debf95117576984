"""The Application template; each generator may have one of its own."""

from __future__ import annotations

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.schema import Object, schema


@schema
class TemplateMetadata:
    """What generated applications are called and carry."""

    annotations: dict[str, str] | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] | None = None
    name: str = ""
    namespace: str = ""


@schema
class ApplicationTemplate(Object):
    """An Application with parameters in it."""

    metadata: TemplateMetadata
    spec: ApplicationSpec
