"""`argosy rollout notifications` against a served cluster: the ConfigMap of Rollouts, and what triggers see of one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from argosy.apis import crds
from argosy.cli.main import main
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.text import yaml
from argosy.notify.rollout_events import CONFIG_MAP, ROLLOUTS
from argosy.runtime.client import Client
from tests.kit.served import served
from tests.kit.world import CONFIG_MAPS, NAMESPACES

DEFINITIONS = Resource(
    "apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", namespaced=False
)
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment")
POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "app:v7"}]}}
DATA = {
    "trigger.on-rollout-completed": "- send: [done]\n",
    "trigger.on-rollout-paused": "- when: rollout.spec.replicas > 1\n  send: [done]\n",
    "template.done": "message: '{{.rollout.metadata.name}} "
    "{{(index .rollout.spec.template.spec.containers 0).image}}'\n",
}


def rollout(**spec: object) -> JsonObject:
    found = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "strategy": {"canary": {}}, **spec}
    metadata = {"name": "web", "namespace": "default"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": metadata, "spec": found}


@asynccontextmanager
async def configured(directory: Path) -> AsyncIterator[tuple[Client, Path]]:
    """A client, and a kubeconfig for the commands."""
    async with served() as server:
        client = server.cluster.client("test", ("system:masters",))
        for crd in crds("rollouts"):
            await client.write(requests.create(DEFINITIONS, crd))
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "argocd"}}
        await client.write(requests.create(NAMESPACES, namespace))
        metadata = {"name": CONFIG_MAP, "namespace": "argocd"}
        settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": DATA}
        await client.write(requests.create(CONFIG_MAPS, settings))
        kubeconfig = directory / "kubeconfig"
        kubeconfig.write_text(json.dumps(server.by_token))
        yield client, kubeconfig


async def argosy(kubeconfig: Path, *words: str) -> int:
    return await asyncio.to_thread(main, ["rollout", "notifications", *words, "--kubeconfig", str(kubeconfig)])


def test_a_trigger_is_judged_for_a_rollout_one_without_a_condition_fires(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        async with configured(tmp_path) as (client, kubeconfig):
            await client.write(requests.create(ROLLOUTS, rollout(template=POD)))
            assert await argosy(kubeconfig, "trigger", "run", "on-rollout-paused", "web") == 0
            assert capsys.readouterr().out.splitlines()[1].split()[-1] == "false"
            assert await argosy(kubeconfig, "trigger", "run", "on-rollout-completed", "default/web") == 0
            assert capsys.readouterr().out.splitlines()[1].split()[-1] == "true"

    asyncio.run(work())


def test_a_template_sees_what_the_rollout_takes_from_its_workload(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def work() -> None:
        async with configured(tmp_path) as (client, kubeconfig):
            spec = {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": POD}
            metadata = {"name": "web", "namespace": "default"}
            deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
            await client.write(requests.create(DEPLOYMENTS, deployment))
            reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
            file = tmp_path / "rollout.yaml"
            file.write_text(json.dumps(rollout(workloadRef=reference)))
            assert await argosy(kubeconfig, "template", "notify", "done", str(file)) == 0
            assert yaml.load(capsys.readouterr().out)["message"] == "web app:v7"

    asyncio.run(work())


def test_templates_and_triggers_are_those_of_rollouts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def work() -> None:
        async with configured(tmp_path) as (_, kubeconfig):
            assert await argosy(kubeconfig, "template", "get", "-o", "name") == 0
            assert capsys.readouterr().out == "done\n"
            assert await argosy(kubeconfig, "trigger", "get", "-o", "name") == 0
            assert capsys.readouterr().out.split() == ["on-rollout-completed", "on-rollout-paused"]

    asyncio.run(work())


def test_an_absent_rollout_is_reported_by_its_name(tmp_path: Path) -> None:
    async def work() -> None:
        async with configured(tmp_path) as (_, kubeconfig):
            assert await argosy(kubeconfig, "trigger", "run", "on-rollout-paused", "team/web") == 20

    asyncio.run(work())
