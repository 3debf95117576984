"""What steps with effects elsewhere would do: (the assumed result, the text to show)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from argosy.machinery.controller import Snapshot
from argosy.machinery.requests import Write
from argosy.promotion.promotions.naming import generated_branch
from argosy.promotion.steps.kind import Job, Result, Status, Writes

Told = tuple[Result, list[str]]
SAFE: Final = ("GET", "HEAD")
UNKNOWN: Final = "0" * 40
HIDDEN: Final = ("metadata", "operation")
"""For a patch: how it would be sent, without its result."""


def open_pr(job: Job) -> Told:
    config = job.config
    title = f'"{config["title"]}"' if config.get("title") else "titled by the newest commit"
    pull = {"pr": {"id": 1, "url": f"{config['repoURL']} (preview)"}}
    labels = f", labels {', '.join(config['labels'])}" if config.get("labels") else ""
    branches = f"{config['sourceBranch']} -> {config['targetBranch']}"
    return Result(output=pull), [f"opens a pull request in {config['repoURL']}: {branches}, {title}{labels}"]


def wait_for_pr(job: Job) -> Told:
    pull = {"pr": {"id": job.config["prNumber"], "url": "", "open": False, "merged": True}, "commit": UNKNOWN}
    return Result(output=pull), ["GATE: waits until somebody merges the pull request; closing it ends the Promotion"]


def merge_pr(job: Job) -> Told:
    waits = ", waiting until it may" if job.config.get("wait") else ""
    return Result(output={"commit": UNKNOWN}), [f"merges pull request {job.config['prNumber']}{waits}"]


def github_push(job: Job) -> Told:
    config = job.config
    branch = generated_branch(job.promotion) if config.get("generateTargetBranch") else config.get("targetBranch") or ""
    return Result(output={"commit": UNKNOWN, "branch": branch}), [
        f"pushes to {branch or 'the current branch'}, commits signed by GitHub"
    ]


def oci_push(job: Job) -> Told:
    name, _, tag = job.config["destRef"].rpartition(":")
    image = {"image": job.config["destRef"].removeprefix("oci://"), "tag": tag, "digest": ""}
    return Result(output=image), [f"copies {job.config['srcRef']} to {name}:{tag}"]


def http(job: Job) -> Told:
    method = job.config.get("method") or "GET"
    rule = job.config.get("successExpression")
    gate = [f"GATE: again until {rule}"] if rule else []
    return Result(output={}), [f"sends {method} {job.config['url'].partition('?')[0]}", *gate]


OUTSIDE: Final[Mapping[str, Callable[[Job], Told]]] = {
    "git-open-pr": open_pr,
    "git-wait-for-pr": wait_for_pr,
    "git-merge-pr": merge_pr,
    "github-push": github_push,
    "oci-push": oci_push,
    "http": http,
}


def on_cluster(job: Job, found: Result | Writes, snapshot: Snapshot) -> Told:
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


def secret_values(values: Any) -> list[str]:
    """Texts that must not be shown."""
    return sorted({str(value) for value in values if len(str(value)) > 3}, key=len, reverse=True)
