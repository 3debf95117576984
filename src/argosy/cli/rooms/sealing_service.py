"""The Service that unmodified clients of Sealed Secrets call, through the API server's proxy."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from argosy.cli.failing import CommandError
from argosy.machinery.objects import JsonObject

if TYPE_CHECKING:
    from argosy.sealing.settings import Settings

SERVICE_PORT: Final = 8080


def settings(environ: Mapping[str, str]) -> Settings:
    """Raises CommandError."""
    from argosy.sealing.settings import SettingError, settings_of

    try:
        return settings_of(environ)
    except SettingError as error:
        raise CommandError(str(error)) from None


def sealing_service(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Namespace and name. Raises CommandError."""
    found = settings(os.environ if environ is None else environ)
    return found.namespace, found.service


def service_objects(environ: Mapping[str, str] | None = None) -> list[JsonObject]:
    """What an unmodified client needs: the Service, and every user's permission to call it through the proxy."""
    found = settings(os.environ if environ is None else environ)
    namespace, name = found.namespace, found.service
    proxier = "sealed-secrets-service-proxier"
    metadata: JsonObject = {"name": proxier, "namespace": namespace}
    group = "rbac.authorization.k8s.io"
    names = [f"http:{name}:", f"http:{name}:http", name]
    rules: list[JsonObject] = [
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get"], "resourceNames": [name]},
        {"apiGroups": [""], "resources": ["services/proxy"], "verbs": ["create", "get"], "resourceNames": names},
    ]
    role: dict[str, Any] = {"apiGroup": group, "kind": "Role", "name": proxier}
    subject: dict[str, Any] = {"apiGroup": group, "kind": "Group", "name": "system:authenticated"}
    port: JsonObject = {"name": "http", "port": SERVICE_PORT, "targetPort": SERVICE_PORT}
    return [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"ports": [port]},
        },
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [subject],
        },
    ]
