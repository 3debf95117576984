"""How an Application goes: hooks, then its objects wave by wave, then its finalizer."""
