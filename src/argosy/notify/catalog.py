"""The stock triggers and templates that annotations of Applications commonly name, to apply along with your services.

Names and conditions are exactly upstream's: upstream records sent notifications by a hash of the condition.
The texts are ours. Source: spec/notifications.md D7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from argosy.machinery.objects import JsonObject
from argosy.machinery.text import yaml

GOOD, WARNING, FAILED, RUNNING = "#18be52", "#f4c030", "#E96D76", "#0DADEA"
_ENDED: Final = "app.status.operationState != nil and app.status.operationState.phase in "
_DEPLOYED: Final = (
    f"{_ENDED}['Succeeded'] and app.status.health.status == 'Healthy' and "
    "(!time.Parse(app.status.health.lastTransitionTime).Add(1 * time.Minute)"
    ".Before(time.Parse(app.status.operationState.finishedAt)) or "
    "time.Parse(app.status.health.lastTransitionTime).Before(time.Parse(app.status.operationState.startedAt)))"
)
_BY_REVISION: Final = "app.status.operationState?.syncResult?.revision"
_BY_NAME: Final = "app.metadata.name"


def _of(*path: str) -> str:
    """The Application's value at a path; empty if it is not set yet."""
    words = " ".join(f'"{word}"' for word in path)
    return f'{{{{dig {words} "" .app}}}}'


_LINK: Final = "{{.context.argocdUrl}}/applications/{{.app.metadata.namespace}}/{{.app.metadata.name}}"
_OPERATION: Final = _of("status", "operationState", "message")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A trigger and its template of the same name, with `app-` for `on-`."""

    name: str
    when: str
    description: str
    title: str
    message: str
    color: str
    once_per: str = _BY_REVISION


ENTRIES: Final = (
    Entry(
        name="created",
        when="true",
        once_per=_BY_NAME,
        description="An Application is new.",
        title="{{.app.metadata.name}} was created",
        message="The Application {{.app.metadata.name}} was created.",
        color=GOOD,
    ),
    Entry(
        name="deleted",
        when="app.metadata.deletionTimestamp != nil",
        once_per=_BY_NAME,
        description="An Application goes.",
        title="{{.app.metadata.name}} is deleted",
        message="The Application {{.app.metadata.name}} is being deleted.",
        color=FAILED,
    ),
    Entry(
        name="deployed",
        when=_DEPLOYED,
        description="A revision is live and healthy; once for each revision.",
        title="{{.app.metadata.name}} is deployed",
        message=f"{{{{.app.metadata.name}}}} is live and healthy at {_of('status', 'sync', 'revision')}.",
        color=GOOD,
    ),
    Entry(
        name="health-degraded",
        when="app.status.health.status == 'Degraded'",
        description="An Application is degraded.",
        title="{{.app.metadata.name}} is degraded",
        message="{{.app.metadata.name}} is degraded. What is wrong with it: " + _LINK,
        color=WARNING,
    ),
    Entry(
        name="sync-failed",
        when=f"{_ENDED}['Error', 'Failed']",
        description="A sync failed.",
        title="Syncing {{.app.metadata.name}} failed",
        message=f"Syncing {{{{.app.metadata.name}}}} failed: {_OPERATION}",
        color=FAILED,
    ),
    Entry(
        name="sync-running",
        when=f"{_ENDED}['Running']",
        description="A sync began.",
        title="{{.app.metadata.name}} is being synced",
        message=f"{{{{.app.metadata.name}}}} is being synced since {_of('status', 'operationState', 'startedAt')}.",
        color=RUNNING,
    ),
    Entry(
        name="sync-status-unknown",
        when="app.status.sync.status == 'Unknown'",
        description="Whether an Application is in sync cannot be told.",
        title="Nothing is known of {{.app.metadata.name}}",
        message="Whether {{.app.metadata.name}} is in sync cannot be told."
        '{{range (dig "status" "conditions" list .app)}} {{.type}}: {{.message}}.{{end}}',
        color=FAILED,
    ),
    Entry(
        name="sync-succeeded",
        when=f"{_ENDED}['Succeeded']",
        description="A sync succeeded.",
        title="{{.app.metadata.name}} was synced",
        message=f"{{{{.app.metadata.name}}}} was synced at {_of('status', 'operationState', 'finishedAt')}.",
        color=GOOD,
    ),
)
_REPOSITORIES: Final = (
    "{{if .app.spec.sources}}{{range $at, $source := .app.spec.sources}}{{if $at}}, {{end}}{{$source.repoURL}}{{end}}"
    "{{else}}{{(.app.spec.source).repoURL}}{{end}}"
)


def data() -> dict[str, str]:
    """The ConfigMap's data: triggers and templates by key."""
    found: dict[str, str] = {}
    for entry in ENTRIES:
        trigger = {
            "when": entry.when,
            "description": entry.description,
            "send": [f"app-{entry.name}"],
            "oncePer": entry.once_per,
        }
        found[f"trigger.on-{entry.name}"] = yaml.dump([trigger])
        found[f"template.app-{entry.name}"] = yaml.dump(_template(entry))
    return found


def config_map(name: str, namespace: str) -> JsonObject:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data(),
    }


def _template(entry: Entry) -> JsonObject:
    return {
        "message": entry.message,
        "email": {"subject": entry.title},
        "slack": {"attachments": _slack(entry)},
        "teams": {
            "title": entry.title,
            "themeColor": entry.color,
            "facts": f"[{_fact('name', 'value')}{_conditions('name', 'value')}]",
            "potentialAction": '[{"@type": "OpenUri", "name": "Open the Application", "targets": '
            f'[{{"os": "default", "uri": {_quoted(_LINK)}}}]}}]',
        },
    }


def _slack(entry: Entry) -> str:
    fields = f"{_fact('title', 'value')}{_conditions('title', 'value')}"
    return (
        f'[{{"title": {_quoted(entry.title)}, "title_link": {_quoted(_LINK)}, '
        f'"color": "{entry.color}", "fields": [{fields}]}}]'
    )


def _fact(name: str, value: str) -> str:
    """Entries from a list of names and values."""
    facts = (
        ("Sync", _of("status", "sync", "status")),
        ("Health", _of("status", "health", "status")),
        ("Repository", _REPOSITORIES),
    )
    return ", ".join(f'{{"{name}": "{label}", "{value}": {_quoted(text)}}}' for label, text in facts)


def _conditions(name: str, value: str) -> str:
    one = f'{{"{name}": {{{{toJson .type}}}}, "{value}": {{{{toJson .message}}}}}}'
    return f'{{{{range (dig "status" "conditions" list .app)}}}}, {one}{{{{end}}}}'


def _quoted(text: str) -> str:
    """A JSON text around what templates print: addresses and names contain neither quotes nor backslashes."""
    return f'"{text}"'
