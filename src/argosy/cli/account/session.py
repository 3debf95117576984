"""`argosy account session-token`: the token of a sign-in, for scripts that call the server themselves."""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from argosy.cli.connect import chosen_server
from argosy.cli.failing import CommandError, Exit
from argosy.cli.login.server import LOCAL_ISSUER, claims_of, signed_in
from argosy.cli.login.sign_ins import SignIn, SignIns
from argosy.runtime.clock import RealClock


def run(options: argparse.Namespace) -> int:
    """Prints the token; a provider's token that ends soon is renewed first. Raises CommandError."""
    server = chosen_server(options) or SignIns().current
    if not server:
        raise CommandError("there is no sign-in: 'argosy login SERVER' makes one", Exit.CALL_FAILED)
    clock = RealClock()
    found = asyncio.run(signed_in(server, "", clock))
    claims = claims_of(found.token)
    expires = claims.get("exp")
    if isinstance(expires, int | float) and expires <= clock.now().timestamp():
        raise CommandError(f"the token is expired: 'argosy login {found.name}' makes another one", Exit.CALL_FAILED)
    print(json.dumps(session_fields(found, claims), indent=2) if options.output == "json" else found.token)
    return Exit.OK


def session_fields(one: SignIn, claims: dict[str, Any]) -> dict[str, Any]:
    """Upstream's fields. Pure."""
    issuer = str(claims.get("iss") or "")
    moments = {name: claims.get(claim) for name, claim in (("issued_at", "iat"), ("expires_at", "exp"))}
    return {
        "type": "local" if issuer == LOCAL_ISSUER else "sso",
        "issuer": issuer,
        "username": claims.get("email") or str(claims.get("sub") or "").partition(":")[0],
        "token": one.token,
        "has_refresh_token": bool(one.refresh_token),
        **{name: _moment(value) for name, value in moments.items() if isinstance(value, int | float)},
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
