"""cluster.SettingsService: settings for pages and clients, with more details for signed-in users."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml

from argosy.machinery.objects import JsonObject
from argosy.machinery.text.yaml import YamlError, load
from argosy.server.appearance import help_of
from argosy.server.calls import Call, Route, nothing, sign_in
from argosy.server.context import ServerContext
from argosy.server.schema.go_json import ignored_yaml
from argosy.server.sessions.accounts import LOGIN, Account

PASSWORD_PATTERN: Final = "^.{8,32}$"  # noqa: S105  # what passwords must look like
PREFIX: Final = "resource.customizations."
CRD: Final = "apiextensions.k8s.io/CustomResourceDefinition"


def settings_routes(context: ServerContext) -> dict[str, Route]:
    service = SettingsService(context)
    return {
        "cluster.SettingsService/Get": Route(needs=nothing(), unary=service.get),
        "cluster.SettingsService/GetPlugins": Route(needs=sign_in(), unary=service.plugins),
    }


def password_pattern(settings: Mapping[str, str]) -> str:
    return settings.get("passwordPattern") or PASSWORD_PATTERN


def has_local_sign_in(accounts: Iterable[Account]) -> bool:
    """Whether some account may sign in with its password."""
    return any(one.enabled and LOGIN in one.capabilities for one in accounts)


def provider_name(settings: Mapping[str, str]) -> str | None:
    """The name of the single sign-on provider for people; None without one."""
    if oidc := _mapping(settings.get("oidc.config")):
        return str(oidc.get("name") or "SSO")
    if dex := _mapping(settings.get("dex.config")):
        names = [one["name"] for one in _dex(dex, settings)["connectors"]]
        return names[0] if len(names) == 1 and names[0] else "SSO"
    return None


class SettingsService:
    def __init__(self, context: ServerContext) -> None:
        self._context = context

    async def get(self, call: Call) -> JsonObject:
        found = self._public()
        settings = self._context.configuration.settings
        if call.caller.signed_in:
            found |= {
                "uiBannerContent": settings.get("ui.bannercontent", ""),
                "uiBannerURL": settings.get("ui.bannerurl", ""),
                "uiBannerPermanent": settings.get("ui.bannerpermanent") == "true",
                "uiBannerPosition": settings.get("ui.bannerposition", ""),
                "controllerNamespace": self._context.namespace,
                "resourceOverrides": overrides(settings),
                "passwordPattern": password_pattern(settings),
            }
        return found

    def _public(self) -> JsonObject:
        configuration = self._context.configuration
        settings, parameters = configuration.settings, configuration.parameters
        accounts = self._context.authentication.accounts.values()
        found: JsonObject = {
            "url": configuration.url,
            "additionalUrls": _list(settings.get("additionalUrls")),
            "appLabelKey": settings.get("application.instanceLabelKey") or "app.kubernetes.io/instance",
            "statusBadgeEnabled": settings.get("statusbadge.enabled") == "true",
            "statusBadgeRootUrl": settings.get("statusbadge.url", ""),
            "googleAnalytics": {
                "trackingID": settings.get("ga.trackingid", ""),
                "anonymizeUsers": settings.get("ga.anonymizeusers") != "false",
            },
            "kustomizeOptions": {"BuildOptions": settings.get("kustomize.buildOptions", "")},
            "help": _help(settings),
            "userLoginsDisabled": not has_local_sign_in(accounts),
            "kustomizeVersions": [
                key.removeprefix("kustomize.path.").removeprefix("kustomize.version.")
                for key in sorted(settings)
                if key.startswith(("kustomize.path.", "kustomize.version."))
            ],
            "uiCssURL": settings.get("ui.cssurl", ""),
            "uiLoginButtonText": settings.get("ui.loginButtonText", ""),
            "trackingMethod": settings.get("application.resourceTrackingMethod") or "annotation",
            "installationID": settings.get("installationID", ""),
            "execEnabled": settings.get("exec.enabled") == "true",
            "appsInAnyNamespaceEnabled": bool(parameters.get("application.namespaces")),
            "impersonationEnabled": settings.get("application.sync.impersonation.enabled") == "true",
            "hydratorEnabled": parameters.get("hydrator.enabled") == "true",
            "syncWithReplaceAllowed": parameters.get("server.sync.replace.allowed") != "false",
            "resourceViewEnabled": settings.get("ui.resourceViewEnabled", "true") != "false",
        }
        if oidc := _mapping(settings.get("oidc.config")):
            found["oidcConfig"] = _oidc(oidc)
        if dex := _mapping(settings.get("dex.config")):
            found["dexConfig"] = _dex(dex, settings)
        return found

    async def plugins(self, call: Call) -> JsonObject:
        documents = self._context.gitops.plane.plugins
        names = sorted(str((item.get("metadata") or {}).get("name") or "") for item in documents)
        return {"plugins": [{"name": name} for name in names if name]}


def overrides(settings: Mapping[str, str]) -> JsonObject:
    """Resource customizations by `<group>/<kind>`, for clients that compare by themselves."""
    found: dict[str, JsonObject] = {
        str(name): {**value, **{key: ignored_yaml(_mapping(value.get(key))) for key in IGNORED}}
        for name, value in _mapping(settings.get("resource.customizations")).items()
        if isinstance(value, dict)
    }
    for key, text in settings.items():
        what, dot, name = key.removeprefix(PREFIX).partition(".")
        if key.startswith(PREFIX) and dot and what:
            group, _, kind = name.rpartition("_")
            _put(found.setdefault(f"{group}/{kind}".strip("/").replace("all/all", "*/*") or "*/*", {}), what, text)
    _ignore_status(found, settings)
    for entry in found.values():
        for key in IGNORED:
            entry[key] = ignored_yaml(_mapping(entry.get(key)))
    return dict(found)


IGNORED: Final = ("ignoreDifferences", "ignoreResourceUpdates")


def _put(entry: JsonObject, what: str, text: str) -> None:
    match what:
        case "health":
            entry["health.lua"] = text
        case "useOpenLibs":
            entry["health.lua.useOpenLibs"] = text == "true"
        case "actions" | "ignoreDifferences" | "ignoreResourceUpdates":
            entry[what] = text
        case "knownTypeFields":
            entry[what] = _list(text)


def _ignore_status(found: dict[str, JsonObject], settings: Mapping[str, str]) -> None:
    option = _mapping(settings.get("resource.compareoptions")).get("ignoreResourceStatusField", "all")
    if option in ("none", "off", False, "false"):
        return
    entry = found.setdefault(CRD if option == "crd" else "*/*", {})
    ignored = _mapping(entry.get("ignoreDifferences"))
    ignored["jsonPointers"] = [*(ignored.get("jsonPointers") or []), "/status"]
    entry["ignoreDifferences"] = yaml.safe_dump(ignored)


def _help(settings: Mapping[str, str]) -> JsonObject:
    found = help_of(settings)
    return {"chatUrl": found["chatUrl"], "chatText": found["chatText"], "binaryUrls": found["downloads"]}


def _oidc(given: JsonObject) -> JsonObject:
    return {
        "name": given.get("name") or "",
        "issuer": given.get("issuer") or "",
        "clientID": given.get("clientID") or "",
        "cliClientID": given.get("cliClientID") or "",
        "scopes": given.get("requestedScopes") or [],
        "idTokenClaims": given.get("requestedIDTokenClaims") or {},
        "enablePKCEAuthentication": given.get("enablePKCEAuthentication") is True,
    }


def _dex(given: JsonObject, settings: Mapping[str, str]) -> JsonObject:
    connectors = [
        {"name": str(item.get("name") or ""), "type": str(item.get("type") or ""), "id": str(item.get("id") or "")}
        for item in given.get("connectors") or ()
        if isinstance(item, dict)
    ]
    chosen = settings.get("dex.auth.connector.id", "")
    known = any(item["id"] == chosen for item in connectors)
    return {"connectors": connectors, **({"dexAuthConnectorID": chosen} if chosen and known else {})}


def _mapping(text: Any) -> JsonObject:
    if isinstance(text, dict):
        return dict(text)
    found = _loaded(text)
    return dict(found) if isinstance(found, dict) else {}


def _list(text: Any) -> list[Any]:
    found = _loaded(text)
    return list(found) if isinstance(found, list) else []


def _loaded(text: Any) -> Any:
    try:
        return load(str(text).encode()) if text else None
    except YamlError:
        return None
