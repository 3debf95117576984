"""How a sync proceeds: which tasks, in which order, one step at a time. Pure."""
