"""All steps in virtual time, with a real repository: dry commit, hydrated commit, synced Application."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from argosy.gitops.keys import PROJECTS
from argosy.sources.git.signing import GitSignatures
from tests.kit.gitops import config

if TYPE_CHECKING:
    from tests.gitops.hydrator.conftest import Place

HYDRATE = "argocd.argoproj.io/hydrate"
STAMP = "argocd.argoproj.io/hydrate-timestamp"


def ask(place: Place, how: str, name: str = "a", stamp: str = "1") -> None:
    place.bench.patch(name, {"metadata": {"annotations": {HYDRATE: how, STAMP: stamp}}})


def is_asked(place: Place, name: str = "a") -> bool:
    return HYDRATE in (place.bench.app(name)["metadata"].get("annotations") or {})


def test_a_dry_commit_becomes_a_hydrated_commit_and_is_synced(place: Place) -> None:
    dry = place.commit("a subject\n\na body", a="one")
    place.create()
    place.bench.world.run_until(lambda: place.is_synced("one"))
    head, first = place.commits()
    assert place.files() == [".gitattributes", "env/a/README.md", "env/a/hydrator.metadata", "env/a/manifest.yaml",
                             "hydrator.metadata"]  # fmt: skip
    assert place.show("env/a/manifest.yaml") == (
        "apiVersion: v1\ndata:\n  value: one\nkind: ConfigMap\nmetadata:\n  name: a\n"
    )
    assert place.show("env/a/hydrator.metadata") == (
        f'{{\n  "repoURL": "{place.repository.url}",\n  "drySha": "{dry}"\n}}\n'
    )
    root = json.loads(place.show("hydrator.metadata"))
    assert list(root) == ["repoURL", "drySha", "author", "date", "subject", "body"]
    assert (root["author"], root["subject"], root["body"]) == (
        "someone <someone@example.com>", "a subject", "a body\n",
    )  # fmt: skip
    assert place.show(".gitattributes") == (
        "**/README.md linguist-generated=true\n**/hydrator.metadata linguist-generated=true"
    )
    assert place.show("env/a/README.md") == (
        "# Manifest Hydration\n\nTo hydrate the manifests in this repository, run the following commands:\n\n"
        f"```shell\ngit clone {place.repository.url}\n# cd into the cloned directory\ngit checkout {dry}\n```\n"
    )
    message = place.repository.git("show", "-s", "--format=%an <%ae>%n%B", head)
    assert message == (
        f"Argo CD <argo-cd@example.com>\n{dry[:7]}: a subject\n\na body\n\n"
        "Co-authored-by: someone <someone@example.com>"
    )
    assert place.repository.git("show", "-s", "--format=%B", first) == "Initial commit for env"
    assert place.note(head) == f'{{"drySha":"{dry}"}}'
    status = place.hydrator()
    given = place.bench.app("a")["spec"]["sourceHydrator"]
    assert status["currentOperation"] | {"startedAt": "", "finishedAt": ""} == {
        "startedAt": "", "finishedAt": "", "phase": "Hydrated", "message": "", "drySHA": dry, "hydratedSHA": head,
        "sourceHydrator": given,
    }  # fmt: skip
    assert status["lastSuccessfulOperation"] == {"drySHA": dry, "hydratedSHA": head, "sourceHydrator": given}
    assert status["lastComparedDryRevision"] == dry
    assert place.bench.status("a")["sync"]["revision"] == head
    assert place.bench.status("a")["sync"]["comparedTo"]["source"] == {
        "repoURL": place.repository.url, "path": "env/a", "targetRevision": "env",
    }  # fmt: skip
    assert place.bench.conditions("a") == {}


def test_a_second_dry_commit_is_found_by_the_poll_and_an_idle_world_is_silent(place: Place) -> None:
    place.commit(a="one")
    place.create()
    place.bench.world.run_until(lambda: place.is_synced("one"))
    second = place.commit(a="two")
    place.bench.world.run_until(lambda: place.is_synced("two"), within=timedelta(minutes=6))
    assert len(place.commits()) == 3
    assert place.noted() == second
    writes, notes = place.bench.gitops.status_writes, place.repository.git("rev-parse", "refs/notes/hydrator.metadata")
    place.bench.world.pass_time(1800)
    assert place.bench.gitops.status_writes == writes
    assert place.repository.git("rev-parse", "refs/notes/hydrator.metadata") == notes


def test_an_unrelated_dry_commit_leaves_a_note_and_no_commit(place: Place) -> None:
    place.commit(a="one")
    place.create()
    place.bench.world.run_until(lambda: place.is_synced("one"))
    before = place.commits()
    other = place.commit(a="one", other="else")
    place.bench.world.run_until(lambda: place.is_hydrated(other))
    assert place.commits() == before
    assert place.noted() == other
    assert place.operation()["hydratedSHA"] == before[0]


def test_applications_of_a_group_share_one_commit(place: Place) -> None:
    dry = place.commit(a="one", b="two")
    place.create("a")
    place.create("b")
    place.bench.world.run_until(lambda: place.is_synced("one", "a") and place.is_synced("two", "b"))
    assert len(place.commits()) == 2
    assert place.operation("a")["hydratedSHA"] == place.operation("b")["hydratedSHA"] == place.commits()[0]
    assert place.noted() == dry


def test_an_application_that_joins_later_is_hydrated_from_the_same_dry_commit(place: Place) -> None:
    dry = place.commit(a="one", b="two")
    place.create("a")
    place.bench.world.run_until(lambda: place.is_synced("one", "a"))
    place.create("b")
    place.bench.world.run_until(lambda: place.is_synced("two", "b"))
    assert len(place.commits()) == 3
    assert place.noted() == dry
    assert place.show("env/a/manifest.yaml", "env~1") == place.show("env/a/manifest.yaml")


def test_groups_with_another_branch_are_apart(place: Place) -> None:
    place.commit(a="one", b="two")
    place.create("a")
    place.create("b", syncSource={"targetBranch": "other", "path": "env/b"})
    place.bench.world.run_until(lambda: place.is_synced("one", "a") and place.is_synced("two", "b"))
    assert "env/b/manifest.yaml" not in place.files("env")
    assert "env/a/manifest.yaml" not in place.files("other")


def test_one_that_fails_fails_its_group_and_a_fix_is_hydrated_at_once(place: Place) -> None:
    place.commit(a="one")
    place.create("a")
    place.create("b")
    place.bench.world.run_until(lambda: place.phase("a") == place.phase("b") == "Failed")
    assert place.operation("a")["message"] == (
        "Failed to hydrate: cannot hydrate because application argocd/b has an error"
    )
    assert place.operation("b")["message"] == (
        'Failed to hydrate: failed to get manifests: failed to get repo objects for app "argocd/b": failed to get repo '
        "objects: failed to generate manifest for source 1 of 1: dry/b: app path does not exist"
    )
    assert place.repository.git("branch", "--list", "env") == ""
    place.commit(a="one", b="two")
    failed = place.bench.world.clock.now()
    ask(place, "normal")
    at = place.bench.world.run_until(lambda: place.is_synced("one", "a") and place.is_synced("two", "b"))
    assert at - failed < timedelta(seconds=30)
    assert not is_asked(place)


def test_a_failure_is_tried_again_after_two_minutes_and_not_before(place: Place) -> None:
    place.commit(a="one")
    place.create("a", syncSource={"targetBranch": "env", "path": "env/a", "repoURL": place.repository.url + "-gone"})
    failed = place.bench.world.run_until(lambda: place.phase() == "Failed")
    assert place.operation()["message"].startswith("Failed to hydrate: failed to commit hydrated manifests: ")
    assert "repository not found" in place.operation()["message"]
    began = place.operation()["startedAt"]
    again = place.bench.world.run_until(lambda: place.operation()["startedAt"] != began)
    assert timedelta(seconds=119) <= again - failed <= timedelta(seconds=121)
    place.bench.world.run_until(lambda: place.phase() == "Failed")
    assert place.hydrator()["lastComparedDryRevision"] == place.operation()["drySHA"]


def test_a_new_dry_commit_after_a_failure_does_not_wait_for_the_two_minutes(place: Place) -> None:
    place.commit(a="one")
    place.repository.git("branch", "env")
    place.repository.git("checkout", "--quiet", "env")  # pushes to a branch that is checked out are refused
    place.create("a", drySource={"repoURL": place.repository.url, "path": "dry/a", "targetRevision": "main"})
    place.bench.world.run_until(lambda: place.phase() == "Failed")
    assert "rejected" in place.operation()["message"]
    place.repository.git("checkout", "--quiet", "main")
    dry = place.commit(a="two")
    ask(place, "normal")
    place.bench.world.run_until(lambda: place.is_hydrated(dry), within=timedelta(seconds=60))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"project": "closed"}, "application repo {url} is not permitted in project 'closed'"),
        ({"project": "nowhere"}, 'failed to get project "nowhere": appproject.argoproj.io "nowhere" not found'),
        (
            {"syncSource": {"targetBranch": "env", "path": "x/.."}},
            'app is configured to hydrate to the repository root (branch "env", path "x/..") which is not allowed',
        ),
        (
            {"syncSource": {"targetBranch": "env", "path": "../x"}},
            "spec.sourceHydrator.syncSource.path: ../x: path leaves",
        ),
        (
            {"syncSource": {"targetBranch": "env", "path": "env/b/"}},
            "app argocd/b hydrator uses the same destination: repo={url}, path=env/b",
        ),
    ],
)
def test_what_is_wrong_with_one_is_said_of_it_and_nothing_is_committed(
    place: Place, changes: dict[str, Any], text: str
) -> None:
    place.bench.create_project("closed", sourceRepos=["https://else.example/*"])
    place.commit(a="one", b="two")
    place.create("b")
    place.create("a", **changes)
    place.bench.world.run_until(lambda: place.phase("a") == place.phase("b") == "Failed")
    assert place.operation("a")["message"].startswith(f"Failed to hydrate: {text.format(url=place.repository.url)}")
    place.bench.world.run_until(lambda: place.phase("a") == place.phase("b") == "Failed")


def test_a_project_says_where_to_and_where_from(place: Place) -> None:
    place.commit(a="one")
    there = place.repository.url + "-other"
    place.bench.create_project("half", sourceRepos=[place.repository.url])
    place.create("a", project="half", syncSource={"targetBranch": "env", "path": "env/a", "repoURL": there})
    place.bench.world.run_until(lambda: place.phase() == "Failed" and bool(place.bench.conditions("a")))
    refused = f"destination repo {there} is not permitted in project 'half'"
    assert place.operation()["message"] == f"Failed to hydrate: {refused}"
    assert (
        place.bench.conditions("a")["InvalidSpecError"]
        == f"sync source repo {there} is not permitted in project 'half'"
    )
    everything = {"spec": {"sourceRepos": ["*"]}}
    place.bench.patch("half", everything, PROJECTS)
    place.bench.world.run_until(lambda: "InvalidSpecError" not in place.bench.conditions("a"))


def test_a_changed_spec_is_hydrated_from_the_same_dry_commit(place: Place) -> None:
    dry = place.commit(a="one", b="two")
    place.create("a")
    place.bench.world.run_until(lambda: place.is_synced("one"))
    place.bench.patch("a", {"spec": {"sourceHydrator": {"drySource": {"path": "dry/b"}}}})
    place.bench.world.run_until(lambda: place.bench.value("b") == "two" and place.bench.synced("a"))
    assert len(place.commits()) == 3
    assert place.noted() == dry
    assert "name: b" in place.show("env/a/manifest.yaml")


def test_a_hard_request_renders_again_and_commits_nothing_where_nothing_changed(place: Place) -> None:
    place.commit(a="one")
    place.create("a")
    place.bench.world.run_until(lambda: place.is_synced("one"))
    before, ended = place.commits(), place.operation()["finishedAt"]
    place.bench.world.pass_time(5)
    ask(place, "hard")
    place.bench.world.run_until(lambda: not is_asked(place) and place.operation()["finishedAt"] > ended)
    assert place.phase() == "Hydrated"
    assert place.commits() == before


def test_a_normal_request_looks_for_a_new_dry_commit_and_is_answered(place: Place) -> None:
    place.commit(a="one")
    place.create("a")
    place.bench.world.run_until(lambda: place.is_synced("one"))
    began = place.operation()["startedAt"]
    place.bench.world.pass_time(5)
    ask(place, "normal")
    place.bench.world.run_until(lambda: not is_asked(place))
    assert place.operation()["startedAt"] == began
    dry = place.commit(a="two")
    ask(place, "normal")
    place.bench.world.run_until(lambda: place.is_hydrated(dry) and not is_asked(place), within=timedelta(seconds=20))
    assert STAMP not in (place.bench.app("a")["metadata"].get("annotations") or {})


def test_files_that_are_there_stay_and_a_staging_branch_begins_at_the_sync_branch(place: Place) -> None:
    place.commit(a="one")
    place.repository.git("checkout", "--quiet", "-b", "env")
    (place.repository.path / "own.txt").write_text("mine")
    place.repository.git("add", "-A")
    place.repository.git("commit", "--quiet", "-m", "own")
    place.repository.git("checkout", "--quiet", "main")
    sync = place.commits("env")[0]
    place.create("a", hydrateTo={"targetBranch": "env-next"})
    place.bench.world.run_until(
        lambda: place.phase() == "Hydrated" and "ComparisonError" in place.bench.conditions("a")
    )
    assert place.commits("env-next")[1] == sync
    assert place.commits("env")[0] == sync
    assert place.show("own.txt", "env-next") == "mine"
    assert place.bench.conditions("a")["ComparisonError"].endswith(
        "env/a: app path does not exist - waiting for an external process to update env from env-next"
    )
    place.repository.git("branch", "--force", "env", "env-next")
    place.bench.refresh("a")
    place.bench.world.run_until(lambda: place.is_synced("one"))


def test_templates_and_author_are_the_settings(place: Place) -> None:
    place.bench.settings(
        sourceHydrator__commitMessageTemplate="{{ .metadata.drySha | trunc 4 | upper }} by {{ .metadata.author }}",
        sourceHydrator__readmeMessageTemplate="of {{ .DrySHA }}",
        commit__author__name="Bot",
        commit__author__email="bot@example.com",
    )
    dry = place.commit(a="one")
    place.create("a")
    place.bench.world.run_until(lambda: place.is_synced("one"))
    assert place.repository.git("show", "-s", "--format=%an|%ae|%B", "env") == (
        f"Bot|bot@example.com|{dry[:4].upper()} by someone <someone@example.com>"
    )
    assert place.show("env/a/README.md") == f"of {dry}"


@pytest.mark.parametrize(
    ("setting", "template", "text"),
    [
        ("sourceHydrator__commitMessageTemplate", "{{ .metadata", "failed to execute the commit message template"),
        ("sourceHydrator__commitMessageTemplate", "{{ `` }}", "it is empty"),
        ("sourceHydrator__readmeMessageTemplate", "{{ .NoSuchField }}", "failed to execute the README template"),
    ],
)
def test_a_wrong_template_is_reported(place: Place, setting: str, template: str, text: str) -> None:
    place.bench.settings(**{setting: template})
    place.commit(a="one")
    place.create("a")
    place.bench.world.run_until(lambda: place.phase() == "Failed")
    assert text in place.operation()["message"]
    assert "env/a/manifest.yaml" not in (place.files() if place.repository.git("branch", "--list", "env") else [])


def test_without_the_switch_nothing_is_hydrated_and_a_condition_says_so(place: Place) -> None:
    place.bench.patch("argocd-cmd-params-cm", {"data": {"hydrator.enabled": "false"}}, _config_maps())
    place.commit(a="one")
    place.create("a")
    place.bench.world.run_until(lambda: "InvalidSpecError" in place.bench.conditions("a"))
    assert "hydrator.enabled" in place.bench.conditions("a")["InvalidSpecError"]
    place.bench.world.pass_time(600)
    assert place.hydrator() == {}
    assert place.repository.git("branch", "--list", "env") == ""
    place.bench.patch("argocd-cmd-params-cm", {"data": {"hydrator.enabled": "true"}}, _config_maps())
    place.bench.world.run_until(lambda: place.is_synced("one"))
    assert place.bench.conditions("a") == {}


def test_paths_that_an_application_names_decide_what_concerns_it(place: Place) -> None:
    first = place.commit(a="one")
    made = place.app("a")
    made["metadata"]["annotations"] = {"argocd.argoproj.io/manifest-generate-paths": "."}
    place.bench.create(made)
    place.bench.world.run_until(lambda: place.is_synced("one"))
    other = place.commit(a="one", other="else")
    place.bench.world.run_until(lambda: place.hydrator()["lastComparedDryRevision"] == other)
    assert place.operation()["drySHA"] == first
    assert place.noted() == first
    last = place.commit(a="two", other="else")
    place.bench.world.run_until(lambda: place.is_synced("two"))
    assert place.noted() == last


def test_what_tracks_an_object_is_not_hydrated(place: Place) -> None:
    text = config("a", "one", tracking_id="other:/ConfigMap:default/a", sync_wave="1")
    place.repository.commit({"dry/a/a.yaml": text})
    place.create("a")
    place.bench.world.run_until(lambda: place.phase() == "Hydrated")
    assert "tracking-id" not in place.show("env/a/manifest.yaml")
    assert 'argocd.argoproj.io/sync-wave: "1"' in place.show("env/a/manifest.yaml")


def test_a_deleted_application_leaves_its_files_and_its_group(place: Place) -> None:
    place.commit(a="one", b="two")
    place.create("a")
    place.create("b")
    place.bench.world.run_until(lambda: place.is_synced("one", "a") and place.is_synced("two", "b"))
    place.bench.delete("b")
    dry = place.commit(a="three")
    place.bench.world.run_until(lambda: place.is_synced("three", "a"))
    assert place.noted() == dry
    assert "value: two" in place.show("env/b/manifest.yaml")


def _config_maps() -> Any:
    from tests.kit.world import CONFIG_MAPS

    return CONFIG_MAPS


def test_a_dry_commit_without_the_signature_that_the_project_asks_for_is_not_hydrated(place: Place) -> None:
    place.bench.kill()
    place.bench.signatures = GitSignatures(place.bench.remote, place.bench.world.clock)  # type: ignore[arg-type]
    place.bench.start()
    place.bench.create_project("signed", signatureKeys=[{"keyID": "4AEE18F83AFDEB23"}])
    place.commit(a="one")
    place.create("a", project="signed")
    place.bench.world.run_until(lambda: place.phase() == "Failed")
    assert 'source integrity verification failed for app "argocd/a"' in place.operation()["message"]
    assert place.repository.git("branch", "--list", "env") == ""
