"""Settings for analyses; upstream's environment variables under their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisSettings:
    """`namespace`: where providers' Secrets are. `environment`: the process's, read once."""

    namespace: str = "argo-rollouts"
    instance_id: str = ""
    """Only runs with this value of the label `argo-rollouts.argoproj.io/controller-instance-id`; "" means no label."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def prometheus_address(self) -> str:
        return self.environment.get("ARGO_ROLLOUTS_PROMETHEUS_ADDRESS", "")

    @property
    def job_namespace(self) -> str:
        """The namespace for Jobs, if not the run's."""
        return self.environment.get("ARGO_ROLLOUTS_ANALYSIS_JOB_NAMESPACE", "")
