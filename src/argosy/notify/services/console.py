"""The terminal of `argosy notifications template notify`: the notification as YAML."""

from __future__ import annotations

from argosy.machinery.text import yaml
from argosy.notify.services.delivering import Delivery, Doors


async def send(delivery: Delivery, doors: Doors) -> None:
    doors.write(yaml.dump({key: value for key, value in delivery.content.items() if key}))
