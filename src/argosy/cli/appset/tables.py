"""Formats ApplicationSets and their previews. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from argosy.cli.app.tables import qualified_name, sources_of
from argosy.cli.printing import table
from argosy.machinery.objects import JsonObject
from argosy.machinery.text.diff import unified

if TYPE_CHECKING:
    from argosy.gitops.applicationsets.preview import Preview

LIST_HEADER: Final = ("NAME", "PROJECT", "STRATEGY", "APPLICATIONS", "HEALTH", "CONDITIONS", "REPO", "PATH", "TARGET")
APPLICATION_HEADER: Final = ("NAME", "STATUS", "HEALTH", "STEP", "ROLLOUT")
PREVIEW_HEADER: Final = ("ACTION", "APPLICATION", "PROJECT", "CLUSTER", "NAMESPACE", "REPO", "PATH", "TARGET")
LABEL_WIDTH: Final = 20
SHOWN: Final = ("name", "namespace", "labels", "annotations", "finalizers")


def application_set_list(sets: Iterable[JsonObject]) -> str:
    return table(LIST_HEADER, [_list_row(appset) for appset in sets])


def _list_row(appset: JsonObject) -> Sequence[str]:
    status = appset.get("status") or {}
    template = _template(appset)
    return (
        qualified_name(appset),
        str(template.get("project") or "default"),
        _strategy(appset),
        str(status.get("resourcesCount") or 0),
        str((status.get("health") or {}).get("status") or "Unknown"),
        ",".join(_errors(status)) or "<none>",
        *_source(template),
    )


def application_set(appset: JsonObject) -> str:
    """One set, its conditions and its Applications."""
    status, template = appset.get("status") or {}, _template(appset)
    repo, path, target = _source(template)
    lines = [
        ("Name:", qualified_name(appset)),
        ("Project:", str(template.get("project") or "default")),
        ("Strategy:", _strategy(appset)),
        ("Repo:", repo),
        ("Path:", path),
        ("Target:", target),
        ("Health Status:", str((status.get("health") or {}).get("status") or "Unknown")),
    ]
    text = "".join(f"{label:<{LABEL_WIDTH}}{value}".rstrip() + "\n" for label, value in lines)
    if status.get("conditions"):
        rows = [
            tuple(str(item.get(name) or "") for name in ("type", "status", "reason", "message"))
            for item in status["conditions"]
        ]
        text += "\n" + table(("CONDITION", "STATUS", "REASON", "MESSAGE"), rows)
    if status.get("resources"):
        text += "\n" + table(APPLICATION_HEADER, _applications(status))
    return text


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


def _errors(status: JsonObject) -> list[str]:
    wrong = ("ErrorOccurred", "InvalidRolloutConfig")
    return [
        item["type"] for item in status.get("conditions") or () if item["type"] in wrong and item["status"] == "True"
    ]
