"""`argosy proj windows ...`: the sync windows of a project, by their place in the list."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from argosy.apis.argoproj import AppProject
from argosy.apis.argoproj.project import SyncWindow
from argosy.apis.schema import read
from argosy.cli.failing import CommandError, Exit
from argosy.cli.printing import table, write_value
from argosy.cli.project.projects import changed, shown
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock

HEADER = (
    "ID", "STATUS", "KIND", "SCHEDULE", "DURATION", "APPLICATIONS", "NAMESPACES", "CLUSTERS", "MANUALSYNC",
    "SYNCOVERRUN", "TIMEZONE", "USEANDOPERATOR",
)  # fmt: skip
_TEXTS = {"schedule": "schedule", "duration": "duration", "time_zone": "timeZone", "description": "description"}


def list_all(options: argparse.Namespace) -> int:
    def show(project: JsonObject, clock: Clock) -> None:
        from argosy.gitops.projects.sync_windows import is_active  # late: only lists need it

        windows = (project.get("spec") or {}).get("syncWindows") or []
        if options.output in ("json", "yaml"):
            write_value(sys.stdout, windows, options.output)
        elif options.output == "name":
            sys.stdout.writelines(f"{index}\n" for index in range(len(windows)))
        else:
            now = clock.now()
            rows = [
                (str(index), _row(window, active=is_active(read(SyncWindow, window), now)))
                for index, window in enumerate(windows)
            ]
            sys.stdout.write(table((*HEADER, ""), [(index, *row, "") for index, row in rows]))

    return shown(options, show)


def _row(window: JsonObject, *, active: bool) -> tuple[str, ...]:
    lists = (",".join(window.get(name) or ()) or "-" for name in ("applications", "namespaces", "clusters"))
    switches = ("Enabled" if window.get(name) else "Disabled" for name in ("manualSync", "syncOverrun"))
    return (
        "Active" if active else "Inactive",
        *(str(window.get(name) or "") for name in ("kind", "schedule", "duration")),
        *lists,
        *switches,
        str(window.get("timeZone") or "UTC"),
        "Enabled" if window.get("andOperator") else "Disabled",
    )


def add(options: argparse.Namespace) -> int:
    window = with_flags({"kind": options.kind}, options)
    window.setdefault("timeZone", "UTC")
    window |= {
        name: True for name, on in (("manualSync", options.manual_sync), ("syncOverrun", options.sync_overrun)) if on
    }
    refuse(window)
    return changed(options, lambda spec: {**spec, "syncWindows": [*(spec.get("syncWindows") or ()), window]})


def refuse(window: JsonObject) -> None:
    """Raises CommandError with upstream's message before anything is written."""
    from argosy.gitops.projects.validation import problems

    if found := problems(read(AppProject, {"metadata": {"name": ""}, "spec": {"syncWindows": [window]}})):
        said = (text.removeprefix("spec.syncWindows[0]") for text in found)
        words = ("kind " + text[7:] if text.startswith(".kind: ") else text.partition(": ")[2] for text in said)
        raise CommandError("; ".join(words), Exit.CALL_FAILED)


def with_flags(window: JsonObject, options: argparse.Namespace) -> JsonObject:
    """Changes only what is given. Pure."""
    made = dict(window)
    for flag, name in _TEXTS.items():
        if value := getattr(options, flag):
            made[name] = value
    for name in ("applications", "namespaces", "clusters"):
        if given := getattr(options, name):
            made[name] = [word for text in given for word in text.split(",")]
    return {**made, "andOperator": True} if options.use_and_operator else made


def update(options: argparse.Namespace) -> int:
    """A window that does not exist is ignored, like upstream."""

    def change(window: JsonObject) -> JsonObject:
        made = with_flags(window, options)
        refuse(made)
        return made

    return _one(options, change)


def delete(options: argparse.Namespace) -> int:
    at = _number(options)

    def change(spec: JsonObject) -> JsonObject:
        windows = spec.get("syncWindows") or []
        if at >= len(windows):
            raise CommandError(f"window with id '{at}' not found", Exit.CALL_FAILED)
        return {**spec, "syncWindows": [*windows[:at], *windows[at + 1 :]]}

    return changed(options, change)


def enable_manual_sync(options: argparse.Namespace) -> int:
    return _one(options, lambda window: {**window, "manualSync": True})


def disable_manual_sync(options: argparse.Namespace) -> int:
    return _one(options, lambda window: {**window, "manualSync": False})


def enable_sync_overrun(options: argparse.Namespace) -> int:
    return _one(options, lambda window: {**window, "syncOverrun": True})


def disable_sync_overrun(options: argparse.Namespace) -> int:
    return _one(options, lambda window: {**window, "syncOverrun": False})


def _number(options: argparse.Namespace) -> int:
    if not options.id.isdigit():
        raise CommandError(f"ID {options.id!r}: must be a number, as 'list' shows it", Exit.CALL_FAILED)
    return int(options.id)


def _one(options: argparse.Namespace, change: Callable[[JsonObject], JsonObject]) -> int:
    at = _number(options)

    def replaced(spec: JsonObject) -> JsonObject:
        windows = list(spec.get("syncWindows") or ())
        if at < len(windows):
            windows[at] = change(windows[at])
        return {**spec, "syncWindows": windows}

    return changed(options, replaced)
