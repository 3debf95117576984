"""Runs controllers that are declared as values (`machinery.controller`): one engine for every room.

One turn: `look` reads a snapshot, `decide` says what to do, the engine does it, in order, up to the first refusal.
What a look read is noted, so that whatever changes of it wakes the key. Owns no state that must survive.

- `engine.py`: all controllers.  `runner.py`: one of them, its queue, its workers, and one turn of a key.
- `snapshot.py`: what a look sees.  `lister.py`: one kind: cache, own writes not seen yet, indexes, typed views.
- `subscriptions.py`: who read what.  `questions.py`, `lanes.py`: what needs the outside world.
- `served.py`: which kinds the server serves.  `livelock.py`: a key that writes without end is slowed down.
"""

from argosy.runtime.engine.engine import Engine
from argosy.runtime.engine.questions import Answerer

__all__ = ["Answerer", "Engine"]
