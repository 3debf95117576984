"""The ring of a table is enough to read the past."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from argosy.cluster.store import Store
from argosy.machinery.objects import Key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
names = st.sampled_from(["a", "b", "c", "d"])
steps = st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.sampled_from(["n", "n2"]), names), max_size=40)


def state(store: Store) -> list[tuple[str, str]]:
    return [(str(entry.key), entry.obj["metadata"]["resourceVersion"]) for entry in store.table("", "things").scan()]


@given(steps)
def test_every_revision_can_be_read_as_it_was(script: list[tuple[str, str, str]]) -> None:
    store = Store(lambda: NOON)
    table = store.table("", "things")
    history = {store.revision: state(store)}
    for verb, namespace, name in script:
        key = Key(namespace, name)
        old = table.entries.get(key)
        if verb == "put":
            store.put(table, key, {"metadata": {"name": name, "namespace": namespace}}, old)
        elif old is not None:
            store.delete(table, old)
        history[store.revision] = state(store)
    for revision, then in history.items():
        seen = [(str(entry.key), entry.obj["metadata"]["resourceVersion"]) for entry in table.scan_at(revision)]
        assert seen == then
        assert then == sorted(then, key=lambda item: item[0].split("/"))


@given(steps, names)
def test_a_namespace_and_a_start_key_cut_the_past_alike(script: list[tuple[str, str, str]], start: str) -> None:
    store = Store(lambda: NOON)
    table = store.table("", "things")
    for verb, namespace, name in script:
        old = table.entries.get(Key(namespace, name))
        if verb == "put":
            store.put(table, Key(namespace, name), {"metadata": {"name": name}}, old)
        elif old is not None:
            store.delete(table, old)
    for revision in range(1, store.revision + 1):
        whole = [entry.key for entry in table.scan_at(revision)]
        part = [entry.key for entry in table.scan_at(revision, "n", Key("n", start))]
        assert part == [key for key in whole if key.namespace == "n" and key.name >= start]
