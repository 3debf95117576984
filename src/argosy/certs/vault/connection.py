"""How to reach a Vault issuer's server and log in to it, from its spec and the Secrets that it refers to.

Source: spec/cert-manager.md sections 1.3 and 7.5.
"""

from __future__ import annotations

from typing import Final

from argosy.apis.certmanager.issuer import AnyIssuer, VaultIssuer
from argosy.apis.certmanager.shared import SecretKeyRef
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.acme.login import bundle_of
from argosy.certs.issuer_lookup import ambient_allowed, secrets_namespace
from argosy.certs.settings import Settings
from argosy.certs.vault.ports import ByAppRole, ByAws, ByClientCertificate, ByKubernetes, ByToken, Connection, Login
from argosy.machinery.controller import Hidden, Snapshot
from argosy.machinery.objects import Key

_AWS_AUDIENCE: Final = "sts.amazonaws.com"


class Incomplete(Exception):
    """The issuer cannot be used; the message says what is missing. A change of the issuer or a Secret fixes it."""


def connection_of(snapshot: Snapshot, issuer: AnyIssuer, settings: Settings) -> Connection:
    """Raises Incomplete."""
    spec = issuer.spec.vault
    assert spec is not None
    reader = _Reader(snapshot, secrets_namespace(issuer, settings))
    return Connection(
        server=spec.server.rstrip("/"),
        namespace=spec.namespace,
        server_name=spec.server_name,
        ca_bundle=_bundle(spec, reader),
        client_certificate=reader.optional(spec.client_cert_secret_ref, "tls.crt"),
        client_key=reader.optional(spec.client_key_secret_ref, "tls.key"),
        login=_login(issuer, spec, reader, settings),
    )


class _Reader:
    def __init__(self, snapshot: Snapshot, namespace: str) -> None:
        self._snapshot, self.namespace = snapshot, namespace

    def value(self, ref: SecretKeyRef, default: str) -> Hidden:
        secret = self._snapshot.get(Secret, Key(self.namespace, ref.name))
        if secret is None:
            raise Incomplete(f'secrets "{ref.name}" not found')
        found = secret.value(ref.key or default)
        if not found:
            raise Incomplete(f'Secret {self.namespace}/{ref.name} has no key "{ref.key or default}"')
        return Hidden(found)

    def optional(self, ref: SecretKeyRef | None, default: str) -> Hidden | None:
        return self.value(ref, default) if ref is not None else None


def _bundle(spec: VaultIssuer, reader: _Reader) -> str:
    if spec.ca_bundle_secret_ref is None:
        return bundle_of(spec.ca_bundle)
    found = reader.value(spec.ca_bundle_secret_ref, "ca.crt").value
    return found.decode("ascii", "replace") if isinstance(found, bytes) else found


def _login(issuer: AnyIssuer, spec: VaultIssuer, reader: _Reader, settings: Settings) -> Login:
    auth = spec.auth
    given = [
        name
        for name, one in (
            ("tokenSecretRef", auth.token_secret_ref),
            ("appRole", auth.app_role),
            ("clientCertificate", auth.client_certificate),
            ("kubernetes", auth.kubernetes),
            ("aws", auth.aws),
        )
        if one is not None
    ]
    if len(given) != 1:
        found = f"it names {' and '.join(given)}" if given else "it names none"
        raise Incomplete(f"spec.vault.auth: exactly one way to sign in is needed; {found}")
    if auth.token_secret_ref is not None:
        return ByToken(reader.value(auth.token_secret_ref, "token"))
    if auth.app_role is not None:
        role = auth.app_role
        return ByAppRole(role.path or "approle", role.role_id, reader.value(role.secret_ref, "secretId"))
    if auth.client_certificate is not None:
        return _by_certificate(spec, reader)
    if auth.kubernetes is not None:
        return _by_kubernetes(issuer, spec, reader)
    return _by_aws(issuer, spec, reader.namespace, settings)


def _by_certificate(spec: VaultIssuer, reader: _Reader) -> ByClientCertificate:
    given = spec.auth.client_certificate
    assert given is not None
    if given.secret_name:
        pair = (
            SecretKeyRef(name=given.secret_name, key="tls.crt"),
            SecretKeyRef(name=given.secret_name, key="tls.key"),
        )
    elif spec.client_cert_secret_ref is not None and spec.client_key_secret_ref is not None:
        pair = spec.client_cert_secret_ref, spec.client_key_secret_ref
    else:
        raise Incomplete("spec.vault.auth.clientCertificate.secretName: a certificate and its key are needed")
    certificate, key = reader.value(pair[0], "tls.crt"), reader.value(pair[1], "tls.key")
    return ByClientCertificate(_mount(given.mount_path, "cert"), given.name, certificate, key)


def _by_kubernetes(issuer: AnyIssuer, spec: VaultIssuer, reader: _Reader) -> ByKubernetes:
    given = spec.auth.kubernetes
    assert given is not None
    mount = _mount(given.mount_path, "kubernetes")
    if given.service_account_ref is not None:
        place = f"{issuer.metadata.namespace}/" if issuer.metadata.namespace else ""
        own = f"vault://{place}{issuer.metadata.name}"
        audiences = (*given.service_account_ref.audiences, own, spec.server)
        account = given.service_account_ref.name
        return ByKubernetes(mount, given.role, None, reader.namespace, account, audiences)
    if given.secret_ref is None:
        raise Incomplete("spec.vault.auth.kubernetes: secretRef or serviceAccountRef is needed")
    return ByKubernetes(mount, given.role, reader.value(given.secret_ref, "token"))


def _by_aws(issuer: AnyIssuer, spec: VaultIssuer, namespace: str, settings: Settings) -> ByAws:
    given = spec.auth.aws
    assert given is not None
    mount = _mount(given.mount_path, "aws")
    if given.service_account_ref is None:
        if not ambient_allowed(issuer, settings):
            raise Incomplete(
                "spec.vault.auth.aws.serviceAccountRef: the machine's own credentials may not be used for this issuer"
            )
        return ByAws(mount, given.role, given.region, given.vault_header_value)
    if not given.iam_role_arn:
        raise Incomplete("spec.vault.auth.aws.iamRoleArn: a serviceAccountRef needs the role it takes")
    account = given.service_account_ref
    audiences = (_AWS_AUDIENCE, *account.audiences)
    header = given.vault_header_value
    return ByAws(mount, given.role, given.region, header, given.iam_role_arn, namespace, account.name, audiences)


def _mount(path: str, default: str) -> str:
    """`/v1/auth/<mount>` as upstream, or the mount alone."""
    return path.strip("/").removeprefix("v1/").removeprefix("auth/") or default
