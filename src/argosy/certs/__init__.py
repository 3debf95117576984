"""Certificates: cert-manager's job, behind cert-manager.io/v1 and acme.cert-manager.io/v1.

Owns the statuses of Certificate, CertificateRequest, Issuer, ClusterIssuer, Order and Challenge; the Secrets that
Certificates name, and those of their next private keys; the objects that solve challenges. Reads Ingresses, Gateways
and Secrets. Wakes when one of these changes, at renewal times, and when a back-off after a failure ends.

The controllers of a Certificate never call each other; they communicate through the object: the trigger sets Issuing,
the next key and the next request are created, the approver and an issuer answer, issuing stores the answer, readiness
reports it, and old revisions are deleted.

- `certificate/`: the state machine of a Certificate.  `signing_flow/`: CertificateRequests and what signs them.
- `signing_requests/`: Kubernetes' own CertificateSigningRequests.
- `issuers/`: whether an issuer can sign.  `shim/`: Certificates from annotations of Ingresses and Gateways.
- `admission/`: validation and defaults.  `pki/`: keys, requests, certificates, keystores.
- `ports.py`, `adapters/`: the questions that need time, randomness or the network, and the code that answers them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from argosy.apis.certmanager import ClusterIssuer, Issuer
from argosy.certs import injection
from argosy.certs.acme import challenges, orders, renewals, scheduler
from argosy.certs.adapters.crypto import Crypto
from argosy.certs.adapters.outside import Outside
from argosy.certs.certificate import issuing, next_key, next_request, readiness, revisions, trigger
from argosy.certs.issuers import readiness as issuer_readiness
from argosy.certs.settings import Settings
from argosy.certs.shim import controller as shim
from argosy.certs.signing_flow import acme, approver, ca, flow, selfsigned, vault
from argosy.certs.signing_requests import controller as signing_requests
from argosy.machinery.controller import Controller
from argosy.machinery.objects import Resource
from argosy.runtime.engine import Answerer


def controllers(settings: Settings) -> tuple[Controller[Any], ...]:
    approval = (approver.controller(),) if settings.approve else ()
    return (
        trigger.controller(settings),
        next_key.controller(settings),
        next_request.controller(settings),
        issuing.controller(settings),
        readiness.controller(settings),
        revisions.controller(),
        *approval,
        flow.controller((selfsigned.TYPE, ca.TYPE, acme.TYPE, vault.TYPE), settings),
        *((renewals.controller(settings),) if settings.use_renewal_information else ()),
        orders.controller(settings),
        scheduler.controller(settings),
        challenges.controller(settings),
        issuer_readiness.controller(Issuer, settings),
        issuer_readiness.controller(ClusterIssuer, settings),
        *((signing_requests.controller(settings),) if settings.signing_requests else ()),
        *injection.controllers(),
        *(shim.controller(resource, settings) for resource in _shimmed(settings)),
    )


def answerers(crypto: Crypto, outside: Outside) -> Mapping[type[Any], Answerer]:
    return {**crypto.answerers(), **outside.answerers()}


def _shimmed(settings: Settings) -> tuple[Resource, ...]:
    """Controllers for Gateways start once their API is served."""
    return (shim.INGRESSES, shim.GATEWAYS, shim.LISTENER_SETS) if settings.gateway_api else (shim.INGRESSES,)
