"""How one object is applied: unknown fields, bindings to another role, from client-side to server-side (spec 7.2)."""

from __future__ import annotations

from typing import Any

import pytest

from argosy.apis.kubernetes import known
from argosy.gitops.clusters.live_state import LiveObjects
from argosy.gitops.keys import ResourceKey
from argosy.gitops.sync.apply import Applier
from argosy.gitops.sync.apply_patch import with_last_applied
from argosy.gitops.sync.manager_migration import handed_over, managers_before
from argosy.gitops.sync.options import options_of
from argosy.gitops.sync.tasks import Task
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Get, Write
from argosy.machinery.status import StatusError
from argosy.runtime.client import Client
from argosy.runtime.clients.wrapping import WrappingClient
from tests.kit.gitops import REPO, Bench, application, config
from tests.kit.hook_jobs import JOBS
from tests.kit.world import CONFIG_MAPS, World, config_map

SERVICES = Resource("", "v1", "services", "Service")
BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding")
TYPO = """apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], selektor: {app: web}}
"""


def started(bench: Bench, manifest: str, *options: str, **automated: bool) -> None:
    bench.git.push(REPO, {"conf/a.yaml": manifest})
    bench.create(application(syncPolicy={"automated": automated, "syncOptions": list(options), "retry": {"limit": 0}}))


@pytest.mark.parametrize("options", [(), ("ServerSideApply=true",)])
def test_a_field_that_the_server_does_not_know_is_refused_by_name(bench: Bench, options: tuple[str, ...]) -> None:
    started(bench, TYPO, *options)
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert "selektor" in bench.state()["message"]
    assert bench.get(SERVICES, "web") is None


def test_unknown_fields_are_dropped_where_validation_is_switched_off(bench: Bench) -> None:
    started(bench, TYPO, "Validate=false")
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.get(SERVICES, "web") is not None


def binding(role: str) -> str:
    return f"""apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: web}}
roleRef: {{kind: Role, name: {role}, apiGroup: rbac.authorization.k8s.io}}
subjects: [{{kind: ServiceAccount, name: default, namespace: default}}]
"""


def test_a_binding_to_another_role_is_made_again_and_an_unchanged_one_is_not(bench: Bench) -> None:
    started(bench, binding("one"))
    bench.world.run_until(bench.synced)
    first = bench.get(BINDINGS, "web")
    bench.refresh()
    assert bench.get(BINDINGS, "web") == first
    bench.git.push(REPO, {"conf/a.yaml": binding("two")})
    bench.refresh()
    bench.world.run_until(bench.synced)
    second = bench.get(BINDINGS, "web")
    assert first is not None
    assert second is not None
    assert second["roleRef"]["name"] == "two"
    assert second["metadata"]["uid"] != first["metadata"]["uid"]


def two_values(keys: str) -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{{keys}}}\n"


def drop_a_key_after_turning_server_side(bench: Bench, *more: str) -> JsonObject:
    """What is left of two keys that were applied client-side, when one is dropped under server-side apply."""
    started(bench, two_values("value: one, other: two"))
    bench.world.run_until(bench.synced)
    options = ["ServerSideApply=true", *more]
    bench.git.push(REPO, {"conf/a.yaml": two_values("value: one")})
    bench.patch("app", {"spec": {"syncPolicy": {"syncOptions": options, "automated": None}}})
    bench.refresh()
    bench.sync(syncOptions=options)
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    found = bench.get(CONFIG_MAPS, "a")
    assert found is not None
    data: JsonObject = found["data"]
    return data


def test_server_side_apply_takes_over_what_was_applied_client_side(bench: Bench) -> None:
    assert drop_a_key_after_turning_server_side(bench) == {"value": "one"}


def test_without_migration_the_old_manager_keeps_its_fields(bench: Bench) -> None:
    left = drop_a_key_after_turning_server_side(bench, "ClientSideApplyMigration=false")
    assert left == {"value": "one", "other": "two"}


def entry(manager: str, operation: str, *names: str, subresource: str = "") -> JsonObject:
    made: JsonObject = {"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1"}
    made["fieldsV1"] = {"f:data": {f"f:{name}": {} for name in names}}
    return {**made, "subresource": subresource} if subresource else made


def test_only_updates_of_the_named_managers_are_handed_over() -> None:
    app = {"metadata": {"annotations": {"argocd.argoproj.io/client-side-apply-migration-manager": "old-tool"}}}
    entries = [
        entry("old-tool", "Update", "a"),
        entry("old-tool", "Update", "status", subresource="status"),
        entry("old-tool", "Apply", "b"),
        entry("kubectl", "Update", "c"),
        entry("argocd-controller", "Apply", "d"),
    ]
    found = handed_over({"metadata": {"managedFields": entries}}, managers_before(app, options_of(())))
    assert found is not None
    assert found[:-1] == entries[1:4]
    assert found[-1]["fieldsV1"] == {"f:data": {"f:a": {}, "f:d": {}}}
    assert (found[-1]["manager"], found[-1]["operation"]) == ("argocd-controller", "Apply")


def test_nothing_is_handed_over_twice_nor_where_it_is_switched_off() -> None:
    live = {"metadata": {"managedFields": [entry("argocd-controller", "Apply", "a"), entry("kubectl", "Update", "b")]}}
    assert handed_over(live, managers_before({"metadata": {}}, options_of(()))) is None
    assert managers_before({"metadata": {}}, options_of(["ClientSideApplyMigration=false"])) == ()


