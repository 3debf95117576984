"""Rehearsal: plays a delivery from the change to production in virtual time, on a copy of the present configuration.

Stores nothing in a cluster except saved reports (ConfigMaps with the label `argosy.dev/rehearsal`). Reads objects and
repositories, and writes only to copies of them: nothing is pushed, sent or applied anywhere else.

- `configuration/`: reads the present objects from files or a cluster, and loads them into the sandbox.
- `repositories.py`: bare copies of all Git repositories that the objects name.
- `changes.py`, `scenario.py`: the proposed change, and how the outside world behaves meanwhile.
- `simulated/`: stand-ins for registries, metric providers, pull requests, receivers and webhooks.
- `play.py`: runs until nothing more would happen.  `standing.py`, `timeline.py`, `differences.py`: the outcome.
- `report.py`, `text.py`: the report, for programs and for people.

The controllers are those of production; no capability knows that it is rehearsed (DESIGN.md, Rehearsal).
"""
