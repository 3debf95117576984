from __future__ import annotations

from argosy.cluster.kinds.bootstrap import api_services, bootstrap_objects

from .vectors import created, kind_of, kinds


def test_every_first_object_is_valid() -> None:
    for obj in [*bootstrap_objects(), *api_services(kinds())]:
        stored, causes = created(obj)
        assert causes == [], obj["metadata"]["name"]
        assert kind_of(obj).strategy.name_errors(stored["metadata"]["name"], generate_prefix=False) == []


def test_the_kubernetes_service_has_the_first_address() -> None:
    service = next(obj for obj in bootstrap_objects() if obj["kind"] == "Service")
    stored, _ = created(service)
    assert (stored["spec"]["clusterIP"], stored["spec"]["clusterIPs"]) == ("10.96.0.1", ["10.96.0.1"])


def test_each_group_version_has_one_available_api_service() -> None:
    services = api_services(kinds())
    names = [service["metadata"]["name"] for service in services]
    assert len(set(names)) == len(names)
    assert {"v1.", "v1.apps", "v2.autoscaling", "v1.autoscaling"} <= set(names)
    assert all(created(service)[0]["status"]["conditions"][0]["status"] == "True" for service in services)
