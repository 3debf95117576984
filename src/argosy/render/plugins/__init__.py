"""Config-management plug-ins: their definitions, and how one runs."""
