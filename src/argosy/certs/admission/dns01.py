"""Validation of DNS-01 solvers, provider by provider. Source: spec/cert-manager.md sections 8.8 and 10.2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import urlsplit

from argosy.certs.admission.errors import FieldError, forbidden, invalid, required, unsupported
from argosy.machinery.objects import JsonObject

_ENVIRONMENTS: Final = ("AzurePublicCloud", "AzureChinaCloud", "AzureGermanCloud", "AzureUSGovernmentCloud")
_TSIG: Final = ("HMACMD5", "HMACSHA1", "HMACSHA256", "HMACSHA512")
_ONE: Final = "one solver takes one provider"


def validate(solver: JsonObject, path: str) -> Iterator[FieldError]:
    if (strategy := solver.get("cnameStrategy")) not in (None, "", "None", "Follow"):
        yield invalid(f"{path}.cnameStrategy", strategy, "is neither None nor Follow")
    for at, text in enumerate(solver.get("nameservers") or ()):
        if problem := nameserver_problem(text):
            yield invalid(f"{path}.nameservers[{at}]", text, problem)
    count = 0
    for name, check in _PROVIDERS:
        if (config := solver.get(name)) is None:
            continue
        if count and name not in _UNAWARE:
            yield forbidden(f"{path}.{name}", _ONE)
            continue
        count += 1
        yield from check(config, f"{path}.{name}")
    if not count:
        yield required(path, "no DNS01 provider configured")


def nameserver_problem(text: str) -> str:
    """Empty for a valid `address:port`, and for the URL of a DNS-over-HTTPS server."""
    if text.startswith("https://"):
        return "" if urlsplit(text).netloc else "is not an https address of a DNS server (RFC 8484)"
    return "" if split_host_port(text) else "is not written as address:port"


def split_host_port(text: str) -> tuple[str, str] | None:
    """As Go's net.SplitHostPort; None if it cannot be split."""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        return (host, port[1:]) if bracket and port.startswith(":") and ":" not in port[1:] else None
    host, colon, port = text.rpartition(":")
    return (host, port) if colon and ":" not in host and "[" not in text and "]" not in text else None


def _selector(ref: JsonObject | None, path: str) -> Iterator[FieldError]:
    if not (ref or {}).get("name"):
        yield required(f"{path}.name", "the name of the Secret is missing")
    if not (ref or {}).get("key"):
        yield required(f"{path}.key", "the key in the Secret is missing")


def _akamai(config: JsonObject, path: str) -> Iterator[FieldError]:
    for name in ("accessToken", "clientSecret", "clientToken"):
        yield from _selector(config.get(f"{name}SecretRef"), f"{path}.{name}")
    if not config.get("serviceConsumerDomain"):
        yield required(f"{path}.serviceConsumerDomain")


def _azure(config: JsonObject, path: str) -> Iterator[FieldError]:
    secret, identity = config.get("clientSecretSecretRef"), config.get("managedIdentity")
    if config.get("clientID") or config.get("tenantID") or secret is not None:
        yield from _azure_principal(config, path)
    elif identity is not None:
        yield from _azure_identity(identity, f"{path}.managedIdentity")
    for name in ("subscriptionID", "resourceGroupName"):
        if not config.get(name):
            yield required(f"{path}.{name}")
    environment = config.get("environment") or ""
    if environment and environment not in _ENVIRONMENTS:
        yield invalid(f"{path}.environment", environment, f"is none of {', '.join(_ENVIRONMENTS)}")


