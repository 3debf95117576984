"""Whole deliveries, rehearsed with the controllers that are shipped: real git and rendering, all else in memory."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from argosy.rehearse.changes import Apply, NewImage, Push
from argosy.rehearse.report import as_json
from argosy.rehearse.text import text_of
from tests.kit.rehearsal import (
    IMAGE,
    URL,
    application,
    cloned,
    commit,
    git,
    overlay,
    project,
    rehearsed,
    repository,
    stage,
    texts,
    workload,
    write,
)

SECOND = timedelta(seconds=1)
"""Times are told in whole ones."""


def files(**overlays: dict[str, object]) -> dict[str, object]:
    return {f"{name}/{path}": content for name, found in overlays.items() for path, content in found.items()}


def test_an_image_walks_through_the_stages_and_waits_at_the_gate(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", files(dev=overlay(), staging=overlay(), prod=overlay()))
    head = git(checkout, "rev-parse", "main")
    objects = [
        *project("dev", "staging"),
        *(application(name, name) for name in ("dev", "staging", "prod")),
        stage("dev"), stage("staging", "dev", soak="6h"), stage("prod", "staging"),
    ]  # fmt: skip
    report = rehearsed(checkout, objects, [NewImage(IMAGE, "1.1.0")])
    assert (report.outcome, report.is_wrong) == ("waiting", False), text_of(report)
    assert [(one.kind, one.name) for one in report.gates] == [("Stage", "prod")]
    assert report.took > timedelta(hours=6) - SECOND, "the soak time is waited for"
    assert {one.name for one in report.differences} == {"dev", "staging"}
    (changed,) = next(one.objects for one in report.differences if one.name == "staging")
    assert f"+      - image: {IMAGE}:1.1.0" in changed.lines
    assert [one.lines[-1].partition(" ")[2] for one in report.commits] == ["staging takes 1.1.0"]
    assert git(checkout, "rev-parse", "main") == head, "the checkout is only read"
    told = as_json(report)
    assert json.loads(json.dumps(told)) == told


def test_a_seed_plays_the_same_every_time(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", files(dev=overlay()))
    objects = [*project("dev"), application("dev", "dev"), stage("dev")]
    first, second = [as_json(rehearsed(checkout, objects, [NewImage(IMAGE, "1.1.0")])) for _ in range(2)]
    assert first == second
    assert first["outcome"] == "delivered"


def test_a_commit_that_does_not_come_up_fails_the_rehearsal(tmp_path: Path) -> None:
    checkout = repository(tmp_path / "shop", files(dev=overlay()))
    git(checkout, "switch", "--quiet", "--create", "feature")
    write(checkout, "dev/workload.yaml", workload(replicas=2, progressDeadlineSeconds=120))
    write(
        checkout, "dev/kustomization.yaml", {"resources": ["workload.yaml"], "images": [{"name": IMAGE, "newTag": "2"}]}
    )
    commit(checkout, "a version that does not start")
    rules = [{"match": {"image": "*:2"}, "effect": {"fail": {"reason": "ErrImagePull"}}}]
    report = rehearsed(checkout, [application("dev", "dev")], [Push(URL, "main", "feature")], {"rules": rules})
    assert report.outcome == "failed", text_of(report)
    assert "is Degraded" in " ".join(texts(report, "Application", "dev"))
    assert not report.before, "what was there before was well"


def test_the_measurements_of_a_canary_come_from_the_scenario(tmp_path: Path) -> None:
    template = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AnalysisTemplate",
        "metadata": {"name": "errors"},
        "spec": {
            "metrics": [
                {
                    "name": "errors",
                    "interval": "5m",
                    "count": 3,
                    "successCondition": "result < 0.01",
                    "provider": {"datadog": {"query": "errors"}},
                }
            ]
        },
    }
    steps = [
        {"setWeight": 50},
        {"pause": {"duration": "1h"}},
        {"analysis": {"templates": [{"templateName": "errors"}]}},
    ]
    rollout = overlay("Rollout", replicas=2, strategy={"canary": {"steps": steps}})
    kustomization = {**rollout["kustomization.yaml"], "resources": ["workload.yaml", "template.yaml"]}
    checkout = repository(
        tmp_path / "shop", files(prod={**rollout, "kustomization.yaml": kustomization, "template.yaml": template})
    )
    objects = [*project("prod"), application("prod", "prod"), stage("prod")]
    change = [NewImage(IMAGE, "1.1.0")]
    good = rehearsed(checkout, objects, change, {"metrics": [{"value": 0.001}]})
    assert good.outcome == "delivered", text_of(good)
    assert good.took >= timedelta(hours=1, minutes=10)
    assert not good.notes
    bad = rehearsed(checkout, objects, change, {"metrics": [{"match": {"metric": "errors"}, "values": [0.001, 0.5]}]})
    assert bad.outcome == "failed", text_of(bad)
    assert any("failed" in text for text in texts(bad, "AnalysisRun"))
    assumed = rehearsed(checkout, objects, change)
    assert [one.kind for one in assumed.notes] == ["assumed"]
    assert assumed.outcome == "delivered"


def test_a_pull_request_is_a_gate_and_its_merge_continues_the_promotion(tmp_path: Path) -> None:
    merged = {"repoURL": URL, "desiredRevision": "${{ outputs.wait.commit }}"}
    steps = [
        *cloned("dev"),
        {"uses": "git-push", "as": "push", "config": {"path": "./src", "generateTargetBranch": True}},
        {
            "uses": "git-open-pr",
            "as": "pr",
            "config": {"repoURL": URL, "sourceBranch": "${{ outputs.push.branch }}", "targetBranch": "main"},
        },
        {"uses": "git-wait-for-pr", "as": "wait", "config": {"repoURL": URL, "prNumber": "${{ outputs.pr.pr.id }}"}},
        {"uses": "argocd-update", "config": {"apps": [{"name": "dev", "sources": [merged]}]}},
    ]  # fmt: skip
    checkout = repository(tmp_path / "shop", files(dev=overlay()))
    objects = [*project("dev"), application("dev", "dev"), stage("dev", steps=steps)]
    closed = rehearsed(checkout, objects, [NewImage(IMAGE, "1.1.0")])
    assert closed.outcome == "waiting", text_of(closed)
    assert "waits until pull request" in closed.reason
    opened = rehearsed(checkout, objects, [NewImage(IMAGE, "1.1.0")], {"gates": "open"})
    assert opened.outcome == "delivered", text_of(opened)
    assert git(checkout, "branch", "--list") == "* main"


def test_clusters_elsewhere_are_copies_where_rollouts_advance(tmp_path: Path) -> None:
    server = "https://prod.example.com:6443"
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "prod",
            "namespace": "argocd",
            "labels": {"argocd.argoproj.io/secret-type": "cluster"},
        },
        "stringData": {"name": "prod", "server": server, "config": '{"bearerToken": "planted-token"}'},
    }
    strategy = {"canary": {"steps": [{"setWeight": 50}, {"pause": {"duration": "10m"}}]}}
    checkout = repository(tmp_path / "shop", files(prod=overlay("Rollout", replicas=2, strategy=strategy)))
    app = application("prod", "prod", server=server)
    changed = {
        **app,
        "spec": {**app["spec"], "source": {**app["spec"]["source"], "kustomize": {"images": [f"{IMAGE}:1.1.0"]}}},
    }
    report = rehearsed(checkout, [secret, app], [Apply("prod.yaml", (changed,))])
    assert report.outcome == "delivered", text_of(report)
    assert report.took >= timedelta(minutes=10)
    assert {one.cluster for one in report.timeline if one.kind == "Rollout"} == {"prod"}
    (environment,) = report.differences
    assert environment.destination == f"{server}, namespace prod"
    assert "planted-token" not in text_of(report) + json.dumps(as_json(report))
