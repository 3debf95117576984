"""Projects that require signatures: real repositories and a real gpg, in virtual time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.apis.argoproj.source import Source
from argosy.apis.schema import read
from argosy.gitops.keys import PROJECTS
from argosy.gitops.manifests.signatures import condition_texts
from argosy.sources.git.mirror.settings import GitSettings
from argosy.sources.git.remote import GitMirrors
from argosy.sources.git.signing import GitSignatures
from tests.kit.gitops import REPO, Bench, application, config, opened
from tests.kit.hook_jobs import Jobs, job
from tests.kit.signers import Signers, signing
from tests.kit.world import CONFIG_MAPS

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
KEYS = "argocd-gpg-keys-cm"


@pytest.fixture(scope="module")
def signers() -> Iterator[Signers]:
    with signing("good", "other") as made:
        yield made


class Signed:
    """A bench over one repository on disk, whose project trusts `good` alone."""

    def __init__(self, bench: Bench, directory: Path, signers: Signers) -> None:
        self.bench, self.directory, self.signers = bench, directory, signers
        directory.mkdir()
        signers.git(directory, "init", "--quiet", "--initial-branch=main")

    @property
    def url(self) -> str:
        return f"file://{self.directory}"

    def commit(self, value: str, signer: str = "") -> str:
        (self.directory / "conf").mkdir(exist_ok=True)
        (self.directory / "conf" / "a.yaml").write_text(config("a", value))
        self.signers.git(self.directory, "add", "-A")
        sign = [f"-S{self.signers.ids[signer]}"] if signer else ["--no-gpg-sign"]
        self.signers.git(self.directory, "commit", "--quiet", "-m", value, *sign)
        return self.signers.git(self.directory, "rev-parse", "HEAD")

    def policy(self, mode: str = "head", *names: str, repo: str = "*") -> dict[str, Any]:
        keys = [self.signers.ids[name] for name in names or ("good",)]
        return {"repos": [{"url": repo}], "gpg": {"mode": mode, "keys": keys}}

    def project(self, *policies: dict[str, Any], **spec: Any) -> None:
        more = {"sourceIntegrity": {"git": {"policies": list(policies)}}} if policies else {}
        self.bench.create_project("careful", **more, **spec)

    def trust(self, *names: str) -> None:
        self.bench.config_map(KEYS, {self.signers.ids[n]: self.signers.armoured[self.signers.ids[n]] for n in names})

    def app(self, revision: str = "main", **spec: Any) -> dict[str, Any]:
        source = {"repoURL": self.url, "path": "conf", "targetRevision": revision}
        return application(project="careful", **{"source": source, **spec})

    def reported(self) -> str:
        return self.bench.conditions().get("ComparisonError", "")


@pytest.fixture
def signed(tmp_path: Path, signers: Signers) -> Iterator[Signed]:
    def git(world: Any) -> GitMirrors:
        return GitMirrors(tmp_path / "cache", world.clock, GitSettings(allow_local=True))

    with opened(git, signatures=lambda world, remote: GitSignatures(remote, world.clock)) as bench:  # type: ignore[arg-type]
        yield Signed(bench, tmp_path / "repository", signers)


def test_an_unsigned_commit_is_reported_and_never_synced_by_itself_or_by_hand(signed: Signed) -> None:
    bench, commit = signed.bench, signed.commit("one")
    signed.trust("good")
    signed.project(signed.policy())
    bench.create(signed.app())
    bench.world.run_until(lambda: bool(signed.reported()))
    wanted = f"GIT/GPG: Failed verifying revision {commit} by 'n@x <n@x>': unsigned (key_id=)"
    assert signed.reported() == wanted
    assert (bench.sync_status(), bench.health()) == ("OutOfSync", "Missing")
    bench.sync()
    bench.world.run_until(lambda: bench.phase() == "Error")
    assert bench.state()["message"] == f"ComparisonError: {wanted}"
    bench.world.pass_time(600)
    assert bench.value("a") is None


def test_a_signed_commit_is_synced_and_the_next_one_by_another_key_is_not(signed: Signed) -> None:
    bench = signed.bench
    signed.commit("one", "good")
    signed.trust("good", "other")
    signed.project(signed.policy())
    bench.create(signed.app())
    bench.world.run_until(bench.synced)
    signed.commit("two", "other")
    bench.refresh()
    assert signed.reported().endswith(f"signed with unallowed key (key_id={signed.signers.ids['other']})")
    bench.world.pass_time(600)
    assert bench.value("a") == "one"
    bench.patch("careful", {"spec": {"sourceIntegrity": {"git": {"policies": [signed.policy("none")]}}}}, PROJECTS)
    bench.world.run_until(lambda: bench.value("a") == "two")


def test_a_deletion_runs_no_hook_of_a_commit_that_is_not_trusted(signed: Signed) -> None:
    bench, jobs = signed.bench, Jobs(signed.bench.world)
    (signed.directory / "conf").mkdir()
    (signed.directory / "conf" / "pre.yaml").write_text(job("pre", "PreDelete"))
    signed.commit("one", "good")
    signed.trust("good")
    signed.project(signed.policy())
    bench.create(signed.app())
    bench.world.run_until(bench.synced)
    held = bench.app()["metadata"]["finalizers"]
    (signed.directory / "conf" / "pre.yaml").write_text(job("evil", "PreDelete,PostDelete"))
    signed.commit("two")
    bench.refresh()
    assert bench.app()["metadata"]["finalizers"] == held
    bench.delete("app")
    bench.world.run_until(lambda: "unsigned" in bench.conditions().get("DeletionError", ""))
    bench.world.pass_time(120)
    assert jobs.made == []
    (signed.directory / "conf" / "pre.yaml").write_text(job("pre", "PreDelete"))
    signed.commit("three", "good")
    bench.world.run_until(lambda: not bench.app())
    assert jobs.made == ["pre"]


def test_a_key_that_is_added_or_removed_counts_at_once(signed: Signed) -> None:
    bench = signed.bench
    signed.commit("one", "good")
    signed.trust("other")
    signed.project(signed.policy())
    bench.create(signed.app())
    bench.world.run_until(lambda: "signed with key not in keyring" in signed.reported())
    good = signed.signers.ids["good"]
    bench.patch(KEYS, {"data": {good: signed.signers.armoured[good]}}, CONFIG_MAPS)
    bench.world.run_until(bench.synced)
    assert not signed.reported()
    bench.patch(KEYS, {"data": {good: None}}, CONFIG_MAPS)
    bench.world.run_until(lambda: "signed with key not in keyring" in signed.reported())


def test_the_old_form_with_signature_keys_counts_too(signed: Signed) -> None:
    bench = signed.bench
    signed.commit("one")
    signed.trust("good")
    signed.project(signatureKeys=[{"keyID": signed.signers.ids["good"]}])
    bench.create(signed.app())
    bench.world.run_until(lambda: "unsigned (key_id=)" in signed.reported())
    signed.commit("two", "good")
    bench.world.run_until(lambda: bench.value("a") == "two")


def test_strict_wants_every_ancestor_signed(signed: Signed) -> None:
    bench, first = signed.bench, signed.commit("one")
    signed.commit("two", "good")
    signed.trust("good")
    signed.project(signed.policy("strict"))
    bench.create(signed.app())
    bench.world.run_until(lambda: f"Failed verifying revision {first} by" in signed.reported())
    assert bench.value("a") is None


def test_of_a_signed_tag_the_signature_counts_in_the_spec_and_in_a_sync_by_hand(signed: Signed) -> None:
    bench, commit = signed.bench, signed.commit("one")
    signed.signers.git(signed.directory, "tag", "-m", "x", "-u", signed.signers.ids["good"], "v1.0.0")
    signed.trust("good")
    signed.project(signed.policy())
    bench.create(signed.app("v1.0.0"))
    bench.world.run_until(bench.synced)
    assert bench.state()["operation"]["sync"]["revision"] == commit  # by itself it names the commit
    bench.patch("app", {"spec": {"source": {"targetRevision": "main"}, "syncPolicy": None}})
    bench.world.run_until(lambda: "unsigned (key_id=)" in signed.reported())
    bench.sync(revision="v1.0.0")
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    bench.sync(revision="main")
    bench.world.run_until(lambda: bench.phase() == "Error")


def test_two_policies_for_one_repository_are_an_error_that_switches_nothing_off(signed: Signed) -> None:
    bench = signed.bench
    signed.commit("one", "good")
    signed.trust("good")
    signed.project(signed.policy("none"), signed.policy("none"))
    bench.create(signed.app())
    bench.world.run_until(lambda: bool(signed.reported()))
    wanted = f"multiple (2) git source integrity policies found for repo URL: {signed.url}"
    assert signed.reported().endswith(
        f"failed to generate manifest for source 1 of 1: rpc error: code = Unknown desc = {wanted}"
    )
    assert bench.value("a") is None


def test_of_several_sources_the_one_at_fault_is_named(signed: Signed) -> None:
    bench = signed.bench
    signed.commit("one")
    signed.project(signed.policy())
    sources = [{"repoURL": signed.url, "path": "conf", "name": "uno"}, {"repoURL": signed.url, "ref": "values"}]
    app = signed.app(sources=sources)
    del app["spec"]["source"]
    bench.create(app)
    bench.world.run_until(lambda: bool(signed.reported()))
    first, second = signed.reported().splitlines()
    assert first.startswith("GIT/GPG: source uno: Failed verifying revision ")
    assert second.startswith("GIT/GPG: source 2 of 2: Failed verifying revision ")


def test_where_nothing_can_be_verified_nothing_is_synced(signers: Signers) -> None:
    with opened() as bench:
        bench.git.push(REPO, {"conf/a.yaml": config("a", "one")})
        bench.create_project("careful", signatureKeys=[{"keyID": signers.ids["good"]}])
        bench.create(application(project="careful"))
        bench.world.run_until(lambda: "signatures cannot be verified" in bench.conditions().get("ComparisonError", ""))
        assert bench.value("a") is None


@pytest.mark.parametrize(("name", "count", "which"), [("", 1, ""), ("", 2, "source 1 of 2: "), ("x", 3, "source x: ")])
def test_a_problem_says_its_source_when_there_are_several(name: str, count: int, which: str) -> None:
    assert condition_texts(["bad"], read(Source, {"name": name}), 1, count) == [f"GIT/GPG: {which}bad"]
