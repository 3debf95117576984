"""Service addresses and node ports: in range, never twice, the same in equal runs, and nothing leaks."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_address

from argosy.cluster.kind import Kind
from argosy.cluster.kinds import builtin_kinds
from argosy.cluster.kinds.strategies.addresses import NODE_PORTS, SERVICE_RANGE
from argosy.machinery.objects import JsonObject

from .vectors import NOW, Objects, context


def service_kind() -> Kind:
    return next(kind for kind in builtin_kinds() if kind.resource.plural == "services")


def make(
    kind: Kind, store: Objects, name: str, *, dry_run: bool = False, seconds: int = 0, **spec: object
) -> JsonObject:
    ctx = context(reader=store, dry_run=dry_run, now=NOW + timedelta(seconds=seconds))
    obj = kind.strategy.decode(
        {"metadata": {"name": name, "namespace": "n"}, "spec": {"ports": [{"port": 80}], **spec}}
    ).obj
    kind.strategy.default(obj)
    kind.strategy.prepare_create(ctx, obj)
    assert kind.strategy.validate(ctx, obj, None) == []
    if not dry_run:
        store.add("", "services", obj)
    return obj


def test_every_service_has_an_address_of_its_own_in_range() -> None:
    kind, store = service_kind(), Objects()
    addresses = [make(kind, store, f"s{index}")["spec"]["clusterIP"] for index in range(2000)]
    assert len(set(addresses)) == len(addresses)
    assert all(ip_address(address) in SERVICE_RANGE for address in addresses)


def test_equal_runs_give_equal_addresses() -> None:
    first, second = ([make(service_kind(), Objects(), name)["spec"] for name in ("a", "b")] for _ in range(2))
    assert first == second


def test_node_ports_are_in_range_and_unique_and_stay_on_update() -> None:
    kind, store = service_kind(), Objects()
    services = [make(kind, store, f"s{index}", type="NodePort") for index in range(500)]
    ports = [service["spec"]["ports"][0]["nodePort"] for service in services]
    assert len(set(ports)) == 500
    assert set(ports) <= set(NODE_PORTS)

    body = {"metadata": services[0]["metadata"], "spec": {"type": "NodePort", "ports": [{"port": 80}]}}
    again = kind.strategy.decode(body).obj
    kind.strategy.default(again)
    kind.strategy.prepare_update(context("UPDATE", reader=store), again, services[0])
    assert again["spec"]["ports"][0]["nodePort"] == ports[0]
    assert again["spec"]["clusterIP"] == services[0]["spec"]["clusterIP"]


def test_a_dry_run_holds_nothing() -> None:
    kind, store = service_kind(), Objects()
    tried = make(kind, store, "s", dry_run=True)["spec"]["clusterIP"]
    assert make(kind, store, "s")["spec"]["clusterIP"] == tried


def test_an_address_comes_back_once_its_service_is_gone() -> None:
    kind, store = service_kind(), Objects()
    taken = make(kind, store, "a", clusterIP="10.96.9.9")
    store.rows.clear()
    assert make(kind, store, "b", seconds=61, clusterIP="10.96.9.9")["spec"]["clusterIP"] == taken["spec"]["clusterIP"]


def test_an_address_in_use_is_refused() -> None:
    kind, store = service_kind(), Objects()
    make(kind, store, "a", clusterIP="10.96.9.9")
    ctx = context(reader=store)
    obj = kind.strategy.decode(
        {"metadata": {"name": "b", "namespace": "n"}, "spec": {"clusterIP": "10.96.9.9", "ports": [{"port": 1}]}}
    ).obj
    kind.strategy.default(obj)
    kind.strategy.prepare_create(ctx, obj)
    [cause] = kind.strategy.validate(ctx, obj, None)
    assert cause.message.endswith("failed to allocate IP 10.96.9.9: provided IP is already allocated")


def test_a_restarted_server_knows_what_is_taken() -> None:
    store = Objects()
    before = make(service_kind(), store, "a")
    del store.rows["", "services", next(iter(store.rows))[2]]
    before["metadata"]["name"] = "renamed"
    store.add("", "services", before)
    assert make(service_kind(), store, "a")["spec"]["clusterIP"] != before["spec"]["clusterIP"]


def test_becoming_an_external_name_gives_the_address_up() -> None:
    kind, store = service_kind(), Objects()
    old = make(kind, store, "a", type="NodePort")
    body = {**old, "spec": {**old["spec"], "type": "ExternalName", "externalName": "x.y", "ports": [{"port": 80}]}}
    obj = kind.strategy.decode(body).obj
    kind.strategy.default(obj)
    ctx = context("UPDATE", reader=store)
    kind.strategy.prepare_update(ctx, obj, old)
    assert kind.strategy.validate(ctx, obj, old) == []
    assert "clusterIP" not in obj["spec"] and "externalTrafficPolicy" not in obj["spec"]


def test_a_headless_service_without_selector_may_have_both_families() -> None:
    spec = make(service_kind(), Objects(), "a", clusterIP="None")["spec"]
    assert (spec["clusterIPs"], spec["ipFamilies"], spec["ipFamilyPolicy"]) == (
        ["None"],
        ["IPv4", "IPv6"],
        "RequireDualStack",
    )
