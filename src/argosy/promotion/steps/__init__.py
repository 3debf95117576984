"""The built-in steps: one file a kind, named as the kind; `catalogue` names them all."""
