"""How the outside world behaves during a rehearsal, and what people do meanwhile."""

from argosy.rehearse.scenario.fields import ScenarioError, span_of
from argosy.rehearse.scenario.model import Event, MetricRule, Scenario, simulation
from argosy.rehearse.scenario.reading import scenario_of

__all__ = ["Event", "MetricRule", "Scenario", "ScenarioError", "scenario_of", "simulation", "span_of"]
