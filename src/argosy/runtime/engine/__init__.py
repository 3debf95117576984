"""Runs controllers that are declared as values (`machinery.controller`): one engine for all capabilities.

One turn: `look` reads a snapshot, `decide` returns steps, the engine carries them out in order, up to the first
refusal. The reads of a look are recorded, so that any change to them wakes the key. Owns no persistent state.

- `engine.py`: all controllers.  `runner.py`: one of them, its queue, its workers, and one turn of a key.
- `snapshot.py`: what a look sees.  `lister.py`: one kind: cache, own unseen writes, indexes, typed views.
- `subscriptions.py`: who read what.  `questions.py`, `lanes.py`: answers from outside the process.
- `served.py`: which kinds the server serves.  `livelock.py`: slows down a key that writes endlessly.
"""

from argosy.runtime.engine.engine import Engine
from argosy.runtime.engine.questions import Answerer

__all__ = ["Answerer", "Engine"]