def test_what_is_unchanged_is_written_only_once(bench: Bench) -> None:
    started(bench, config("a", "one"), "ServerSideApply=true", selfHeal=True)
    bench.world.run_until(bench.synced)
    before = bench.get(CONFIG_MAPS, "a")
    bench.refresh()
    assert bench.get(CONFIG_MAPS, "a") == before


def pinned(image: str, *, force: bool = True, backoff: int = 1) -> str:
    mark = "Force=true" if force else "Validate=true"
    pod = f"{{containers: [{{name: c, image: {image}}}], restartPolicy: Never}}"
    head = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\n"
    spec = f"spec: {{backoffLimit: {backoff}, template: {{spec: {pod}}}}}"
    return f"{head}  annotations: {{argocd.argoproj.io/sync-options: {mark}}}\n{spec}\n"


def uid(bench: Bench) -> str:
    found = bench.get(JOBS, "j")
    return found["metadata"]["uid"] if found else ""


@pytest.mark.parametrize("by_object", [True, False])
def test_a_dry_run_with_force_deletes_nothing(bench: Bench, by_object: bool) -> None:
    bench.git.push(REPO, {"conf/a.yaml": pinned("one", force=by_object)})
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync()
    bench.world.run_until(bench.synced)
    before = uid(bench)
    bench.git.push(REPO, {"conf/a.yaml": pinned("two", force=by_object)})
    bench.refresh()
    strategy: dict[str, Any] = {} if by_object else {"syncStrategy": {"apply": {"force": True}}}
    bench.sync(dryRun=True, **strategy)
    bench.world.run_until(lambda: bench.phase() == "Succeeded")
    assert bench.result("Job", "j")["message"] == "job.batch/j deleted and created (dry run)"
    assert uid(bench) == before


def test_force_gives_up_nothing_for_an_object_that_would_be_refused(bench: Bench) -> None:
    started(bench, pinned("one"))
    bench.world.run_until(bench.synced)
    before = uid(bench)
    bench.git.push(REPO, {"conf/a.yaml": pinned("two", backoff=-1)})
    bench.refresh()
    bench.world.run_until(lambda: bench.phase() == "Failed")
    assert "backoffLimit" in bench.state()["message"]
    assert uid(bench) == before


def test_force_and_a_binding_to_another_role_go_through_a_sync_of_several_waves(bench: Bench) -> None:
    first = config("first", "one", sync_wave="-1")
    bench.git.push(
        REPO, {"conf/a.yaml": pinned("one", force=False), "conf/b.yaml": binding("one"), "conf/c.yaml": first}
    )
    bench.create(application(syncPolicy={}))
    bench.world.run_until(lambda: bench.sync_status() == "OutOfSync")
    bench.sync()
    bench.world.run_until(lambda: bench.phase() not in ("", "Running"))
    assert bench.phase() == "Succeeded", bench.state()["message"]
    before = uid(bench)
    bench.git.push(
        REPO, {"conf/a.yaml": pinned("two", force=False), "conf/b.yaml": binding("two"), "conf/c.yaml": first}
    )
    bench.refresh()
    bench.sync(syncStrategy={"hook": {"force": True}})
    bench.world.run_until(lambda: bench.phase() not in ("", "Running"))
    assert bench.phase() == "Succeeded", bench.state()["message"]
    assert uid(bench) not in ("", before)


class Conflicting(WrappingClient):
    """The first write is refused by a conflict; the read that follows shows a state of before."""

    def __init__(self, inner: Client, stale: JsonObject) -> None:
        super().__init__(inner)
        self._stale: JsonObject | None = stale
        self._refused = False

    async def write(self, request: Write) -> JsonObject:
        if not self._refused:
            self._refused = True
            raise StatusError(409, "Conflict", "it is another now")
        return await super().write(request)

    async def get(self, request: Get) -> JsonObject:
        stale, self._stale = self._stale, None
        return stale or await super().get(request)


class Live(LiveObjects):
    """Knows one ConfigMap."""

    def __init__(self, obj: JsonObject) -> None:
        self.obj = obj

    def get(self, key: ResourceKey) -> JsonObject | None:
        return self.obj

    def wrote(self, obj: JsonObject) -> None:
        self.obj = obj

    def resource(self, obj: JsonObject) -> Resource | None:
        return CONFIG_MAPS


def test_after_a_conflict_a_read_older_than_what_was_seen_does_not_count_as_unchanged() -> None:
    with World() as world:
        target = config_map("a", value="one")
        one = world.run(world.client.create(CONFIG_MAPS, with_last_applied(target)))
        two = world.run(world.client.update(CONFIG_MAPS, {**one, "data": {"value": "two"}}))
        applier = Applier(Conflicting(world.client, one), Live(two), known)
        task = Task("Sync", 0, ResourceKey("", "ConfigMap", "default", "a"), target, two)
        result = world.run(applier.carry_out(task, options_of(()), prune=False, dry_run=False, force=False))
        assert result.message == "configmap/a configured"
        assert world.run(world.client.read(CONFIG_MAPS, "a", "default"))["data"] == {"value": "one"}
