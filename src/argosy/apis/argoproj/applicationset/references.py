"""What a generator refers to: labels of objects, one key of a Secret or a ConfigMap."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.schema import Object, Rules, schema

ATOMIC_LIST = Rules({"x-kubernetes-list-type": "atomic"})
ATOMIC_MAP = Rules({"x-kubernetes-map-type": "atomic"})


@schema
class SelectorExpression:
    """One condition of a label selector."""

    key: str
    operator: str
    values: Annotated[tuple[str, ...], ATOMIC_LIST] = ()


@schema
class Selector(Object):
    """A label selector."""

    match_expressions: Annotated[tuple[SelectorExpression, ...], ATOMIC_LIST] = ()
    match_labels: dict[str, str] | None = None


@schema
class SecretRef(Object):
    """One key of a Secret."""

    key: str
    secret_name: str


@schema
class ConfigMapKeyRef(Object):
    """One key of a ConfigMap."""

    config_map_name: str
    key: str


@schema
class BasicAuth:
    """A user and a password in a Secret."""

    password_ref: SecretRef
    username: str


@schema
class BearerToken:
    """A token in a Secret."""

    token_ref: SecretRef


@schema
class ProviderCredentials:
    """The fields by which providers name credentials, an address and certificates; each provider has some of them."""

    access_token_ref: SecretRef | None = None
    api: str = ""
    app_password_ref: SecretRef | None = None
    app_secret_name: str = ""
    basic_auth: BasicAuth | None = None
    bearer_token: BearerToken | None = None
    ca_ref: ConfigMapKeyRef | None = None
    insecure: bool = False
    token_ref: SecretRef | None = None
