"""The built-in steps: one file per kind, named like the kind; `catalogue` lists them."""
