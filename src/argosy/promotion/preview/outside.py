"""What steps with effects elsewhere would do: (the assumed result, the text to show)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from argosy.machinery.controller import Snapshot
from argosy.machinery.requests import Write
from argosy.promotion.steps.kind import Job, Result, Status, Writes

Shown = tuple[Result, list[str]]
UNKNOWN: Final = "0" * 40
HIDDEN: Final = ("metadata", "operation")
"""For a patch: how it would be sent, without its result."""


def open_pr(job: Job, subject: str = "") -> Shown:
    """`subject`: of the newest commit that would be pushed to its source branch."""
    config = job.config
    title = config.get("title") or subject
    title = f'"{title}"' if title else "titled by the newest commit"
    pull = {"pr": {"id": 1, "url": f"{config['repoURL']} (preview)"}}
    labels = f", labels {', '.join(config['labels'])}" if config.get("labels") else ""
    branches = f"{config['sourceBranch']} -> {config['targetBranch']}"
    return Result(output=pull), [f"opens a pull request in {config['repoURL']}: {branches}, {title}{labels}"]


def wait_for_pr(job: Job) -> Shown:
    pull = {"pr": {"id": job.config["prNumber"], "url": "", "open": False, "merged": True}, "commit": UNKNOWN}
    return Result(output=pull), ["GATE: waits until the pull request is merged; closing it ends the Promotion"]


def merge_pr(job: Job) -> Shown:
    waits = ", waiting until it may" if job.config.get("wait") else ""
    return Result(output={"commit": UNKNOWN}), [f"merges pull request {job.config['prNumber']}{waits}"]


def oci_push(job: Job) -> Shown:
    config = job.config
    name, _, tag = config["destRef"].rpartition(":")
    image = {"image": config["destRef"].removeprefix("oci://"), "tag": tag, "digest": ""}
    notes = [f"  annotation {key}: {value}" for key, value in (config.get("annotations") or {}).items()]
    return Result(output=image), [f"copies {config['srcRef']} to {name}:{tag}", *notes]


def http(job: Job) -> Shown:
    """The body may hold what is secret in another spelling, so only its size is shown."""
    config = job.config
    method, size = config.get("method") or "GET", len((config.get("body") or "").encode())
    body = f", a body of {size} bytes" if size else f", {file}" if (file := config.get("bodyFromFile")) else ""
    rule = config.get("successExpression")
    gate = [f"GATE: again until {rule}"] if rule else []
    outputs = {one["name"]: f"({one['name']} of the answer)" for one in config.get("outputs") or ()}
    return Result(output=outputs), [f"sends {method} {config['url'].partition('?')[0]}{body}", *gate]


OUTSIDE: Final[Mapping[str, Callable[[Job], Shown]]] = {
    "git-open-pr": open_pr,
    "git-wait-for-pr": wait_for_pr,
    "git-merge-pr": merge_pr,
    "oci-push": oci_push,
    "http": http,
}


def on_cluster(job: Job, found: Result | Writes, snapshot: Snapshot) -> Shown:
    """Patches are shown, and assumed to succeed."""
    if isinstance(found, Result) and found.status in (Status.SUCCEEDED, Status.SKIPPED):
        return found, ["nothing to change"]
    writes = found.steps if isinstance(found, Writes) else ()
    lines = [line for step in writes for line in _patched(step, snapshot)]
    if job.uses.startswith("argocd"):
        lines.append("GATE: waits until the Applications are synced to the wanted revision, and healthy")
    result = found if isinstance(found, Result) else found.result
    return Result(output=result.output if result else None), lines or ["waits"]


def _patched(step: Write, snapshot: Snapshot) -> Iterator[str]:
    """What would change."""
    body = step.body if isinstance(step.body, dict) else {}
    verb = "syncs" if "operation" in body else "patches"
    yield f"{verb} {step.resource.kind} {step.key}"
    live = snapshot.object(step.resource, step.key) or {}
    shown = {
        name: value for name, value in body.items() if name not in HIDDEN and (name != "status" or step.subresource)
    }
    for path, before, after in _changed(live, shown, ""):
        was = f" (was {json.dumps(before)})" if before is not None else ""
        yield f"  {path}: {json.dumps(after)}{was}"


def _changed(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(after, dict) and (isinstance(before, dict) or before is None) and after:
        for name, value in after.items():
            yield from _changed((before or {}).get(name), value, f"{path}.{name}" if path else name)
    elif before != after:
        yield path, before, after


def secret_values(values: Iterable[str]) -> list[str]:
    """Texts that must not be shown: values, their lines (a diff shows each by itself), and their usual spellings."""
    found = {spelled for value in values for spelled in (value, *value.splitlines(), *_spellings(value))}
    return sorted((one for one in found if len(one.strip()) > 3), key=len, reverse=True)


def _spellings(value: str) -> Iterator[str]:
    yield base64.b64encode(value.encode()).decode()
    yield json.dumps(value)[1:-1]
    yield quote(value, safe="")
