"""Validation of Issuers and ClusterIssuers. Source: spec/cert-manager.md section 10.2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from argosy.certs.admission import dns01
from argosy.certs.admission.errors import FieldError, forbidden, invalid, required
from argosy.certs.base64_text import decoded
from argosy.certs.pki import certificates, pem
from argosy.machinery import duration, names
from argosy.machinery.objects import JsonObject

_DOTS: Final = "a path may not climb with '..'"
_KEY_ALGORITHM: Final = (
    "ACME external account binding: the field keyAlgorithm is deprecated and has no effect; the algorithm is HS256"
)


def validate(spec: JsonObject) -> tuple[list[FieldError], list[str]]:
    """Errors and warnings."""
    errors: list[FieldError] = []
    present = [(name, check) for name, check in _TYPES if spec.get(name) is not None]
    for at, (name, check) in enumerate(present):
        if at:
            errors.append(forbidden(f"spec.{name}", "may not specify more than one issuer type"))
        else:
            errors += check(spec[name], f"spec.{name}")
    if not present:
        errors.append(required("spec", "at least one issuer must be configured"))
    binding = (spec.get("acme") or {}).get("externalAccountBinding") or {}
    warned = bool(present) and present[0][0] == "acme" and bool(binding.get("keyAlgorithm"))
    return errors, [_KEY_ALGORITHM] if warned else []


def _acme(config: JsonObject, path: str) -> Iterator[FieldError]:
    bundle, skip = config.get("caBundle") or "", bool(config.get("skipTLSVerify"))
    if bundle and skip:
        message = "skipTLSVerify makes a caBundle useless: set one of them"
        yield invalid(f"{path}.caBundle", "", message)
        yield invalid(f"{path}.skipTLSVerify", skip, message)
    if bundle and not _is_bundle(bundle):
        yield invalid(f"{path}.caBundle", "", "holds no certificate")
    if not (config.get("privateKeySecretRef") or {}).get("name"):
        yield required(f"{path}.privateKeySecretRef.name", "private key secret name is a required field")
    if not config.get("server"):
        yield required(f"{path}.server", "acme server URL is a required field")
    if (binding := config.get("externalAccountBinding")) is not None:
        below = f"{path}.externalAccountBinding"
        if not binding.get("keyID"):
            yield required(f"{below}.keyID", "an externalAccountBinding needs the id of its key")
        yield from _selector(binding.get("keySecretRef"), f"{below}.keySecretRef")
    for at, solver in enumerate(config.get("solvers") or ()):
        yield from solver_errors(solver, f"{path}.solvers[{at}]")


def _is_bundle(text: str) -> bool:
    try:
        return bool(certificates.chain_of(decoded(text), pem.LARGEST_BUNDLE))
    except certificates.CertificateError:
        return False


def _selector(ref: JsonObject | None, path: str) -> Iterator[FieldError]:
    if not (ref or {}).get("name"):
        yield required(f"{path}.name", "the name of the Secret is missing")
    if not (ref or {}).get("key"):
        yield required(f"{path}.key", "the key in the Secret is missing")


def solver_errors(solver: JsonObject, path: str) -> Iterator[FieldError]:
    http01, dns = solver.get("http01"), solver.get("dns01")
    if http01 is not None:
        yield from _http01(http01, f"{path}.http01")
    if dns is not None:
        if http01 is not None:
            yield forbidden(path, "one solver takes one of http01 and dns01")
        else:
            yield from dns01.validate(dns, f"{path}.dns01")
    if http01 is None and dns is None:
        yield required(path, "no solver type configured")
    wait = solver.get("waitInsteadOfSelfCheck")
    if wait and str(wait).startswith("-") and _nanoseconds(wait) < 0:
        yield invalid(f"{path}.waitInsteadOfSelfCheck", wait, "a time to wait is not negative")


def _nanoseconds(text: Any) -> int:
    try:
        return duration.nanoseconds(str(text))
    except duration.DurationError:
        return 0


def _http01(config: JsonObject, path: str) -> Iterator[FieldError]:
    ingress, route = config.get("ingress"), config.get("gatewayHTTPRoute")
    if ingress is not None:
        yield from _ingress(ingress, f"{path}.ingress")
    if route is not None:
        yield from _gateway(route, f"{path}.gateway")
    if ingress is None and route is None:
        yield required(path, "no HTTP01 solver type configured")
    if ingress is not None and route is not None:
        yield required(path, "set one of ingress and gatewayHTTPRoute")


def _ingress(config: JsonObject, path: str) -> Iterator[FieldError]:
    ways = [config.get("class") is not None, config.get("ingressClassName") is not None, bool(config.get("name"))]
    if sum(ways) > 1:
        yield forbidden(path, "set one of ingressClassName, name and class")
    if (name := config.get("ingressClassName")) is not None and (problems := names.dns_subdomain(name)):
        message = f"is not the name of an IngressClass: {', '.join(problems)}"
        yield invalid(f"{path}.ingressClassName", name, message)
    yield from _service_type(config, path)


def _service_type(config: JsonObject, path: str) -> Iterator[FieldError]:
    kind = config.get("serviceType") or ""
    if kind not in ("", "ClusterIP", "NodePort"):
        yield invalid(f"{path}.serviceType", kind, "is neither ClusterIP nor NodePort")


def _gateway(config: JsonObject, path: str) -> Iterator[FieldError]:
    yield from _service_type(config, path)
    for at, ref in enumerate(config.get("parentRefs") or ()):
        name, kind = ref.get("name") or "", ref.get("kind")
        if kind is not None and not name:
            yield required(f"{path}.parentRefs[{at}].name", "a kind needs a name beside it")
            return
        if name and kind is None:
            yield required(f"{path}.parentRefs[{at}].kind", "a name needs a kind beside it")
            return


def _ca(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("secretName"):
        yield required(f"{path}.secretName")
    for at, url in enumerate(config.get("ocspServers") or ()):
        if not url:
            yield invalid(f"{path}.ocspServer[{at}]", url, "is not a URL such as http://ocsp.example.com")
    for at, url in enumerate(config.get("issuingCertificateURLs") or ()):
        if not url:
            yield invalid(f"{path}.issuingCertificateURLs[{at}]", url, "is not a URL")


def _self_signed(config: JsonObject, path: str) -> Iterator[FieldError]:
    return iter(())


def _vault(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("server"):
        yield required(f"{path}.server")
    where = config.get("path") or ""
    if not where:
        yield required(f"{path}.path")
    elif _climbs(where):
        yield invalid(f"{path}.path", where, _DOTS)
    bundle, ref = config.get("caBundle") or "", config.get("caBundleSecretRef")
    if bundle and not _is_bundle(bundle):
        yield invalid(f"{path}.caBundle", "<snip>", "holds no certificate")
    if bundle and ref is not None:
        yield invalid(f"{path}.caBundle", "<snip>", "set one of caBundle and caBundleSecretRef")
        message = "set one of caBundle and caBundleSecretRef"
        yield invalid(f"{path}.caBundleSecretRef", ref.get("name") or "", message)
    certificate, key = config.get("clientCertSecretRef"), config.get("clientKeySecretRef")
    if (certificate is None) != (key is None):
        missing, there = ("Key", "Cert") if key is None else ("Cert", "Key")
        message = f"client{there}SecretRef needs client{missing}SecretRef beside it"
        yield invalid(f"{path}.client{missing}SecretRef", "<snip>", message)
    yield from _vault_auth(config.get("auth") or {}, f"{path}.auth")


def _climbs(path: str) -> bool:
    return ".." in path.split("/")


def _vault_auth(auth: JsonObject, path: str) -> Iterator[FieldError]:
    ways = ("tokenSecretRef", "appRole", "clientCertificate", "kubernetes", "aws")
    if (role := auth.get("appRole")) is not None:
        if not role.get("roleId"):
            yield required(f"{path}.appRole.roleId")
        if not (role.get("secretRef") or {}).get("name"):
            yield required(f"{path}.appRole.secretRef.name")
        if _climbs(role.get("path") or ""):
            yield invalid(f"{path}.appRole.path", role["path"], _DOTS)
    if (client := auth.get("clientCertificate")) is not None and _climbs(client.get("mountPath") or ""):
        yield invalid(f"{path}.clientCertificate.path", client["mountPath"], _DOTS)
    if (kubernetes := auth.get("kubernetes")) is not None:
        yield from _vault_kubernetes(kubernetes, f"{path}.kubernetes")
    if (aws := auth.get("aws")) is not None:
        yield from _vault_aws(aws, f"{path}.aws")
    if all(auth.get(way) is None for way in ways):
        yield required(path, "please supply one of: appRole, kubernetes, tokenSecretRef, clientCertificate, aws")


def _vault_kubernetes(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("role"):
        yield required(f"{path}.role")
    if _climbs(config.get("mountPath") or ""):
        yield invalid(f"{path}.path", config["mountPath"], _DOTS)
    account = config.get("serviceAccountRef")
    has_secret = bool((config.get("secretRef") or {}).get("name"))
    if account is not None and not account.get("name"):
        yield required(f"{path}.serviceAccountRef.name")
    if not has_secret and account is None:
        yield required(path, "set one of secretRef and serviceAccountRef")
    if has_secret and account is not None:
        yield forbidden(path, "set one of secretRef and serviceAccountRef")


def _vault_aws(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("role"):
        yield required(f"{path}.role")
    if _climbs(config.get("mountPath") or ""):
        yield invalid(f"{path}.mountPath", config["mountPath"], _DOTS)
    if (account := config.get("serviceAccountRef")) is not None:
        if not account.get("name"):
            yield required(f"{path}.serviceAccountRef.name")
        if not config.get("iamRoleArn"):
            yield required(f"{path}.iamRoleArn", "a serviceAccountRef needs the role it takes")


def _venafi(config: JsonObject, path: str) -> Iterator[FieldError]:
    if not config.get("zone"):
        yield required(f"{path}.zone")
    tpp, ngts = config.get("tpp"), config.get("ngts")
    if tpp is not None:
        if not tpp.get("url"):
            yield required(f"{path}.tpp.url")
        if tpp.get("caBundle") and tpp.get("caBundleSecretRef") is not None:
            yield forbidden(f"{path}.tpp", "set one of caBundle and caBundleSecretRef")
    if ngts is not None:
        if not ngts.get("tsgID"):
            yield required(f"{path}.ngts.tsgID")
        if not (ngts.get("credentialsRef") or {}).get("name"):
            yield required(f"{path}.ngts.credentialsRef.name")
    count = sum(config.get(name) is not None for name in ("tpp", "cloud", "ngts"))
    if count == 0:
        yield required(path, "set one of tpp, cloud and ngts")
    if count > 1:
        yield forbidden(path, "set one of tpp, cloud and ngts")


_TYPES: Final[tuple[tuple[str, Callable[[JsonObject, str], Iterator[FieldError]]], ...]] = (
    ("acme", _acme),
    ("ca", _ca),
    ("selfSigned", _self_signed),
    ("vault", _vault),
    ("venafi", _venafi),
)
"""In upstream's order: the first field that is set counts."""
