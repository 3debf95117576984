"""Promotion: many Warehouses on one repository, idle Stages, many tags, a pipeline, many Promotions at once.

Run: python -m bench.promotion [--only PART] [--scale SHARE]. The room's controllers and admission run in virtual time
on the embedded server in memory, with real git over HTTP; what is printed is real time, of this machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from argosy.confinement.remote import STARTER
from argosy.machinery.api import PatchType
from argosy.machinery.objects import JsonObject
from argosy.promotion.kinds import FREIGHT, PROMOTIONS, STAGES, WAREHOUSES
from tests.kit.promotion import PromotionWorld, git

COMMITS, SUBSCRIBERS, IDLE, TAGS, AT_ONCE = 15_000, 57, 1000, 10_000, 500
DISCOVERED, REHEARSED = 2.0, 2.0
SECOND_PASS = 5
IDLE_HOURS = 24
FIRST_DATE = 1_700_000_000
HELD_SECONDS = 20
TERMINAL = ("Succeeded", "Failed", "Errored", "Aborted")
PROJECT = "demo"
DIRECT = {"origin": {"kind": "Warehouse", "name": "w"}, "sources": {"direct": True}}
WIDTH = 82


def tell(text: str, figure: str, target: str) -> None:
    print(f"{text:<{WIDTH}} {figure:>15}   ({target})", flush=True)


class Watch:
    def __init__(self) -> None:
        self._began, self._own, self._children = time.perf_counter(), time.process_time(), _of_children()

    def tell(self, text: str, target: str) -> None:
        tell(text, f"{time.perf_counter() - self._began:.2f} s", target)
        own, children = time.process_time() - self._own, _of_children() - self._children
        tell("  of the processor: this process, and git", f"{own:.2f} + {children:.2f} s", "no target")


def _of_children() -> float:
    """Ours, and those of the process that starts git in its boxes."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    ours = used.ru_utime + used.ru_stime
    if not STARTER.pid:
        return ours
    fields = Path(f"/proc/{STARTER.pid}/stat").read_text().rpartition(")")[2].split()
    return ours + sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def history(count: int) -> Iterator[bytes]:
    """For `git fast-import`: commits that each change one of 57 folders."""
    for number in range(count):
        text = f"{number}\n".encode()
        name = f"Dana Dev <dana@example.com> {FIRST_DATE + number * 60} +0000"
        yield b"commit refs/heads/main\n"
        yield f"committer {name}\ndata 6\nchange\n".encode()
        yield f"M 100644 inline service-{number % SUBSCRIBERS}/values.yaml\ndata {len(text)}\n".encode() + text + b"\n"


def monorepo(world: PromotionWorld, count: int) -> str:
    url = world.repository("monorepo")
    where = world.directory / "monorepo.git"
    subprocess.run(["git", "fast-import", "--quiet"], cwd=where, input=b"".join(history(count)), check=True)
    return url


def refresh(world: PromotionWorld, names: list[str]) -> None:
    patch: JsonObject = {"metadata": {"annotations": {"kargo.akuity.io/refresh": f"{world.clock.now():%H%M%S%f}"}}}
    for name in names:
        world.run(world.kubectl.patch(WAREHOUSES, name, PROJECT, patch, PatchType.MERGE))


def discovered(world: PromotionWorld, content: Callable[[JsonObject], bool]) -> bool:
    found = world.list(WAREHOUSES, PROJECT)
    return all(content((one.get("status") or {}).get("discoveredArtifacts") or {}) for one in found)


def one_repository(world: PromotionWorld, share: float) -> None:
    count = max(100, int(COMMITS * share))
    url = monorepo(world, count)
    names = [f"w-{number}" for number in range(SUBSCRIBERS)]
    watch = Watch()
    for number, name in enumerate(names):
        subscription = {"repoURL": url, "branch": "main", "includePaths": [f"service-{number}"]}
        world.make("Warehouse", name, {"interval": "24h", "subscriptions": [{"git": subscription}]})
    world.run_until(lambda: discovered(world, lambda artifacts: bool(artifacts.get("git"))))
    fetched = world.mirrors.fetches
    tell(f"{SUBSCRIBERS} Warehouses on one repository of {count:,} commits: fetches", str(fetched), "1")
    watch.tell("  from nothing to all discovered", "no target")
    head = world.write("monorepo", {f"service-{number}/values.yaml": "new\n" for number in range(SUBSCRIBERS)})
    watch = Watch()
    refresh(world, names)
    world.run_until(lambda: discovered(world, lambda found: found["git"][0]["commits"][0]["id"] == head))
    watch.tell("  from a webhook to all discovered", f"below {DISCOVERED:g} s")
    tell("  fetches of that", str(world.mirrors.fetches - fetched), "1")


def idle_stages(world: PromotionWorld, share: float) -> None:
    count = max(10, int(IDLE * share))
    world.write("app", {"values.yaml": "a: 1\n"})
    world.warehouse("w", world.repository("app"), interval="240h")
    compose = {"uses": "compose-output", "as": "out", "config": {"id": "x"}}
    template = {"spec": {"steps": [compose]}}
    for number in range(count):
        world.make("Stage", f"s-{number}", {"requestedFreight": [DIRECT], "promotionTemplate": template})
    world.run_until(lambda: all((one.get("status") or {}).get("conditions") for one in world.list(STAGES, PROJECT)))
    world.pass_time(2 * 3600)  # the Events of the beginning are gone
    before, began = world.cluster.store.revision, time.process_time()
    world.pass_time(IDLE_HOURS * 3600)
    writes = world.cluster.store.revision - before
    tell(f"{count:,} Stages steady for {IDLE_HOURS} h: writes", str(writes), "none")
    tell("  the processor's share", f"{(time.process_time() - began) / (IDLE_HOURS * 36):.3f} %", "no target")


