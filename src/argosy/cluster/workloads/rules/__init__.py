"""Rules of the simulation: what users write, and which of them counts for a container."""
