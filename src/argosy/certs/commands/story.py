"""Everything that belongs to one Certificate: Secret, issuer, requests, orders, challenges, and their events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from argosy.apis.certmanager import Certificate, CertificateRequest, Challenge, Order
from argosy.apis.certmanager.issuer import AnyIssuer
from argosy.apis.kubernetes.views.core import Secret
from argosy.certs.pki import certificates
from argosy.machinery.objects import JsonObject
from argosy.machinery.timestamps import seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    certificate: Certificate
    secret: Secret | None = None
    issuer: AnyIssuer | None = None
    rivals: tuple[Certificate, ...] = ()
    """All Certificates with this secretName, including this one."""
    requests: tuple[CertificateRequest, ...] = ()
    orders: tuple[Order, ...] = ()
    challenges: tuple[Challenge, ...] = ()
    events: tuple[JsonObject, ...] = field(default=(), repr=False)

    @property
    def next_request(self) -> CertificateRequest | None:
        """The request of the revision that is being issued."""
        wanted = str(self.certificate.revision + 1)
        revision = "cert-manager.io/certificate-revision"
        return next((one for one in self.requests if one.metadata.annotations.get(revision) == wanted), None)

    def orders_of(self, request: CertificateRequest) -> tuple[Order, ...]:
        return tuple(one for one in self.orders if _owned(one.metadata.owner_references, request.metadata.uid))

    def challenges_of(self, order: Order) -> tuple[Challenge, ...]:
        return tuple(one for one in self.challenges if _owned(one.metadata.owner_references, order.metadata.uid))


def _owned(owners: tuple[object, ...], uid: str) -> bool:
    return any(getattr(one, "uid", "") == uid for one in owners)


def lines(story: Story) -> Iterator[str]:
    """Lines of text, from the Certificate down to the issuer's message."""
    certificate = story.certificate
    yield f"Certificate {certificate.metadata.namespace}/{certificate.metadata.name}, revision {certificate.revision}"
    for condition in certificate.status.conditions:
        yield f"  {condition.type}={condition.status} {condition.reason}: {condition.message}"
    yield from _secret_lines(story)
    yield from _issuer_lines(story)
    for request in story.requests:
        yield from _request_lines(story, request)
    if story.events:
        yield "Events"
        for one in story.events:
            about = one["involvedObject"]
            when = one.get("lastTimestamp") or one.get("eventTime") or ""
            whom = f"{about['kind']}/{about['name']}"
            yield f"  {when} {one.get('type')} {one.get('reason')} {whom}: {one.get('message')}"


def _secret_lines(story: Story) -> Iterator[str]:
    name = story.certificate.spec.secret_name
    if story.secret is None:
        yield f"Secret {name}: not there"
        return
    try:
        chain = certificates.chain_of(story.secret.value("tls.crt") or b"", 400_000)
    except certificates.CertificateError as error:
        yield f"Secret {name}: {error}"
        return
    yield f"Secret {name}: {len(chain)} certificate{'s' if len(chain) != 1 else ''}"
    for one in chain:
        yield f"  from {seconds(one.not_before)} until {seconds(one.not_after)}, serial {one.serial:x}"


def _issuer_lines(story: Story) -> Iterator[str]:
    ref = story.certificate.spec.issuer_ref
    if not ref.is_ours:
        yield f"Issuer {ref.full_kind}.{ref.full_group}/{ref.name}: of another controller"
    elif story.issuer is None:
        yield f"{ref.full_kind} {ref.name}: not there"
    else:
        yield f"{ref.full_kind} {ref.name}: {story.issuer.spec.type or 'of no type'}"
        for condition in story.issuer.status.conditions:
            yield f"  {condition.type}={condition.status} {condition.reason}: {condition.message}"


def _request_lines(story: Story, request: CertificateRequest) -> Iterator[str]:
    yield f"CertificateRequest {request.metadata.name}"
    for condition in request.status.conditions:
        yield f"  {condition.type}={condition.status} {condition.reason}: {condition.message}"
    for order in story.orders_of(request):
        reason = f": {order.status.reason}" if order.status.reason else ""
        yield f"  Order {order.metadata.name}: {order.status.state or 'not placed yet'}{reason}"
        for challenge in story.challenges_of(order):
            status = challenge.status
            state = status.state or ("begun" if status.processing else "waits for its turn")
            cause = f": {status.reason}" if status.reason else ""
            presented = ", presented" if status.presented else ""
            yield f"    {challenge.spec.type} of {challenge.spec.dns_name}: {state}{presented}{cause}"
