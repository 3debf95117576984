"""The keystores of a Certificate, made of its chain and a password. Source: spec/cert-manager.md section 6.3."""

from __future__ import annotations

from argosy.apis.certmanager.certificate import JksKeystore, Keystores, Pkcs12Keystore
from argosy.apis.certmanager.shared import SecretKeyRef
from argosy.certs.pki import certificates, jks, keys, pkcs12, subject
from argosy.machinery.controller import Hidden

DEFAULT_ALIAS = "certificate"


def wanted(stores: Keystores | None) -> tuple[JksKeystore | Pkcs12Keystore, ...]:
    """The keystores to create."""
    both = (stores.pkcs12, stores.jks) if stores else ()
    return tuple(one for one in both if one is not None and one.create)


def password_refs(stores: Keystores | None) -> tuple[tuple[str, SecretKeyRef], ...]:
    """Kinds of keystores and the references to their passwords, for those without a literal password."""
    return tuple(
        ("JKS" if isinstance(one, JksKeystore) else "PKCS12", one.password_secret_ref)
        for one in wanted(stores)
        if one.password is None and one.password_secret_ref
    )


def encode(
    stores: Keystores | None, passwords: dict[tuple[str, str], Hidden], *, key: bytes, certificate: bytes, ca: bytes
) -> dict[str, bytes]:
    """The entries of the Secret. `passwords` by (name, key) of their references."""
    made: dict[str, bytes] = {}
    for store in wanted(stores):
        password = _password(store, passwords)
        chain = certificates.chain_of(certificate)
        cas = certificates.chain_of(ca) if ca else ()
        pkcs8 = keys.encode_der(keys.load(key, checked=False))
        if isinstance(store, JksKeystore):
            made |= _jks(store, password, pkcs8, chain, cas)
        else:
            made |= _pkcs12(store, password, pkcs8, chain, cas)
    return made


def _password(store: JksKeystore | Pkcs12Keystore, passwords: dict[tuple[str, str], Hidden]) -> str:
    if store.password is not None:
        return store.password
    assert store.password_secret_ref is not None
    value = passwords[store.password_secret_ref.name, store.password_secret_ref.key].value
    return value.decode() if isinstance(value, bytes) else value


def _jks(
    store: JksKeystore,
    password: str,
    key: bytes,
    chain: tuple[certificates.X509, ...],
    cas: tuple[certificates.X509, ...],
) -> dict[str, bytes]:
    at = chain[0].not_before
    trusted = [one.der_bytes for one in cas]
    made = {
        "keystore.jks": jks.keystore(
            key=key,
            chain=[one.der_bytes for one in chain],
            cas=trusted,
            alias=store.alias or DEFAULT_ALIAS,
            password=password,
            at=at,
        )
    }
    if cas:
        made["truststore.jks"] = jks.truststore(cas=trusted, password=password, at=at)
    return made


def _pkcs12(
    store: Pkcs12Keystore,
    password: str,
    key: bytes,
    chain: tuple[certificates.X509, ...],
    cas: tuple[certificates.X509, ...],
) -> dict[str, bytes]:
    made = {
        "keystore.p12": pkcs12.keystore(
            key=key,
            chain=[one.der_bytes for one in chain],
            cas=[one.der_bytes for one in cas],
            password=password,
            profile=store.profile,
        )
    }
    if cas:
        named = [(subject.spelled(one.names), one.der_bytes) for one in cas]
        made["truststore.p12"] = pkcs12.truststore(cas=named, seed=key, password=password, profile=store.profile)
    return made
