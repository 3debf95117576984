"""What a Certificate waits for and until when, in one line: the first obstacle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from argosy.apis.certmanager import CertificateRequest, Order
from argosy.apis.certmanager.acme import FINAL_STATES
from argosy.certs.certificate import backoff, ownership
from argosy.certs.commands.story import Story
from argosy.certs.names import CERTIFICATE_NAME
from argosy.certs.settings import Settings
from argosy.machinery.timestamps import seconds


def headline(story: Story, now: datetime, settings: Settings | None = None) -> str:
    for check in _CHECKS:
        if (found := check(story, now, settings or Settings())) is not None:
            return found
    return _ready(story)


Check = Callable[[Story, datetime, Settings], str | None]


def _rival(story: Story, now: datetime, settings: Settings) -> str | None:
    annotations = story.secret.metadata.annotations if story.secret else None
    owner = ownership.owner_among(story.rivals or (story.certificate,), annotations)
    if owner == story.certificate.metadata.name:
        return None
    name = story.certificate.spec.secret_name
    return f"waits for ever: Secret {name} is that of Certificate {owner}; name another spec.secretName in one of them"


def _limited(story: Story, now: datetime, settings: Settings) -> str | None:
    found = story.certificate.condition("IssuanceLimited")
    return f"waits: {found.message}" if found and found.status == "True" else None


def _failed(story: Story, now: datetime, settings: Settings) -> str | None:
    certificate = story.certificate
    if certificate.issuing or (ends := backoff.retry_at(certificate.status, settings)) is None:
        return None
    found = certificate.condition("Issuing")
    why = found.message if found else "the last issuance failed"
    count = certificate.status.failed_issuance_attempts or 1
    when = "now" if ends <= now else f"at {seconds(ends)}"
    name = certificate.metadata.name
    return (
        f"failed {count} time{'s' if count != 1 else ''}, next try {when} ('argosy cert renew {name}' tries now): {why}"
    )


def _issuing(story: Story, now: datetime, settings: Settings) -> str | None:
    certificate = story.certificate
    if not certificate.issuing:
        return None
    if story.next_request is not None:
        return _request(story, story.next_request)
    if not certificate.status.next_private_key_secret_name:
        return "is issued now: its private key is being made"
    return "is issued now: its CertificateRequest is being made"


def _request(story: Story, request: CertificateRequest) -> str:
    name = request.metadata.name
    if (denied := request.condition("Denied")) and denied.status == "True":
        return f"was denied: CertificateRequest {name}: {denied.message}"
    if not request.is_true("Approved"):
        return f"waits for approval: 'argosy cert approve {name}' or 'argosy cert deny {name}'"
    ref = request.spec.issuer_ref
    if not ref.is_ours:
        return f"waits for {ref.full_kind}.{ref.full_group} {ref.name}, whose own controller answers"
    if story.issuer is None:
        return f"waits for {ref.full_kind} {ref.name}, which does not exist"
    ready = story.issuer.condition("Ready")
    if not story.issuer.ready:
        state = f": {ready.reason}: {ready.message}" if ready else ", which was not judged yet"
        return f"waits for {ref.full_kind} {ref.name}{state}"
    for order in story.orders_of(request):
        return _order(story, order)
    found = request.condition("Ready")
    return f"waits for {ref.full_kind} {ref.name}: {found.message if found else 'it has not answered yet'}"


def _order(story: Story, order: Order) -> str:
    state = order.status.state
    server = story.issuer.spec.acme.server if story.issuer and story.issuer.spec.acme else "the ACME server"
    if not state:
        return f"waits for {server} to take the order"
    waiting = [one for one in story.challenges_of(order) if one.status.state not in FINAL_STATES]
    for one in waiting:
        found = one.status.reason or ("is being presented" if one.status.processing else "waits for its turn")
        return f"waits for the {one.spec.type} challenge of {one.spec.dns_name}: {found}"
    if state == "pending" and not story.challenges_of(order):
        names = ", ".join(one.identifier for one in order.status.authorizations if one.identifier)
        fits = f"none of the issuer's fits {names or 'its names'}"
        return f"waits for a solver: {fits}; a change of the issuer starts a new attempt"
    return f"waits for {server}: the order is {state}{f' ({order.status.reason})' if order.status.reason else ''}"


def _takeover(story: Story, now: datetime, settings: Settings) -> str | None:
    """For the Secret of a deleted Certificate: rivals wait, so that a re-created Certificate keeps its Secret."""
    found = story.secret.metadata.annotations.get(CERTIFICATE_NAME) if story.secret else None
    if story.secret is None or found is None or found == story.certificate.metadata.name:
        return None
    at = ownership.taken_over_at(story.certificate, story.secret, now)
    name = story.certificate.spec.secret_name
    return (
        f"takes over Secret {name} at {seconds(at)}: Certificate {found}, which it was issued for, is gone; "
        "made again before then, that one keeps it"
    )


def _unready(story: Story, now: datetime, settings: Settings) -> str | None:
    found = story.certificate.condition("Ready")
    if found is None:
        return "is new: nothing has looked at it yet; do the controllers run?"
    return None if found.status == "True" else f"is not ready: {found.reason}: {found.message}"


def _ready(story: Story) -> str:
    status = story.certificate.status
    renewed = f"; renewed at {status.renewal_time}" if status.renewal_time else "; it is not renewed"
    line = f"ready until {status.not_after}{renewed}"
    expiring = story.issuer.condition("CAExpiring") if story.issuer else None
    return f"{line}; warning: {expiring.message}" if expiring and expiring.status == "True" else line


_CHECKS: Final[tuple[Check, ...]] = (_rival, _limited, _issuing, _failed, _takeover, _unready)
