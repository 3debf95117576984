"""Two-word names for Freight, such as `brisk-otter`, drawn until a free one is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_ADJECTIVES = """
amber ample blithe bold brave bright brisk calm cheery civil clever coral cosy crisp deft dewy eager early
easy elfin fair fleet fond frank fresh gentle glad golden grand happy hardy hearty honest humble jade jolly
keen kind lively loyal lucid lunar mellow merry mild misty modest neat nimble noble olive patient placid
plucky polite proud quick quiet rapid ready robust rosy rustic sandy serene sharp shiny silent silver sleek
smart snug solar sound spry steady still stout sturdy sunny swift tall tame tender tidy trim true upbeat
velvet vivid warm wise witty young zesty
"""
_NOUNS = """
acorn albatross alder anchor aspen auk badger barge basil beacon beaver birch bison bramble breeze brook
bunting buoy cedar cliff clover cobble comet condor cove crane creek cutter dolphin dory dove dune eagle egret
elm ember falcon fern ferry finch fjord fox galleon gannet garnet glade grouse gull harbor hare hawk hazel
heath heron hollow ibex inlet iris island jay kestrel ketch kite lagoon lantern lark laurel linnet lynx maple
marlin marsh martin meadow merlin mole moss newt oak orca osprey otter owl petrel pine plover puffin quail
quay raven reef river robin rowan schooner seal shoal skiff sparrow spruce stoat stork sycamore tern thistle
thrush tide trout vale walrus wharf willow wren yarrow yew
"""
ADJECTIVES: Final = tuple(_ADJECTIVES.split())
NOUNS: Final = tuple(_NOUNS.split())
TRIES: Final = 50


def drawn(choose: Callable[[int], int], taken: Callable[[str], bool]) -> str:
    """`choose(n)` returns a number below n. After many failed attempts a number is appended."""
    for attempt in range(TRIES):
        name = f"{ADJECTIVES[choose(len(ADJECTIVES))]}-{NOUNS[choose(len(NOUNS))]}"
        found = name if attempt < TRIES // 2 else f"{name}-{choose(10_000)}"
        if not taken(found):
            return found
    return f"{found}-{choose(1_000_000)}"
