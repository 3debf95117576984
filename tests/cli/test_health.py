"""The health column of `argosy app get`."""

from __future__ import annotations

from typing import Any

from argosy.cli.app.live.health import with_health
from argosy.machinery.objects import JsonObject
from tests.kit.world import World, config_map

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "default"},
    "spec": {"ports": [{"port": 80}]},
}


def item(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"version": "v1", "kind": kind, "namespace": "default", "name": name, **more}


def test_users_checks_count_where_the_settings_may_be_read() -> None:
    with World(seed=1) as world:
        config_maps = world.cluster.resource("", "v1", "configmaps")
        settings = config_map("argocd-cm")
        settings["data"] = {"resource.customizations.health.ConfigMap": "return {status = obj.data.value}"}
        plain = config_map("plain")
        plain["data"] = {"value": "Suspended"}
        for obj in (settings, plain):
            world.run(world.client.create(config_maps, obj))
        app = {
            "kind": "Application",
            "status": {"controllerNamespace": "default", "resources": [item("ConfigMap", "plain")]},
        }
        shown = world.run(with_health(world.client, app, world.clock))["status"]["resources"]
    assert [one["health"] for one in shown] == [{"status": "Suspended"}]


def test_each_object_is_assessed_as_it_is_now_and_stored_results_stay() -> None:
    with World(seed=1) as world:
        services = world.cluster.resource("", "v1", "services")
        world.run(world.client.create(services, SERVICE))
        world.run(world.client.create(world.cluster.resource("", "v1", "configmaps"), config_map("plain")))
        stored = item("Service", "other", health={"status": "Degraded"})
        listed = [item("Service", "web"), item("Service", "gone"), item("ConfigMap", "plain"), stored]
        app: JsonObject = {"kind": "Application", "status": {"resources": [*listed, item("Unserved", "x")]}}
        shown = world.run(with_health(world.client, app, world.clock))["status"]["resources"]
    healths = [(one.get("health") or {}).get("status") for one in shown]
    assert healths == ["Healthy", "Missing", None, "Degraded", None]
    assert app["status"]["resources"][0] == item("Service", "web")
