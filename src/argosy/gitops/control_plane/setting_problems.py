"""Reports invalid settings of argocd-cm: in the log, and as an event of the ConfigMap, each once."""

from __future__ import annotations

import logging

from argosy.gitops.control_plane.configuration import ControlPlane
from argosy.gitops.control_plane.settings import CONFIG_MAP
from argosy.machinery.objects import JsonObject
from argosy.runtime.events import EventRecorder

log = logging.getLogger(__name__)


class SettingProblems:
    def __init__(self, plane: ControlPlane, events: EventRecorder) -> None:
        self._plane = plane
        self._events = events
        self._reported: tuple[str, ...] = ()

    def report(self) -> None:
        """Those that are new; one that was corrected and comes back is new again."""
        problems = self._plane.settings.customizations.problems
        for text in problems:
            if text not in self._reported:
                log.warning("%s/%s: %s", self._plane.namespace, CONFIG_MAP, text)
                config: JsonObject = {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": self._plane.config_metadata(),
                }
                self._events.record(config, "InvalidSetting", text, event_type="Warning")
        self._reported = problems