def _azure_principal(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("clientID"):
        yield required(f"{path}.clientID")
    if config.get("clientSecretSecretRef") is None:
        yield required(f"{path}.clientSecretSecretRef")
    else:
        yield from _selector(config["clientSecretSecretRef"], f"{path}.clientSecretSecretRef")
    if not config.get("tenantID"):
        yield required(f"{path}.tenantID")
    if config.get("managedIdentity") is not None:
        yield forbidden(f"{path}.managedIdentity", "cannot be used beside clientID, clientSecretSecretRef or tenantID")


def _azure_identity(identity: JsonObject, path: str) -> Iterator[FieldError]:
    client, resource, tenant = (identity.get(name) for name in ("clientID", "resourceID", "tenantID"))
    if client and resource:
        yield forbidden(path, "set one of clientID and resourceID")
    if tenant and resource:
        yield forbidden(path, "resourceID takes no tenantID")
    if tenant and not client:
        yield required(path, "a tenantID needs a clientID beside it")


def _cloud_dns(config: JsonObject, path: str) -> Iterator[FieldError]:
    if config.get("serviceAccountSecretRef") is not None:
        yield from _selector(config["serviceAccountSecretRef"], f"{path}.serviceAccountSecretRef")
    if not config.get("project"):
        yield required(f"{path}.project")


def _cloudflare(config: JsonObject, path: str) -> Iterator[FieldError]:
    key, token = config.get("apiKeySecretRef"), config.get("apiTokenSecretRef")
    if key is not None:
        yield from _selector(key, f"{path}.apiKeySecretRef")
    if token is not None:
        yield from _selector(token, f"{path}.apiTokenSecretRef")
    if key is not None and token is not None:
        yield forbidden(path, "set one of apiKeySecretRef and apiTokenSecretRef")
    if key is None and token is None:
        yield required(path, "set one of apiKeySecretRef and apiTokenSecretRef")
    if key is not None and not config.get("email"):
        yield required(f"{path}.email")


def _route53(config: JsonObject, path: str) -> Iterator[FieldError]:
    ref = config.get("accessKeyIDSecretRef")
    if config.get("accessKeyID") and ref is not None:
        yield required(path, "set one of accessKeyID and accessKeyIDSecretRef")
    if ref is not None:
        yield from _selector(ref, f"{path}.accessKeyIDSecretRef")


def _acme_dns(config: JsonObject, path: str) -> Iterator[FieldError]:
    yield from _selector(config.get("accountSecretRef"), f"{path}.accountSecretRef")
    if not config.get("host"):
        yield required(f"{path}.host")


def _digital_ocean(config: JsonObject, path: str) -> Iterator[FieldError]:
    yield from _selector(config.get("tokenSecretRef"), f"{path}.tokenSecretRef")


def _rfc2136(config: JsonObject, path: str) -> Iterator[FieldError]:
    nameserver = config.get("nameserver") or ""
    if not nameserver:
        yield required(f"{path}.nameserver")
    elif dns_server(nameserver) is None:
        message = (
            "nameserver must be set in the form host:port where host is an IPv4 address, an enclosed IPv6 address or a "
            "hostname and port is an optional port number."
        )
        yield invalid(f"{path}.nameserver", nameserver, message)
    algorithm = config.get("tsigAlgorithm") or ""
    if algorithm and algorithm.upper() not in _TSIG:
        yield unsupported(f"{path}.tsigAlgorithm", "", _TSIG)
    secret, name = config.get("tsigSecretSecretRef") or {}, config.get("tsigKeyName")
    if name:
        yield from _selector(secret, f"{path}.tsigSecretSecretRef")
    if secret.get("name") and secret.get("key") and not name:
        yield required(f"{path}.tsigKeyName")


def dns_server(text: str) -> tuple[str, int] | None:
    """Host and port of a DNS server, port 53 by default; None if it is not a server's address."""
    text = text.strip()
    found = split_host_port(text)
    if found is None:
        enclosed = text.startswith("[") and text.endswith("]")
        if (":" in text and not enclosed) or "[" in text.strip("[]"):
            return None
        found = text.strip("[]"), ""
    host, port = found
    if not host:
        return None
    return (host, int(port)) if port.isdigit() else (host, 53)


def _webhook(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("solverName"):
        yield required(f"{path}.solverName", "the name of the webhook's solver is missing")


_PROVIDERS: Final[tuple[tuple[str, Callable[[JsonObject, str], Iterator[FieldError]]], ...]] = (
    ("akamai", _akamai),
    ("azureDNS", _azure),
    ("cloudDNS", _cloud_dns),
    ("cloudflare", _cloudflare),
    ("route53", _route53),
    ("acmeDNS", _acme_dns),
    ("digitalocean", _digital_ocean),
    ("rfc2136", _rfc2136),
    ("webhook", _webhook),
)
"""In upstream's order: the first field that is set counts."""
_UNAWARE: Final = frozenset({"akamai", "acmeDNS"})
"""These do not check for an earlier one, as upstream."""
