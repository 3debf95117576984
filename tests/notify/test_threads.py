"""Where threads began outlives the process, and what is kept is bounded."""

from __future__ import annotations

from argosy.machinery.objects import Key
from argosy.notify.threads import CONFIG_MAPS, MOST, NAME, Kept
from tests.kit.engine import EngineWorld
from tests.kit.verbs import Verbs

PLACE = "slack/#ops/web"


def kept(world: EngineWorld, client: Verbs | None = None) -> Kept:
    """A process that has just started."""
    found = world.get(CONFIG_MAPS, Key("argocd", NAME))
    return Kept(client or world.client, lambda: found, world.clock, "argocd")


def test_a_thread_continues_after_a_restart() -> None:
    with EngineWorld((), namespaces=("argocd",)) as world:
        first = kept(world)
        for place, began in ((PLACE, "C1 1.5"), ("slack/#dev/web", "C2 2.5")):
            world.run(first.keep(place, began))
            assert first.get(place) == began

        after = kept(world)
        assert (after.get(PLACE), after.get("slack/#dev/web"), after.get("slack/#ops/x")) == ("C1 1.5", "C2 2.5", "")


def test_of_many_threads_the_oldest_makes_room() -> None:
    with EngineWorld((), namespaces=("argocd",)) as world:
        data = {f"k{number:04}": f"{1000 + number} C {number}" for number in range(MOST)}
        metadata = {"name": NAME, "namespace": "argocd"}
        world.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
        world.run(kept(world).keep(PLACE, "C1 1.5"))

        found = (world.get(CONFIG_MAPS, Key("argocd", NAME)) or {})["data"]
        assert len(found) == MOST
        assert "k0000" not in found
        assert kept(world).get(PLACE) == "C1 1.5"


def test_a_config_map_that_cannot_be_written_fails_no_delivery() -> None:
    with EngineWorld(()) as world:  # the namespace is not there
        process = kept(world)
        world.run(process.keep(PLACE, "C1 1.5"))

        assert process.get(PLACE) == "C1 1.5"
        assert kept(world).get(PLACE) == ""
