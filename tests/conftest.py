"""What holds for all tests: a property is about what is computed, never about how busy the machine is."""

from __future__ import annotations

import gc

from hypothesis import settings

settings.register_profile("argosy", deadline=None)
settings.load_profile("argosy")

# Each test makes a world and drops it; to look through all that lives after every 700 objects took a fifth of the time.
gc.set_threshold(20_000, 10, 50)
