"""Formats ApplicationSets and their previews. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from argosy.cli.app.tables import date, labelled, policy_text, qualified_name, source_lines, sources_of
from argosy.cli.printing import table
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.diff import unified

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.preview import Preview

LIST_HEADER: Final = ("NAME", "PROJECT", "SYNCPOLICY", "HEALTH", "CONDITIONS", "REPO", "PATH", "TARGET")
APPLICATION_HEADER: Final = ("NAME", "STATUS", "HEALTH", "STEP", "ROLLOUT")
PREVIEW_HEADER: Final = ("ACTION", "APPLICATION", "PROJECT", "CLUSTER", "NAMESPACE", "REPO", "PATH", "TARGET")
SHOWN: Final = ("name", "namespace", "labels", "annotations", "finalizers")


def application_set_list(sets: Iterable[JsonObject]) -> str:
    return table(LIST_HEADER, [_list_row(appset) for appset in sets])


def _list_row(appset: JsonObject) -> Sequence[str]:
    status = appset.get("status") or {}
    template = _template(appset)
    return (
        qualified_name(appset),
        str(template.get("project") or ""),
        _sync_policy((appset.get("spec") or {}).get("syncPolicy")),
        str((status.get("health") or {}).get("status") or ""),
        f"[{' '.join(_condition(item) for item in status.get('conditions') or () if item.get('status') == 'True')}]",
        *_source(template),
    )


def _sync_policy(policy: JsonObject | None) -> str:
    """As Go prints the type, which scripts that cut columns expect."""
    if policy is None:
        return "nil"
    keeps = "true" if policy.get("preserveResourcesOnDeletion") else "false"
    sync = policy.get("applicationsSync")
    shown = f"*{sync}" if sync else "nil"
    return f"&ApplicationSetSyncPolicy{{PreserveResourcesOnDeletion:{keeps},ApplicationsSync:{shown},}}"


def _condition(item: JsonObject) -> str:
    """As Go prints the type."""
    parts = (item.get(name) for name in ("type", "message", "lastTransitionTime", "status", "reason"))
    kind, message, at, status, reason = (str(part or "") for part in parts)
    return f"{{{kind} {message} {date(at)} {status} {reason}}}"


def application_set(appset: JsonObject) -> str:
    """As `argocd appset get`; then what it does not show: the strategy, and the Applications with their step."""
    status, template = appset.get("status") or {}, _template(appset)
    destination = template.get("destination") or {}
    text = labelled(
        [
            ("Name:", qualified_name(appset)),
            ("Project:", str(template.get("project") or "default")),
            ("Server:", str(destination.get("server") or destination.get("name") or "")),
            ("Namespace:", str(destination.get("namespace") or "")),
            ("Health Status:", str((status.get("health") or {}).get("status") or "")),
        ]
    )
    text += "Sources:\n" if template.get("sources") else "Source:\n"
    for source in sources_of(template) or [{}]:
        text += labelled(source_lines(source))
    policy = policy_text(template)
    text += labelled([("SyncPolicy:", "<none>" if policy == "Manual" else policy), ("Strategy:", _strategy(appset))])
    if status.get("conditions"):
        rows = [_condition_row(item) for item in status["conditions"]]
        text += "\n" + table(("CONDITION", "STATUS", "MESSAGE", "LAST TRANSITION"), rows) + "\n"
    if status.get("resources"):
        text += "\n" + table(APPLICATION_HEADER, _applications(status))
    return text


def _condition_row(item: JsonObject) -> Sequence[str]:
    kind, status, message = (str(item.get(name) or "") for name in ("type", "status", "message"))
    return kind, status, message, date(str(item.get("lastTransitionTime") or ""))


def _applications(status: JsonObject) -> Iterator[Sequence[str]]:
    rollout = {item["application"]: item for item in status.get("applicationStatus") or ()}
    for item in status["resources"]:
        step = rollout.get(item["name"]) or {}
        health = str((item.get("health") or {}).get("status") or "")
        yield (
            item["name"],
            str(item.get("status") or ""),
            health,
            str(step.get("step") or ""),
            str(step.get("status") or ""),
        )


def preview(found: Preview) -> str:
    """One line per Application that would be created, changed, deleted or refused, and a diff for each change."""
    rows = [("create", *_preview_row(app)) for app in found.created]
    rows += [("change", *_preview_row(change.wanted)) for change in found.changed]
    rows += [("delete", *_preview_row(app)) for app in found.deleted]
    text = table(PREVIEW_HEADER, rows) if rows else "" if found.problems else "Nothing would change.\n"
    for problem in found.problems:
        text += f"refused  {problem.application}: {problem.message}\n"
    for change in found.changed:
        lines = unified(_visible(change.live), _visible(change.wanted), names=("live", "wanted"))
        text += "\n".join(("", f"===== {qualified_name(change.wanted)} ======", *lines, ""))
    return text


def preview_names(found: Preview) -> Iterator[str]:
    for word, apps in (
        ("create", found.created),
        ("change", [change.wanted for change in found.changed]),
        ("delete", found.deleted),
    ):
        yield from (f"{word} {qualified_name(app)}" for app in apps)
    yield from (f"refused {problem.application}" for problem in found.problems)


def preview_value(found: Preview) -> JsonObject:
    return {
        "created": list(found.created),
        "changed": [{"live": change.live, "wanted": change.wanted} for change in found.changed],
        "deleted": list(found.deleted),
        "refused": [{"application": item.application, "message": item.message} for item in found.problems],
    }


def _preview_row(app: JsonObject) -> Sequence[str]:
    spec = app.get("spec") or {}
    destination = spec.get("destination") or {}
    return (
        qualified_name(app),
        str(spec.get("project") or "default"),
        str(destination.get("server") or destination.get("name") or ""),
        str(destination.get("namespace") or ""),
        *_source(spec),
    )


def _visible(app: JsonObject) -> JsonObject:
    """The action that a set decides on for an Application."""
    metadata = {name: app["metadata"][name] for name in SHOWN if app["metadata"].get(name)}
    return {"metadata": metadata, "spec": app.get("spec") or {}}


def _template(appset: JsonObject) -> JsonObject:
    return ((appset.get("spec") or {}).get("template") or {}).get("spec") or {}


def _source(spec: JsonObject) -> tuple[str, str, str]:
    source = (sources_of(spec) or [{}])[0]
    path = source.get("path") or source.get("chart") or ""
    return str(source.get("repoURL") or ""), str(path), str(source.get("targetRevision") or "")


def _strategy(appset: JsonObject) -> str:
    return str(((appset.get("spec") or {}).get("strategy") or {}).get("type") or "AllAtOnce")
