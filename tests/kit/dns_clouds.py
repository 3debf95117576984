"""DNS providers that look at who asks, on loopback: what they check is computed by other code than ours.

Each takes the requests of one provider's API, refuses those that are not signed as its documentation says, and keeps
the TXT values of names. Amazon's signatures are checked by botocore, Google's and Azure's tokens by `cryptography`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as Xml

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from argosy.runtime.clock import RealClock
from tests.kit.scripted_http import Asked, Reply

REFUSED = 403, {"message": "the signature does not match"}
SPACE = "https://route53.amazonaws.com/doc/2013-04-01/"


class Records:
    """The TXT values of each name of one zone."""

    def __init__(self, zone: str = "example.test.") -> None:
        self.zone = zone
        self.values: dict[str, list[str]] = {}


class Amazon(Records):
    """Route 53 and STS behind one address. `keys` are those that it knows: (secret, session token)."""

    def __init__(self, region: str = "us-east-1") -> None:
        super().__init__()
        self.region = region
        self.keys: dict[str, tuple[str, str]] = {"AKIDBASE": ("base-secret/+=", "")}
        self.web_tokens: dict[str, str] = {}
        """Roles by the token that they are given for."""
        self.roles: set[str] = set()
        """Those that a key may take."""

    def answer(self, asked: Asked) -> Reply:
        path = urlsplit(asked.raw_path).path
        if path == "/":
            return self._sts(asked)
        if not self.is_signed(asked, "route53", self.region):
            return REFUSED
        if path.endswith("/hostedzonesbyname"):
            zone = f"<HostedZone><Id>/hostedzone/Z1</Id><Name>{self.zone}</Name></HostedZone>"
            return 200, f'<R xmlns="{SPACE}"><HostedZones>{zone}</HostedZones></R>'.encode()
        return self._change(asked) if asked.method == "POST" else self._list(asked)

    def is_signed(self, asked: Asked, service: str, region: str) -> bool:
        """By botocore, over the headers that the request says are signed."""
        said = dict(part.split("=", 1) for part in asked.headers.get("authorization", "").split(" ", 1)[1].split(", "))
        key = said["Credential"].split("/")[0]
        secret, token = self.keys.get(key, ("", ""))
        if asked.headers.get("x-amz-security-token", "") != token or not secret:
            return False
        moment = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(RealClock().now() - moment) > timedelta(minutes=5):
            return False
        url = f"http://{asked.headers['host']}{asked.raw_path}"
        names = said["SignedHeaders"].split(";")
        request = AWSRequest(asked.method, url, data=asked.body, headers={name: asked.headers[name] for name in names})
        signer = SigV4Auth(Credentials(key, secret, token or None), service, region)
        request.context["timestamp"] = asked.headers["x-amz-date"]
        text = signer.string_to_sign(request, signer.canonical_request(request))
        return hmac.compare_digest(signer.signature(text, request), said["Signature"])

    def _sts(self, asked: Asked) -> Reply:
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        role = form["RoleArn"]
        if form["Action"] == "AssumeRoleWithWebIdentity":
            allowed = self.web_tokens.get(form["WebIdentityToken"]) == role
        else:
            allowed = role in self.roles and self.is_signed(asked, "sts", "us-east-1")
        if not allowed:
            return REFUSED
        key, secret, token = "ASIA" + secrets.token_hex(8), secrets.token_urlsafe(30), secrets.token_urlsafe(60)
        self.keys[key] = secret, token
        parts = {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token}
        inside = "".join(f"<{name}>{value}</{name}>" for name, value in parts.items())
        return 200, f"<R><Credentials>{inside}</Credentials></R>".encode()

    def _list(self, asked: Asked) -> Reply:
        name = parse_qs(urlsplit(asked.raw_path).query)["name"][0]
        values = self.values.get(name, [])
        records = "".join(f'<ResourceRecord><Value>"{one}"</Value></ResourceRecord>' for one in values)
        found = f"<ResourceRecordSet><Name>{name}</Name><Type>TXT</Type><TTL>10</TTL>{records}</ResourceRecordSet>"
        return 200, f'<R xmlns="{SPACE}">{found if values else ""}</R>'.encode()

    def _change(self, asked: Asked) -> Reply:
        root = Xml.fromstring(asked.body)
        name = root.findtext(f".//{{{SPACE}}}Name") or ""
        values = [(one.text or "").strip('"') for one in root.iter(f"{{{SPACE}}}Value")]
        if root.findtext(f".//{{{SPACE}}}Action") == "DELETE":
            assert values == self.values.pop(name), "a record set is deleted as it is, or not at all"
        else:
            self.values[name] = values
        return 200, f'<R xmlns="{SPACE}"/>'.encode()


class Google(Records):
    """Cloud DNS, and the endpoint that gives tokens for assertions of one service account."""

    def __init__(self, email: str, key: rsa.RSAPublicKey) -> None:
        super().__init__()
        self.email, self._key = email, key
        self.url = ""
        """Where it is reached: the audience of assertions."""
        self._tokens: set[str] = set()

    def answer(self, asked: Asked) -> Reply:
        path = urlsplit(asked.raw_path).path
        if path == "/token":
            return self._token(parse_qs(asked.body.decode()))
        if asked.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return 401, {"error": {"message": "no such token"}}
        if path.endswith("/managedZones"):
            return 200, {"managedZones": [{"name": "zone-1", "dnsName": self.zone, "visibility": "public"}]}
        if path.endswith("/rrsets"):
            name = parse_qs(urlsplit(asked.raw_path).query)["name"][0]
            return 200, {"rrsets": [self._rrset(name)] if self.values.get(name) else []}
        for gone in asked.json["deletions"]:
            if gone != self._rrset(gone["name"]):
                return 412, {"error": {"message": "the record set is another one"}}
            del self.values[gone["name"]]
        for made in asked.json["additions"]:
            self.values[made["name"]] = [one.strip('"') for one in made["rrdatas"]]
        return 200, {"status": "done"}

    def _rrset(self, name: str) -> dict[str, Any]:
        return {"name": name, "type": "TXT", "ttl": 60, "rrdatas": [f'"{one}"' for one in self.values.get(name, [])]}

    def _token(self, form: dict[str, list[str]]) -> Reply:
        assertion = form["assertion"][0]
        signed, _, signature = assertion.rpartition(".")
        head, claims = (json.loads(_unpadded(part)) for part in signed.split("."))
        try:
            self._key.verify(_unpadded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return 401, {"error": "invalid_grant"}
        now = RealClock().now().timestamp()
        right = head["alg"] == "RS256" and claims["iss"] == self.email and claims["aud"] == f"{self.url}/token"
        if not right or not claims["iat"] <= now <= claims["exp"] <= claims["iat"] + 3600 or "scope" not in claims:
            return 401, {"error": "invalid_grant"}
        token = secrets.token_urlsafe(30)
        self._tokens.add(token)
        return 200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}


class Azure(Records):
    """Azure DNS, and the tenant's token endpoint: by a secret, or by an assertion that it knows.

    `machine`: the identity that instance metadata knows by this client or resource, empty for an only one.
    """

    def __init__(self, *, secret: str = "", assertion: str = "", machine: str | None = None) -> None:
        super().__init__()
        self._secret, self._assertion, self._machine = secret, assertion, machine
        self.url = ""
        self._tokens: dict[str, str] = {}
        """The scope of each."""
        self._tags: dict[str, int] = {}

    def answer(self, asked: Asked) -> Reply:
        path = urlsplit(asked.raw_path).path
        if path == "/metadata/identity/oauth2/token":
            return self._of_machine(asked)
        if path == "/tenant-1/oauth2/v2.0/token":
            return self._token({name: values[0] for name, values in parse_qs(asked.body.decode()).items()})
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if self._tokens.get(token) != f"{self.url}/.default":
            return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "no such token"}}
        name = unquote(path.rpartition("/TXT/")[2])
        if asked.method == "GET":
            return self._record(name) if name in self.values else (404, {"error": {"code": "NotFound"}})
        if not self._is_unchanged(asked, name):
            return 412, {"error": {"code": "PreconditionFailed"}}
        self._tags[name] = self._tags.get(name, 0) + 1
        if asked.method == "DELETE":
            self.values.pop(name)
            return 200, {}
        self.values[name] = ["".join(one["value"]) for one in asked.json["properties"]["TXTRecords"]]
        return self._record(name)

    def _record(self, name: str) -> Reply:
        records = [{"value": [one]} for one in self.values[name]]
        return 200, {"etag": f"e{self._tags.get(name, 0)}", "properties": {"TTL": 60, "TXTRecords": records}}

    def _is_unchanged(self, asked: Asked, name: str) -> bool:
        if name in self.values:
            return asked.headers.get("if-match") == f"e{self._tags.get(name, 0)}"
        return asked.headers.get("if-none-match") == "*"

    def _of_machine(self, asked: Asked) -> Reply:
        query = {name: values[0] for name, values in parse_qs(urlsplit(asked.raw_path).query).items()}
        is_right = asked.method == "GET" and asked.headers.get("metadata") == "true" and query["api-version"]
        if self._machine is None or not is_right or query["resource"] != self.url:
            return 400, {"error": "invalid_request"}
        if query.get("client_id", query.get("msi_res_id", "")) != self._machine:
            return 400, {"error": "invalid_request", "error_description": "Identity not found"}
        token = secrets.token_urlsafe(30)
        self._tokens[token] = f"{query['resource']}/.default"
        return 200, {"access_token": token, "expires_in": "3599", "token_type": "Bearer"}

    def _token(self, form: dict[str, str]) -> Reply:
        by_secret = bool(self._secret) and form.get("client_secret") == self._secret
        kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        by_assertion = bool(self._assertion) and form.get("client_assertion") == self._assertion
        by_assertion = by_assertion and form.get("client_assertion_type") == kind
        if form["grant_type"] != "client_credentials" or form["client_id"] != "client-1":
            return 400, {"error": "invalid_request"}
        if not (by_secret or by_assertion):
            return 401, {"error": "invalid_client"}
        token = secrets.token_urlsafe(30)
        self._tokens[token] = form["scope"]
        return 200, {"access_token": token, "expires_in": 3599}


class EdgeGrid(Records):
    """Akamai's edge DNS: each request signed with a key of its own time, and each nonce once."""

    def __init__(self, client_secret: str) -> None:
        super().__init__()
        self._secret = client_secret
        self._nonces: set[str] = set()

    def answer(self, asked: Asked) -> Reply:
        if not self._is_signed(asked):
            return 401, {"detail": "the signature does not match"}
        name = unquote(asked.raw_path.split("/names/")[1].split("/")[0]) + "."
        if asked.method == "GET":
            values = self.values.get(name)
            return (200, {"rdata": [f'"{one}"' for one in values]}) if values else (404, {"title": "Not Found"})
        if asked.method == "DELETE":
            self.values.pop(name)
            return 204, b""
        if (asked.method == "POST") == (name in self.values):
            return 409, {"title": "Conflict"}
        self.values[name] = [one.strip('"') for one in asked.json["rdata"]]
        return 201, {}

    def _is_signed(self, asked: Asked) -> bool:
        said = asked.headers.get("authorization", "")
        head, _, signature = said.partition("signature=")
        fields = dict(part.split("=", 1) for part in head.removeprefix("EG1-HMAC-SHA256 ").rstrip(";").split(";"))
        if fields["nonce"] in self._nonces:
            return False
        self._nonces.add(fields["nonce"])
        content = base64.b64encode(hashlib.sha256(asked.body).digest()).decode() if asked.method == "POST" else ""
        text = "\t".join((asked.method, "http", asked.headers["host"], asked.raw_path, "", content, head))
        moment = fields["timestamp"].encode()
        key = base64.b64encode(hmac.new(self._secret.encode(), moment, hashlib.sha256).digest())
        made = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        return hmac.compare_digest(made, signature)


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
