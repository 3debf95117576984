"""GitHub, as an App: commit statuses, deployments, comments on pull requests, check runs, repository dispatches."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import quote

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from argosy.machinery.objects import JsonObject
from argosy.machinery.rsa_keys import UnusableKey, rsa_key
from argosy.notify.functions import full_name
from argosy.notify.services.delivering import Delivery, Doors, Refused, Reply, post, refused

API: Final = "https://api.github.com"
DESCRIPTION: Final = 140
COMMENT: Final = 65_536
EXTERNAL_ID: Final = "argocd-notifications"
_TOO_MANY: Final = 422


async def send(delivery: Delivery, doors: Doors) -> None:
    target = await _Target.of(delivery, doors)
    block = delivery.block
    if status := block.get("status"):
        await target.status(status)
    if deployment := block.get("deployment"):
        await target.deployment(deployment)
    if comment := block.get("pullRequestComment"):
        await target.comment(comment)
    if check := block.get("checkRun"):
        await target.check_run(check)
    if dispatch := block.get("repositoryDispatch"):
        await target.call("POST", "dispatches", _dispatch(dispatch))


class _Target:
    """One repository at one revision, authenticated."""

    def __init__(self, delivery: Delivery, doors: Doors, repository: str, revision: str, token: str) -> None:
        self._delivery, self._doors = delivery, doors
        self._repository, self._revision, self._token = repository, revision, token

    @classmethod
    async def of(cls, delivery: Delivery, doors: Doors) -> _Target:
        url = delivery.text("repoURLPath") or str(delivery.about.get("repoURL") or "")
        repository = full_name(url)
        if repository.count("/") != 1:
            raise Refused(f"github: '{repository}' is not a repository, owner/name would be right", final=True)
        revision = delivery.text("revisionPath") or str(delivery.about.get("revision") or "")
        return cls(delivery, doors, repository, revision, await _installation_token(delivery, doors))

    async def call(self, method: str, path: str, body: JsonObject | None = None, *, fine: tuple[int, ...] = ()) -> Any:
        url = f"{base(self._delivery)}/repos/{self._repository}/{path}"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/vnd.github+json"}
        reply = await post(self._delivery, self._doors, url, body or {}, headers=headers, method=method)
        if reply.status in fine:
            return None
        if not 200 <= reply.status < 300:
            raise refused(self._delivery, reply)
        return orjson.loads(reply.body) if reply.body.strip() else None

    async def status(self, given: JsonObject) -> None:
        """Too many statuses of one commit (422) count as done: a retry would not help."""
        body = {
            "state": str(given.get("state") or ""),
            "target_url": str(given.get("targetURL") or ""),
            "description": self._delivery.message[:DESCRIPTION],
            "context": str(given.get("label") or ""),
        }
        await self.call("POST", f"statuses/{quote(self._revision, safe='')}", body, fine=(_TOO_MANY,))

    async def deployment(self, given: JsonObject) -> None:
        """One for each revision and environment, created first; then a status of it."""
        environment = str(given.get("environment") or "")
        reference = str(given.get("reference") or self._revision)
        query = f"deployments?ref={quote(reference, safe='')}&environment={quote(environment, safe='')}"
        found = await self._get(query)
        made = found[0] if found else await self.call("POST", "deployments", self._new_deployment(given, reference))
        status = {
            "state": str(given.get("state") or ""),
            "log_url": str(given.get("logURL") or ""),
            "description": self._delivery.message[:DESCRIPTION],
            "environment": environment,
            "environment_url": str(given.get("environmentURL") or ""),
        }
        await self.call("POST", f"deployments/{int(made['id'])}/statuses", status)

    def _new_deployment(self, given: JsonObject, reference: str) -> JsonObject:
        merge = given.get("autoMerge")
        return {
            "ref": reference,
            "environment": str(given.get("environment") or ""),
            "required_contexts": list(given.get("requiredContexts") or ()),
            "auto_merge": True if merge is None else merge in (True, "true"),
            "transient_environment": given.get("transientEnvironment") in (True, "true"),
        }

    async def comment(self, given: JsonObject) -> None:
        """On each open pull request of the revision; one with the same tag is edited in place."""
        tag = str(given.get("commentTag") or "")
        marker = f"<!-- argocd-notifications {tag} -->" if tag else ""
        text = str(given.get("content") or "")[: COMMENT - len(marker) - 1]
        body = {"body": f"{text}\n{marker}" if marker else text}
        for pull in await self._get(f"commits/{quote(self._revision, safe='')}/pulls") or ():
            if pull.get("state") != "open":
                continue
            number = int(pull["number"])
            older = await self._tagged(number, marker) if marker else None
            if older is not None:
                await self.call("PATCH", f"issues/comments/{older}", body)
            else:
                await self.call("POST", f"issues/{number}/comments", body, fine=(_TOO_MANY,))

    async def _tagged(self, number: int, marker: str) -> int | None:
        for page in range(1, 11):
            found = await self._get(f"issues/{number}/comments?per_page=100&page={page}") or []
            for comment in found:
                if marker in str(comment.get("body") or ""):
                    return int(comment["id"])
            if len(found) < 100:
                return None
        return None

    async def check_run(self, given: JsonObject) -> None:
        if given.get("status") == "completed" and not given.get("conclusion"):
            raise Refused("github.checkRun: a completed run needs a conclusion", final=True)
        fields = ("name", "details_url", "status", "conclusion", "started_at", "completed_at")
        body: dict[str, Any] = {field: str(given[field]) for field in fields if given.get(field)}
        body |= {"head_sha": self._revision, "external_id": EXTERNAL_ID}
        if output := given.get("output"):
            body["output"] = {field: str(output[field]) for field in ("title", "summary", "text") if output.get(field)}
        await self.call("POST", "check-runs", body)

    async def _get(self, path: str) -> Any:
        url = f"{base(self._delivery)}/repos/{self._repository}/{path}"
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/vnd.github+json"}
        reply = await _get(self._delivery, self._doors, url, headers)
        return orjson.loads(reply.body)


def base(delivery: Delivery) -> str:
    return delivery.option("enterpriseBaseURL", API).rstrip("/")


def _dispatch(given: JsonObject) -> JsonObject:
    payload = given.get("client_payload")
    if isinstance(payload, str):
        try:
            payload = orjson.loads(payload or "{}")
        except orjson.JSONDecodeError:
            raise Refused("github.repositoryDispatch.client_payload is not JSON", final=True) from None
    return {"event_type": str(given.get("event_type") or ""), "client_payload": payload or {}}


async def _get(delivery: Delivery, doors: Doors, url: str, headers: dict[str, str]) -> Reply:
    given = {"User-Agent": "argosy", **headers}
    reply = await doors.request("GET", url, headers=given, body=None, insecure=False, seconds=30.0)
    if reply.status != 200:
        raise refused(delivery, reply)
    return reply


async def _installation_token(delivery: Delivery, doors: Doors) -> str:
    installation = delivery.option("installationID")
    if not installation.isdecimal():
        raise Refused("github: installationID is a number", final=True)
    headers = {"Authorization": f"Bearer {app_token(delivery, int(doors.now().timestamp()))}"}
    headers["Accept"] = "application/vnd.github+json"
    url = f"{base(delivery)}/app/installations/{installation}/access_tokens"
    reply = await post(delivery, doors, url, {}, headers=headers)
    if reply.status != 201:
        raise refused(delivery, reply)
    return str(orjson.loads(reply.body).get("token") or "")


def app_token(delivery: Delivery, now: int) -> str:
    """A JSON web token of the App, RS256, for ten minutes at most."""
    try:
        key = rsa_key(delivery.option("privateKey").encode())
    except UnusableKey as error:
        raise Refused(f"github: privateKey is not a PEM private key: {error}", final=True) from None
    claims = {"iat": now - 60, "exp": now + 540, "iss": delivery.option("appID")}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    signature = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_encoded(signature)}"


def _part(value: JsonObject) -> str:
    return _encoded(orjson.dumps(value))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
