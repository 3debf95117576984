"""Hardship: whatever goes wrong around a room, it ends where it would have ended undisturbed.

A `Story` says what is there, how the room's controllers start, what users do, and what they see at the end. `endure`
plays it once undisturbed, then under the faults of one seed: writes refused, lost before or after their commit, reads
stale, watches cut, relisted, late and doubled, processes killed between any two writes, replicas that come and go.

    class Unsealing(Story):
        name = "unsealing"

        def prepare(self) -> None:               # what is there before the room starts
            self.create(a_namespace("team"))

        def start(self, process: Process) -> Part:   # one process of the room; it may be killed and started again
            return Engine(process.client, process.caches, process.clock, process.rng, controllers())

        def steps(self) -> Iterable[Step]:       # what users do, in this order
            yield lambda: self.create(sealed_secret("a"))
            yield self.reached(lambda: self.value("a") == "one")      # where users wait before they continue
            yield lambda: self.patch(sealed_secret("a", value="two"))

        def outcome(self) -> object:             # what they see at the end, the same in every run
            return {"a": self.value("a")}

        def wrong(self, write: Committed) -> Iterable[str]:          # what no single write may do
            ...

Rooms and their stories are listed in tests/hardship; `make hardship ROOM=sealing SEED=17` replays one run.
"""

from __future__ import annotations

from tests.kit.hardship.process import Part, Process
from tests.kit.hardship.run import Failure, Run, endure
from tests.kit.hardship.story import Step, Story
from tests.kit.hardship.witness import Committed

__all__ = ["Committed", "Failure", "Part", "Process", "Run", "Step", "Story", "endure"]
