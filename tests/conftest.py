"""What holds for all tests: a property is about what is computed, never about how busy the machine is.

Its examples are the same in every run, so that a change is never blamed for what it did not do; `make properties` looks
for new ones.
"""

from __future__ import annotations

import gc
import os

from hypothesis import settings

settings.register_profile("argosy", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "argosy"))

# Each test makes a world and drops it; to look through all that lives after every 700 objects took a fifth of the time.
gc.set_threshold(20_000, 10, 50)
