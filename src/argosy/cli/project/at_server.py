"""`argosy proj role create-token|delete-token --server`: tokens by the calls of the server one is signed in to."""

from __future__ import annotations

import argparse
from urllib.parse import quote

from argosy.cli.failing import Exit
from argosy.cli.login.server import Server, calling, claims_of


def create_token(options: argparse.Namespace, lifetime: int) -> int:
    """`lifetime` in seconds; 0: for ever."""
    from argosy.cli.project.tokens import tell

    async def work(server: Server) -> int:
        body = {"expiresIn": lifetime, "id": options.id}
        token = str((await server.call("POST", _path(options), body))["token"])
        claims = claims_of(token)
        entry = {"id": claims.get("jti"), "iat": claims["iat"], **({"exp": claims["exp"]} if "exp" in claims else {})}
        tell(options, entry, token)
        return Exit.OK

    return calling(options, work)


def delete_token(options: argparse.Namespace) -> int:
    async def work(server: Server) -> int:
        await server.call("DELETE", f"{_path(options)}/{options.issued_at}", {})
        return Exit.OK

    return calling(options, work)


def _path(options: argparse.Namespace) -> str:
    return f"/api/v1/projects/{quote(options.project, safe='')}/roles/{quote(options.role, safe='')}/token"
