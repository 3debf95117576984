"""The facts about a Pod that its own containers see."""

from __future__ import annotations

import pytest

from argosy.cluster.workloads.inside.fields import api_server, field_value, kubelet_files

POD = {
    "metadata": {
        "name": "web-0",
        "namespace": "shop",
        "labels": {"app": "web", "tier": "a"},
        "annotations": {"x/y": "z"},
    },
    "spec": {"nodeName": "node-1", "hostAliases": [{"ip": "10.0.0.9", "hostnames": ["db", "db.local"]}]},
    "status": {"podIP": "10.1.0.7"},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web-0"),
        ("metadata.labels['app']", "web"),
        ("metadata.annotations['x/y']", "z"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", 'app="web"\ntier="a"'),
        ("spec.nodeName", "node-1"),
        ("status.podIP", "10.1.0.7"),
        ("status.none.at.all", ""),
    ],
)
def test_fields_by_reference(path: str, value: str) -> None:
    assert field_value(POD, path) == value


def test_the_files_of_a_kubelet() -> None:
    files = kubelet_files(POD)
    assert files["/etc/hostname"] == b"web-0\n"
    assert files["/etc/hosts"].splitlines()[-2:] == [b"10.1.0.7\tweb-0", b"10.0.0.9\tdb db.local"]
    assert b"search shop.svc.cluster.local svc.cluster.local cluster.local" in files["/etc/resolv.conf"]


def test_programs_find_the_api_server() -> None:
    service = {"spec": {"clusterIP": "10.96.0.1", "ports": [{"port": 443}]}}
    found = api_server(service)
    assert (found["KUBERNETES_SERVICE_HOST"], found["KUBERNETES_SERVICE_PORT"]) == ("10.96.0.1", "443")
    assert api_server(None) == {}
