"""Certificate: what to certify, by which issuer, into which Secret, and its status."""

from __future__ import annotations

from dataclasses import field
from typing import Annotated

from argosy.apis.certmanager.shared import (
    Condition,
    IsCa,
    IssuerRef,
    Object,
    ObjectMeta,
    SecretKeyRef,
    condition_of,
    is_true,
)
from argosy.apis.schema import FreeObject, Name, Time, resource, schema


@schema
class SecretTemplate:
    """Labels and annotations for the Secret in addition to the managed ones."""

    annotations: FreeObject = field(default_factory=dict)
    labels: FreeObject = field(default_factory=dict)


@schema
class Subject:
    """Parts of the subject name other than the common name."""

    organizations: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    organizational_units: tuple[str, ...] = ()
    localities: tuple[str, ...] = ()
    provinces: tuple[str, ...] = ()
    street_addresses: tuple[str, ...] = ()
    postal_codes: tuple[str, ...] = ()
    serial_number: str = ""


@schema
class OtherName:
    """A subject alternative name of any type, as UTF-8 text."""

    oid: str = ""
    utf8_value: str = ""


@schema
class NameConstraintItem:
    """Names that a CA may, or may not, certify."""

    dns_domains: tuple[str, ...] = ()
    ip_ranges: tuple[str, ...] = ()
    email_addresses: tuple[str, ...] = ()
    uri_domains: tuple[str, ...] = ()


@schema
class NameConstraints:
    """Name constraints of a CA certificate."""

    critical: bool = False
    permitted: NameConstraintItem | None = None
    excluded: NameConstraintItem | None = None


@schema
class PrivateKey:
    """The key: empty values mean RSA, 2048 bits (ECDSA: 256), PKCS1, Always."""

    algorithm: str = ""
    size: int = 0
    encoding: str = ""
    rotation_policy: str = ""


@schema
class JksKeystore:
    """keystore.jks and truststore.jks."""

    create: bool = False
    alias: str | None = None
    password_secret_ref: SecretKeyRef | None = None
    password: str | None = None


@schema
class Pkcs12Keystore:
    """keystore.p12 and truststore.p12."""

    create: bool = False
    profile: str = ""
    password_secret_ref: SecretKeyRef | None = None
    password: str | None = None


@schema
class Keystores:
    """Keystores for Java."""

    jks: JksKeystore | None = None
    pkcs12: Pkcs12Keystore | None = None


@schema
class OutputFormat:
    """An additional format of key and certificate in the Secret."""

    type: str


@schema
class RenewalWindow:
    """A recurring time in which renewals may start."""

    cron: str = ""
    window_duration: str = ""
    timezone: str = ""


@schema
class Renewal:
    """When renewals may start, or that they are disabled."""

    policy: str = ""
    windows: tuple[RenewalWindow, ...] = ()


@schema
class CertificateSpec(Object):
    """The requested certificate."""

    secret_name: str = ""
    secret_template: SecretTemplate | None = None
    issuer_ref: IssuerRef = IssuerRef()
    common_name: str = ""
    subject: Subject | None = None
    literal_subject: str = ""
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    email_addresses: tuple[str, ...] = ()
    other_names: tuple[OtherName, ...] = ()
    duration: str = ""
    renew_before: str = ""
    renew_before_percentage: int | None = None
    renewal: Renewal | None = None
    usages: tuple[str, ...] = ()
    is_ca: IsCa = False
    name_constraints: NameConstraints | None = None
    private_key: PrivateKey = PrivateKey()
    signature_algorithm: str = ""
    encode_usages_in_request: bool | None = None
    revision_history_limit: int | None = None
    additional_output_formats: tuple[OutputFormat, ...] = ()
    keystores: Keystores | None = None


@schema
class SuggestedWindow:
    """The time in which an ACME server suggests to renew."""

    start: Time = ""
    end: Time = ""


@schema
class RenewalInformation:
    """What an ACME server said about renewal (RFC 9773)."""

    suggested_window: SuggestedWindow | None = None
    explanation_url: Annotated[str, Name("explanationURL")] = ""
    last_checked: Time = ""
    next_check: Time = ""
    last_error: str = ""


@schema
class CertificateAcmeStatus:
    """ACME's part of the status."""

    ari: RenewalInformation | None = None


@schema
class CertificateStatus:
    """The status of the certificate."""

    conditions: tuple[Condition, ...] = ()
    last_failure_time: Time = ""
    failed_issuance_attempts: int | None = None
    not_before: Time = ""
    not_after: Time = ""
    renewal_time: Time = ""
    revision: int | None = None
    next_private_key_secret_name: str = ""
    acme: CertificateAcmeStatus | None = None


@resource("cert-manager.io", "v1", plural="certificates")
class Certificate(Object):
    """A certificate that is stored in a Secret and renewed before it expires."""

    metadata: ObjectMeta = ObjectMeta()
    spec: CertificateSpec = CertificateSpec()
    status: CertificateStatus = CertificateStatus()

    @property
    def issuing(self) -> bool:
        return is_true(self.status.conditions, "Issuing")

    @property
    def ready(self) -> bool:
        return is_true(self.status.conditions, "Ready")

    def condition(self, type_: str) -> Condition | None:
        return condition_of(self.status.conditions, type_)

    @property
    def revision(self) -> int:
        """0 before the first issue."""
        return self.status.revision or 0