def many_tags(world: PromotionWorld, share: float) -> None:
    count = max(100, int(TAGS * share))
    for number in range(count):
        world.registry.push_image("shop", f"1.{number // 100}.{number % 100}", content=b"%d" % number)
    url = f"127.0.0.1:{world.registry_port}/shop"
    subscription = {"repoURL": url, "semverConstraint": "^1.0.0", "cacheByTag": True}
    began = time.perf_counter()
    world.make("Warehouse", "w", {"interval": "24h", "subscriptions": [{"image": subscription}]})
    world.run_until(lambda: len(world.freight()) == 1)
    first = world.registry.requests_count
    tell(f"a registry with {count:,} tags, first pass", f"{time.perf_counter() - began:.2f} s", "no target")
    tell("  requests", str(first), "no target")
    newest = f"1.{count // 100}.0"
    world.registry.push_image("shop", newest, content=b"new")
    began = time.perf_counter()
    refresh(world, ["w"])
    world.run_until(lambda: len(world.freight()) == 2)
    second = world.registry.requests_count - first
    tell("  a new tag: requests of the second pass", str(second), f"below {SECOND_PASS}")
    tell("  its time", f"{time.perf_counter() - began:.2f} s", "no target")


def pushing(url: str, branch: str) -> list[JsonObject]:
    update = {"key": "image.tag", "value": "${{ ctx.targetFreight.name }}"}
    return [
        {"uses": "git-clone", "config": {"repoURL": url, "checkout": [{"branch": branch, "path": "./src"}]}},
        {"uses": "yaml-update", "config": {"path": "./src/values.yaml", "updates": [update]}},
        {"uses": "git-commit", "config": {"path": "./src", "message": "${{ ctx.stage }}"}},
        {"uses": "git-push", "config": {"path": "./src"}},
    ]


def pipeline(world: PromotionWorld, share: float) -> None:
    del share
    stages = ("dev", "staging", "prod")
    url = world.repository("app")
    for branch in ("main", *(f"env/{name}" for name in stages)):
        world.write("app", {"values.yaml": "image:\n  tag: none\n"}, branch=branch)
    policies = [{"stageSelector": {"name": name}, "autoPromotionEnabled": True} for name in stages]
    world.make("ProjectConfig", PROJECT, {"promotionPolicies": policies})
    watch, start = Watch(), world.clock.now()
    world.make("Warehouse", "w", {"interval": "24h", "subscriptions": [{"git": {"repoURL": url, "branch": "main"}}]})
    for before, name in zip(("", *stages), stages, strict=False):
        request = {**DIRECT, "sources": {"stages": [before], "requiredSoakTime": "1h"}} if before else DIRECT
        template = {"spec": {"steps": pushing(url, f"env/{name}")}}
        world.make("Stage", name, {"requestedFreight": [request], "promotionTemplate": template})
    verified = lambda: any("prod" in (one["status"].get("verifiedIn") or {}) for one in world.list(FREIGHT, PROJECT))  # noqa: E731
    ended = world.run_until(verified)
    watch.tell("three stages that commit and push, two soak times of 1 h, rehearsed", f"below {REHEARSED:g} s")
    passed = (ended - start) / timedelta(hours=1)
    tell("  passed in virtual time", f"{passed:.2f} h", "no target")


def at_once(world: PromotionWorld, share: float) -> None:
    """One Promotion's push is held by its repository for a while; the others push to another one."""
    count = max(10, int(AT_ONCE * share))
    for name in ("app", "slow"):
        world.write(name, {"values.yaml": "image:\n  tag: none\n"})
    for number in range(count - 1):
        git(world.directory / "app.git", "branch", f"s-{number}", "main")
    _hook(world, "app", "post-receive", "mktemp pushed-XXXXXXXX")
    _hook(world, "slow", "pre-receive", f"sleep {HELD_SECONDS}; ls | grep -c pushed- > held || true")
    world.warehouse("w", world.repository("app"), interval="240h")
    (piece,) = world.freight()
    repositories = {f"s-{number}": "app" for number in range(count - 1)}
    for name, repository in {"slow": "slow", **repositories}.items():
        steps = pushing(world.repository(repository), "main" if name == "slow" else name)
        world.make("Stage", name, {"requestedFreight": [DIRECT], "promotionTemplate": {"spec": {"steps": steps}}})
    for name in ("slow", *repositories):
        world.promote(name, piece)

    def phases() -> list[str]:
        return [str((one.get("status") or {}).get("phase") or "") for one in world.list(PROMOTIONS, PROJECT)]

    watch = Watch()
    world.run_until(lambda: all(phase in TERMINAL for phase in phases()))
    watch.tell(f"{count} Promotions at once, each with a clone, a commit and a push", "no target")
    tell("  that succeeded", str(phases().count("Succeeded")), str(count))
    held = (world.directory / "held").read_text().strip()
    tell(f"  pushes of others while one was held for {HELD_SECONDS} s", held, "more than 0")


def _hook(world: PromotionWorld, repository: str, name: str, command: str) -> None:
    hook = world.directory / f"{repository}.git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ncd {world.directory} && {{ {command}; }} >&2\n")
    hook.chmod(0o755)


PARTS: dict[str, Callable[[PromotionWorld, float], None]] = {
    "repository": one_repository,
    "stages": idle_stages,
    "tags": many_tags,
    "pipeline": pipeline,
    "at-once": at_once,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--scale", type=float, default=1.0, help="of the counts")
    options = parser.parse_args()
    for name, part in PARTS.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory() as folder, PromotionWorld(Path(folder)) as world:
                world.project(PROJECT)
                part(world, options.scale)


if __name__ == "__main__":
    main()
