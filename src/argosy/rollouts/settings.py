"""Settings of this room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

INSTANCE: Final = "ARGO_ROLLOUTS_INSTANCE_ID"
VERIFY: Final = "ARGO_ROLLOUTS_AWS_VERIFY_TARGET_GROUP"
BINDING_VERSION: Final = "ARGO_ROLLOUTS_AWS_TARGET_GROUP_BINDING_API_VERSION"
TAG: Final = "ARGO_ROLLOUTS_ALB_TAG_KEY_RESOURCE_ID"
RETRY: Final = "ROLLOUT_VERIFY_RETRY_INTERVAL"
SIMULATED: Final = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutSettings:
    namespace: str = "argo-rollouts"
    """The control plane's namespace, with the ConfigMap that names step plug-ins."""
    instance_id: str = ""
    """Only objects with this label value are processed (upstream: --instance-id); if empty, those without the label."""
    verify_target_groups: bool = False
    """Whether AWS load balancers are verified (upstream: --aws-verify-target-group)."""
    binding_version: str = "elbv2.k8s.aws/v1beta1"
    """apiVersion of TargetGroupBindings (upstream: --aws-target-group-binding-api-version)."""
    resource_tag: str = "ingress.k8s.aws/resource"
    """The tag of a target group that names its Ingress and Service (upstream: --alb-tag-key-resource-id)."""
    verify_again: timedelta = timedelta(seconds=10)


USUAL: Final = RolloutSettings()


def settings_of(environment: Mapping[str, str], namespace: str) -> RolloutSettings:
    """Reads variables in place of upstream's flags. Raises ValueError, which names the variable."""
    usual = RolloutSettings(namespace=namespace)
    said = environment.get(VERIFY, "false").lower()
    if said not in ("true", "false", SIMULATED):
        raise ValueError(f"{VERIFY} is {said!r}, not true, false or {SIMULATED}")
    version = environment.get(BINDING_VERSION) or usual.binding_version
    if version.count("/") != 1:
        raise ValueError(f"{BINDING_VERSION} is {version!r}, not GROUP/VERSION")
    seconds = environment.get(RETRY) or "10"
    if not seconds.isdecimal() or not int(seconds):
        raise ValueError(f"{RETRY} is {seconds!r}, not a number of seconds above 0")
    return RolloutSettings(
        namespace=namespace,
        instance_id=environment.get(INSTANCE, ""),
        verify_target_groups=said != "false",
        binding_version=version,
        resource_tag=environment.get(TAG) or usual.resource_tag,
        verify_again=timedelta(seconds=int(seconds)),
    )
