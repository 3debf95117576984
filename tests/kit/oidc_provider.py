"""An OpenID Connect provider as a program of its own, by authlib's server side: `python oidc_provider.py PORT`.

One user, who agrees to everything unless it is `refuses`; one client with a secret. `/control` changes what a test
wants changed: the keys, the clock, the audience, the groups. It speaks plain HTTP on loopback.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey

CLIENT, SECRET, USER = "argo", "s3cret", "u1"


@dataclass
class State:
    issuer: str = ""
    keys: list[RSAKey] = field(default_factory=list)
    audience: str = CLIENT
    skew: int = 0
    lifetime: int = 600
    groups: list[str] = field(default_factory=lambda: ["team"])
    groups_in_token: bool = True
    codes: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, Any] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    refuses: bool = False

    def rotate(self) -> None:
        self.keys = [RSAKey.generate_key(2048, {"kid": f"key-{len(self.tokens)}-{time.monotonic_ns()}", "use": "sig"})]


STATE = State()


@dataclass
class Client:
    client_id: str = CLIENT
    redirects: tuple[str, ...] = ()

    def get_client_id(self) -> str:
        return self.client_id

    def get_default_redirect_uri(self) -> str:
        return ""

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri.endswith("/auth/callback")

    def check_client_secret(self, secret: str) -> bool:
        return secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_post", "client_secret_basic")

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind in ("authorization_code", "refresh_token")


@dataclass
class Code:
    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())  # noqa: TID251  # of a real provider

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "client_secret_basic")

    def save_authorization_code(self, code: str, asked: Any) -> None:
        data = asked.payload.data
        given = {name: data.get(name) or "" for name in ("nonce", "code_challenge", "code_challenge_method")}
        STATE.codes[code] = Code(
            code=code,
            client_id=asked.client.client_id,
            redirect_uri=asked.payload.redirect_uri,
            scope=asked.payload.scope,
            **given,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return STATE.codes.get(code)

    def delete_authorization_code(self, code: Code) -> None:
        STATE.codes.pop(code.code, None)

    def authenticate_user(self, code: Code) -> str:
        return USER


class OpenId(OpenIDCode):  # type: ignore[misc]
    def exists_nonce(self, nonce: str, asked: Any) -> bool:
        return False

    def get_jwt_config(self, grant: Any, client: Any = None) -> dict[str, Any]:
        key = STATE.keys[0]
        return {"key": key.as_dict(private=True), "alg": "RS256", "iss": STATE.issuer, "exp": STATE.lifetime}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(**claims(user))


def claims(user: str) -> dict[str, Any]:
    groups = {"groups": STATE.groups} if STATE.groups_in_token else {}
    return {"sub": user, "email": "u@example.com", **groups}


class Refresh(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post", "client_secret_basic")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Any:
        return STATE.tokens.get(refresh_token)

    def authenticate_user(self, credential: Any) -> str:
        return USER

    def revoke_old_credential(self, credential: Any) -> None:
        STATE.tokens.pop(credential.refresh_token, None)


@dataclass
class Issued:
    refresh_token: str
    scope: str

    def check_client(self, client: Client) -> bool:
        return True

    def get_scope(self) -> str:
        return self.scope

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return False


def save_token(token: dict[str, Any], asked: Any) -> None:
    refresh = token.get("refresh_token")
    if refresh:
        STATE.tokens[refresh] = Issued(refresh, token.get("scope") or "")
    STATE.tokens[f"access:{token['access_token']}"] = USER


def id_token(**more: Any) -> str:
    from joserfc import jwt

    now = int(time.time()) + STATE.skew  # noqa: TID251  # of a real provider
    made = {"iss": STATE.issuer, "aud": STATE.audience, "iat": now, "exp": now + STATE.lifetime, **claims(USER), **more}
    return jwt.encode({"alg": "RS256", "kid": str(STATE.keys[0].kid)}, made, STATE.keys[0])


def make() -> Flask:
    app = Flask("provider")
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    client = Client()
    server = AuthorizationServer(
        app, query_client=lambda name: client if name == CLIENT else None, save_token=save_token
    )
    server.register_grant(CodeGrant, [OpenId(require_nonce=True), CodeChallenge(required=True)])
    server.register_grant(Refresh)

    @app.before_request
    def counted() -> None:
        STATE.asked[request.path] = STATE.asked.get(request.path, 0) + 1

    @app.get("/.well-known/openid-configuration")
    def told() -> Any:
        names = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        names["userinfo_endpoint"] = "/userinfo"
        urls = {name: f"{STATE.issuer}{path}" for name, path in names.items()}
        return jsonify({"issuer": STATE.issuer, "scopes_supported": ["openid", "offline_access"], **urls})

    @app.get("/keys")
    def keys() -> Any:
        return jsonify({"keys": [key.as_dict(private=False) for key in STATE.keys]})

    @app.get("/authorize")
    def authorize() -> Any:
        return server.create_authorization_response(grant_user=None if STATE.refuses else USER)

    @app.post("/token")
    def token() -> Any:
        answer = server.create_token_response()
        found = answer.get_json(silent=True) or {}
        if request.form.get("grant_type") == "refresh_token" and "access_token" in found:
            return jsonify({**found, "id_token": id_token()})
        return answer

    @app.get("/userinfo")
    def userinfo() -> Any:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if f"access:{bearer}" not in STATE.tokens:
            return jsonify({"error": "invalid_token"}), 401
        return jsonify({"sub": USER, "groups": STATE.groups})

    @app.post("/control")
    def control() -> Any:
        asked = request.get_json()
        if asked.pop("rotate", False):
            STATE.rotate()
        for name, value in asked.items():
            setattr(STATE, name, value)
        return jsonify({"token": id_token(), "asked": STATE.asked})

    return app


if __name__ == "__main__":
    import logging
    import os

    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    STATE.issuer = f"http://127.0.0.1:{sys.argv[1]}"
    STATE.rotate()
    make().run("127.0.0.1", int(sys.argv[1]), threaded=False)
