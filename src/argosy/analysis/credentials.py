"""Which Secret or ConfigMap configures a provider, and its contents. spec/rollouts-analysis-traffic.md 11.6."""

from __future__ import annotations

import json
from typing import Any, Final

from argosy.analysis.settings import AnalysisSettings
from argosy.apis.kubernetes.views.core import ConfigMap, Secret
from argosy.apis.rollouts.metrics import Metric
from argosy.machinery.controller import Hidden, Snapshot
from argosy.machinery.objects import Key
from argosy.machinery.text import yaml

CONFIG: Final = "argo-rollouts-config"
PLUGINS: Final = "metricProviderServices"
"""The key in that ConfigMap: `[{name, url}]`. Upstream's `metricProviderPlugins` are programs, which are not run."""
NONE: Final = Hidden("null")
_DATADOG: Final = {"api-key": "DD_API_KEY", "app-key": "DD_APP_KEY", "address": "DD_ADDRESS"}


def credentials_of(snapshot: Snapshot, metric: Metric, namespace: str, settings: AnalysisSettings) -> Hidden:
    """JSON: a map of texts, or null if the Secret does not exist."""
    spec: Any = metric.provider.get(metric.provider_name) or {}
    if metric.provider_name == "datadog":
        return _datadog(snapshot, spec, namespace, settings)
    if metric.provider_name == "plugin":
        return _plugins(snapshot, settings)
    name = {
        "newRelic": spec.get("profile") or "newrelic",
        "influxdb": spec.get("profile") or "influxdb",
        "wavefront": "wavefront-api-tokens",
    }.get(metric.provider_name)
    return _read(snapshot, Key(settings.namespace, str(name))) if name else NONE


def _datadog(snapshot: Snapshot, spec: Any, namespace: str, settings: AnalysisSettings) -> Hidden:
    """A named Secret; else the environment, if it is complete; else the Secret `datadog`."""
    reference = spec.get("secretRef") or {}
    name = str(reference.get("name") or "")
    if name:
        return _read(snapshot, Key(namespace if reference.get("namespaced") else settings.namespace, name))
    if all(variable in settings.environment for variable in _DATADOG.values()):
        return Hidden(json.dumps({key: settings.environment[variable] for key, variable in _DATADOG.items()}))
    return _read(snapshot, Key(settings.namespace, "datadog"))


def _read(snapshot: Snapshot, key: Key) -> Hidden:
    secret = snapshot.get(Secret, key)
    if secret is None:
        return NONE
    values = {name: (secret.value(name) or b"").decode("utf-8", "replace") for name in secret.data}
    return Hidden(json.dumps(values, sort_keys=True))


def _plugins(snapshot: Snapshot, settings: AnalysisSettings) -> Hidden:
    """The URL of each plug-in by its name; an invalid entry is left out."""
    found = snapshot.get(ConfigMap, Key(settings.namespace, CONFIG))
    try:
        listed = yaml.load((found.data if found is not None else {}).get(PLUGINS, ""))
    except yaml.YamlError:
        listed = None
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    urls = {str(one["name"]): str(one["url"]) for one in entries if one.get("name") and one.get("url")}
    return Hidden(json.dumps(urls, sort_keys=True))
