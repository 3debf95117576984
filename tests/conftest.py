"""What holds for all tests: a property is about what is computed, never about how busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("argosy", deadline=None)
settings.load_profile("argosy")
