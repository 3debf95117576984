"""A typed client of Argosy's own API, for programs: `Client` waits for each answer, `AsyncClient` is awaited.

    with Client("https://argosy.example.com", token) as argosy:
        for row in argosy.get_applications(severity=["broken"])["rows"]:
            print(row["name"], row["why"]["message"])

- `operations.py`, `types.py`: made from the description of the API by `scripts/client.py`, never by hand.
- `transport.py`: one request, its errors, and streams of events; `waiting.py` and `awaiting.py` carry them.
"""

from __future__ import annotations

from argosy.client.operations import AsyncClient, Client
from argosy.client.transport import ApiError, Event, Unreachable

__all__ = ["ApiError", "AsyncClient", "Client", "Event", "Unreachable"]
