"""Each kind has a page: its example is accepted by a server with the published definition, its tables are true.

`python -m tests.docs.test_kinds` regenerates fields, types and defaults; people write the meanings.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from argosy.apis import crds
from argosy.machinery.objects import JsonObject
from argosy.machinery.status import StatusError
from tests.kit.engine import DEFINITIONS
from tests.kit.kind_pages import PAGES, example, renewed, rows_of, written
from tests.kit.world import NAMESPACES, World

KINDS = {definition["spec"]["names"]["kind"]: definition for definition in crds()}


@pytest.fixture(scope="module")
def server() -> Iterator[World]:
    with World() as world:
        for definition in KINDS.values():
            world.run(world.client.create(DEFINITIONS, definition))
        for name in ("argocd", "shop"):
            metadata = {"name": name}
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            world.run(world.client.create(NAMESPACES, namespace))
        world.pass_time(10)
        yield world


def page(kind: str) -> str:
    return (PAGES / f"{kind.lower()}.md").read_text()


def applied(world: World, obj: JsonObject) -> JsonObject:
    """As a user who wants unknown fields reported."""
    [resource] = [
        one
        for one in world.run(world.client.served()).resources
        if (one.api_version, one.kind) == (obj["apiVersion"], obj["kind"])
    ]
    given = {**obj, "metadata": dict(obj["metadata"])}
    request = world.client.create(resource, given, field_validation="Strict", dry_run=True)
    return world.run(request)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_example_is_accepted_unchanged(kind: str, server: World) -> None:
    obj = yaml.safe_load(example(page(kind)))
    assert obj["kind"] == kind
    assert applied(server, obj)["metadata"]["name"] == obj["metadata"]["name"]


def test_an_example_with_a_field_that_is_not_there_would_not_be(server: World) -> None:
    obj = yaml.safe_load(example(page("Warehouse")))
    with pytest.raises(StatusError, match="intervall"):
        applied(server, {**obj, "spec": {**obj["spec"], "intervall": "5m"}})


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_tables_are_those_of_the_definition_and_every_field_has_a_meaning(kind: str) -> None:
    found = written(page(kind))
    assert sorted(found) == rows_of(KINDS[kind])
    assert [row.name for row, meaning in found.items() if not meaning.strip()] == []


def test_every_page_is_of_a_kind_and_in_the_list() -> None:
    names = {path.stem for path in PAGES.glob("*.md")} - {"README"}
    assert names == {kind.lower() for kind in KINDS}
    contents = (PAGES / "README.md").read_text()
    assert [kind for kind in KINDS if f"[{kind}]({kind.lower()}.md)" not in contents] == []


if __name__ == "__main__":
    for name, definition in KINDS.items():
        place = PAGES / f"{name.lower()}.md"
        place.write_text(renewed(place.read_text(), rows_of(definition)))
