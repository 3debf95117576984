"""RollingSync: the steps of a set, and how its Applications progress through them (spec 15.5). Pure."""
