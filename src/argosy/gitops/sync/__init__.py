"""How a sync proceeds: its tasks, their order, one step at a time. Pure."""
