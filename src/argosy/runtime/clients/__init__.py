"""Clients around another client: counting, fencing, recording, faults, and acting for somebody else."""
