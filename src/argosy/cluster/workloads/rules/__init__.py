"""Rules of the simulation: what users write, and which rule applies to a container."""
