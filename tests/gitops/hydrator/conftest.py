"""A dry repository on disk, hydration switched on, and what a person sees on the hydrated branch."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.machinery.objects import JsonObject
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from tests.kit.gitops import Bench, Repository, application, config, opened

HYDRATE = "argocd.argoproj.io/hydrate"


class Place:
    """The dry repository, which is the hydrated one, too; `dry/<name>` renders to `env/<name>` on branch `env`."""

    def __init__(self, bench: Bench, repository: Repository) -> None:
        self.bench, self.repository = bench, repository

    def app(self, name: str = "a", **changes: Any) -> JsonObject:
        """`changes` replace blocks of `spec.sourceHydrator`, or others of the spec."""
        dry = {"repoURL": self.repository.url, "path": f"dry/{name}", "targetRevision": "main"}
        given = {"drySource": dry, "syncSource": {"targetBranch": "env", "path": f"env/{name}"}}
        blocks = ("drySource", "syncSource", "hydrateTo")
        hydrator = given | {block: value for block, value in changes.items() if block in blocks}
        spec = {block: value for block, value in changes.items() if block not in blocks}
        made = application(name, sourceHydrator=hydrator, **spec)
        del made["spec"]["source"]
        return made

    def create(self, name: str = "a", **changes: Any) -> None:
        self.bench.create(self.app(name, **changes))

    def commit(self, message: str = "next", **values: str) -> str:
        """Each name's dry directory holds a ConfigMap of that name with the value."""
        files = {f"dry/{name}/{name}.yaml": config(name, value) for name, value in values.items()}
        return self.repository.commit({"README": "dry", **files}, message=message)

    def hydrator(self, name: str = "a") -> JsonObject:
        found: JsonObject = self.bench.status(name).get("sourceHydrator") or {}
        return found

    def operation(self, name: str = "a") -> JsonObject:
        return self.hydrator(name).get("currentOperation") or {}

    def phase(self, name: str = "a") -> str:
        return str(self.operation(name).get("phase") or "")

    def is_hydrated(self, dry: str, name: str = "a") -> bool:
        return self.phase(name) == "Hydrated" and self.operation(name).get("drySHA") == dry

    def is_synced(self, value: str, name: str = "a") -> bool:
        return self.bench.synced(name) and self.bench.value(name) == value

    def commits(self, branch: str = "env") -> list[str]:
        """Newest first."""
        return self.repository.git("rev-list", branch).split()

    def files(self, branch: str = "env") -> list[str]:
        return self.repository.git("ls-tree", "-r", "--name-only", branch).split()

    def show(self, path: str, branch: str = "env") -> str:
        done = subprocess.run(["git", "show", f"{branch}:{path}"], cwd=self.repository.path, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    def note(self, commit: str) -> str:
        return self.repository.git("notes", "--ref", "hydrator.metadata", "show", commit)

    def noted(self) -> str:
        """Of the branch's head."""
        return str(json.loads(self.note(self.commits()[0]))["drySha"])


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    repository = Repository(tmp_path / "repo")
    settings = GitSettings(allow_local=True)
    with opened(lambda world: GitMirrors(tmp_path / "cache", world.clock, settings)) as bench:
        bench.parameters(hydrator__enabled="true")
        yield Place(bench, repository)
