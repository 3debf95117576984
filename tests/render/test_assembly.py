"""The renderer as it is wired: over a directory of this machine, a real repository, real and virtual time."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from argosy.render.assembly import RenderWorkers
from argosy.render.port import RenderError
from argosy.runtime.chance import Rng, SystemRng
from argosy.runtime.clock import Clock, RealClock
from argosy.runtime.virtual import run_virtual
from argosy.sources.directory import directory_tree
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.port import Credentials, Rejected

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
CHART = "apiVersion: v2\nname: c\nversion: 1.0.0\n"


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


FLEET = {
    "plain/a.yaml": MANIFEST,
    "helm/Chart.yaml": CHART,
    "helm/templates/a.yaml": MANIFEST,
    "kustomize/kustomization.yaml": "resources: [a.yaml]\nnamePrefix: p-\n",
    "kustomize/a.yaml": MANIFEST,
}


def test_a_directory_of_this_machine_is_rendered_without_any_repository(tmp_path: Path, make_request: Any) -> None:
    write(
        tmp_path,
        FLEET
        | {
            "kustomize/kustomization.yaml": "resources: [../plain]\n",
            "plain/kustomization.yaml": "resources: [a.yaml]\n",
        },
    )

    async def render() -> list[Any]:
        with RenderWorkers(RealClock(), SystemRng()) as workers:
            tree = directory_tree(tmp_path)
            asked = [make_request(tree, source={"path": path}) for path in ("plain", "helm", "kustomize")]
            return [await workers.render(request) for request in asked]

    found = asyncio.run(render())
    assert [rendered.source_type for rendered in found] == ["Kustomize", "Helm", "Kustomize"]
    assert all(rendered.manifests[0]["metadata"]["name"] == "a" for rendered in found)


def test_a_directory_with_a_link_out_of_it_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "root", {"a.yaml": MANIFEST})
    (tmp_path / "root" / "deep").mkdir()
    (tmp_path / "root" / "deep" / "l").symlink_to("../../secret")
    with pytest.raises(Rejected, match=r"out-of-bounds symlinks\. file: deep/l"):
        directory_tree(tmp_path / "root")


def test_in_virtual_time_a_commit_is_fetched_and_rendered_while_the_clock_stops(
    tmp_path: Path, make_request: Any
) -> None:
    repository = write(tmp_path / "work", FLEET | {"plain/b.yaml": MANIFEST.replace("a}", "b}")})
    environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(tmp_path)}
    who = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-qm", "x"]):
        subprocess.run(["git", *arguments], cwd=repository, env=environment, check=True)

    async def main(clock: Clock, rng: Rng) -> list[tuple[str, str, bool]]:
        began = clock.now()
        mirrors = GitMirrors(tmp_path / "cache", clock, GitSettings(allow_local=True))
        finished: list[tuple[str, str, bool]] = []
        with RenderWorkers(clock, rng) as workers:

            async def one(path: str) -> None:
                url = f"file://{repository}"
                commit = await mirrors.resolve(url, "main", Credentials())
                tree = await mirrors.tree(url, commit, Credentials())
                rendered = await workers.render(make_request(tree, source={"path": path}, revision=commit))
                finished.append((path, rendered.digest, rendered.from_cache))

            async with asyncio.TaskGroup() as group:
                for path in ("helm", "plain", "kustomize", "plain"):
                    group.create_task(one(path))
        mirrors.close()
        assert clock.now() == began
        return finished

    first, second = (run_virtual(main, seed=seed) for seed in (7, 7))
    assert first == second
    assert {path for path, _, _ in first} == {"helm", "plain", "kustomize"}


def test_an_error_of_one_source_leaves_the_others_alone(tmp_path: Path, make_request: Any) -> None:
    write(tmp_path, FLEET | {"broken/a.yaml": "kind: [", "broken/b.yaml": "apiVersion: v1\nkind: A\nmetadata: [\n"})

    async def render() -> list[Any]:
        with RenderWorkers(RealClock(), SystemRng()) as workers:
            tree = directory_tree(tmp_path)
            asked = [make_request(tree, source={"path": path}) for path in ("broken", "plain", "nope", "helm")]
            return list(await asyncio.gather(*(workers.render(request) for request in asked), return_exceptions=True))

    broken, plain, nope, helm = asyncio.run(render())
    assert isinstance(broken, RenderError)
    assert isinstance(nope, RenderError)
    assert plain.manifests
    assert helm.manifests
