"""What a page can do with a Certificate: `cmctl renew`, and `approve` and `deny` of the request that waits.

Rights: `objects, action/<verb>, cert-manager.io/Certificate/<namespace>/<name>`. Each act is put on record.
"""

from __future__ import annotations

from typing import Final

from argosy.apis.certmanager import Certificate, CertificateRequest
from argosy.apis.schema import read
from argosy.machinery import requests
from argosy.machinery.objects import JsonObject, Resource
from argosy.machinery.requests import Write
from argosy.server.api.acting.rollouts_and_stages import Act, Done, Nothing, acted_on
from argosy.server.api.endpoint import ApiRequest, Endpoint
from argosy.server.api.objects import RIGHTS
from argosy.server.calls import within
from argosy.server.context import ServerContext
from argosy.server.errors import failed_precondition

REQUESTS: Final = Resource("cert-manager.io", "v1", "certificaterequests", "CertificateRequest")
VERDICTS: Final = {"approve": "Approved", "deny": "Denied"}


def certificate_action_endpoints(context: ServerContext) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(
            method="POST",
            path=f"/certificates/{{namespace}}/{{name}}/{verb}",
            summary=summary,
            needs=within(RIGHTS, "action", mutates=True),
            takes=Nothing,
            answers=Done,
            answer=_acting(context, verb),
        )
        for verb, summary in (
            ("renew", "Issue a Certificate again now"),
            ("approve", "Approve the pending request of a Certificate"),
            ("deny", "Deny the pending request of a Certificate"),
        )
    )


def _acting(context: ServerContext, verb: str) -> Act:
    async def act(request: ApiRequest) -> Done:
        from argosy.certs.commands.changes import NotNow

        found = await acted_on(context, request, "certificates", f"action/{verb}")
        try:
            write = _renewal(context, found) if verb == "renew" else await _decision(context, request, found, verb)
        except NotNow as error:
            raise failed_precondition(str(error)) from None
        await context.client.write(write)
        begun = "is issued again" if verb == "renew" else f"has its request {write.key.name} {VERDICTS[verb].lower()}"
        return {"message": f"{found['metadata']['name']} {begun}"}

    return act


def _renewal(context: ServerContext, found: JsonObject) -> Write:
    from argosy.certs.commands.changes import renewed

    return renewed(read(Certificate, found), context.clock.now())


async def _decision(context: ServerContext, request: ApiRequest, found: JsonObject, verb: str) -> Write:
    """Raises NotNow, ApiError."""
    from argosy.certs.commands.changes import decided

    namespace = found["metadata"]["namespace"]
    listed = (await context.client.page(requests.List(resource=REQUESTS, namespace=namespace))).items
    waits = [one for item in listed if is_undecided(one := read(CertificateRequest, item)) and is_of(item, found)]
    if not waits:
        raise failed_precondition(f"no request of {found['metadata']['name']} waits for a decision")
    message = f"{VERDICTS[verb]} by {request.call.caller.username}"
    newest = max(waits, key=lambda one: (str(one.metadata.creation_timestamp), one.metadata.name))
    return decided(newest, VERDICTS[verb], "ArgosyPage", message, context.clock.now())


# -- pure --------------------------------------------------------------------------------------------------------------


def is_undecided(request: CertificateRequest) -> bool:
    return not any(request.is_true(verdict) for verdict in VERDICTS.values())


def is_of(request: JsonObject, certificate: JsonObject) -> bool:
    """By its owner: a name alone may be that of an earlier one."""
    owners = request["metadata"].get("ownerReferences") or ()
    return any(one.get("uid") == certificate["metadata"]["uid"] for one in owners)
