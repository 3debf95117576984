"""Rehearsal: a delivery from its change to production in virtual time, on a copy of the present configuration.

Owns nothing in a cluster but the reports that are kept there (ConfigMaps with the label `argosy.dev/rehearsal`). Reads
objects and repositories, and writes to copies of them alone: nothing is pushed, sent, or applied elsewhere.

- `configuration/`: the present objects, from files or from a cluster, and how they are put into the copy.
- `repositories.py`: bare copies of the Git repositories that anything names.
- `changes.py`, `scenario.py`: what is proposed, and what the world outside answers meanwhile.
- `simulated/`: who answers in place of registries, metric providers, pull requests, receivers and webhooks.
- `play.py`: plays it until nothing more would happen.  `standing.py`, `timeline.py`, `differences.py`: what came of it.
- `report.py`, `text.py`: the report, for programs and for people.

The controllers are those that are shipped; nothing in a capability knows of a rehearsal (DESIGN.md, Rehearsal).
"""
