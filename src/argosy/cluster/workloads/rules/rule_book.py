"""The rules in effect, which ConfigMaps change while the simulation runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from argosy.cluster.workloads.rules.rule_reading import RuleError, parse_rules
from argosy.cluster.workloads.rules.rules import Rule
from argosy.machinery.objects import JsonObject

RULES_LABEL = "argosy.dev/simulation-rules"


@dataclass(slots=True)
class RuleBook:
    """The rules in effect: those of the configuration, after those of labelled ConfigMaps, by namespace and name."""

    fixed: tuple[Rule, ...] = ()
    live: dict[tuple[str, str], tuple[Rule, ...]] = field(default_factory=dict)
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    current: tuple[Rule, ...] = ()
    writes: bool = False
    """Whether any of them lets a program write to the API."""

    def __post_init__(self) -> None:
        self._join()

    def set_live(self, config_map: JsonObject) -> bool:
        """Whether the rules in effect changed. A ConfigMap that cannot be read keeps its last good ones."""
        metadata = config_map["metadata"]
        key = (metadata["namespace"], metadata["name"])
        if (metadata.get("labels") or {}).get(RULES_LABEL) != "true":
            return self.drop_live(key)
        try:
            texts = sorted((config_map.get("data") or {}).items())
            found = tuple(rule for name, text in texts for rule in parse_rules(text, f"{'/'.join(key)} {name}"))
        except RuleError as error:
            self.errors[key] = str(error)
            return False
        self.errors.pop(key, None)
        changed = self.live.get(key, ()) != found
        self.live[key] = found
        self._join()
        return changed

    def drop_live(self, key: tuple[str, str]) -> bool:
        self.errors.pop(key, None)
        if self.live.pop(key, None) is None:
            return False
        self._join()
        return True

    def _join(self) -> None:
        self.current = (*(rule for key in sorted(self.live) for rule in self.live[key]), *self.fixed)
        self.writes = any(rule.effect.apply for rule in self.current)
