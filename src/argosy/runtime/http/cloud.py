"""Bearer tokens for the clouds' clusters, from the clouds' own libraries: extras `argosy[aws]` and `argosy[gcp]`.

The output of upstream's `argocd-k8s-auth aws|gcp`, without that program.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.observe.secret import Secret
from argosy.runtime.clock import Clock
from argosy.runtime.http.credentials import EXPIRY_MARGIN, CredentialError, Proof

AWS_LIFETIME = timedelta(minutes=14)
"""EKS accepts a token for 15 minutes; its signature must be used within AWS_SIGNATURE_SECONDS."""
AWS_SIGNATURE_SECONDS = 60
AWS_REGION = "us-east-1"
"""The region whose token service serves every region, if no other is configured."""
GCP_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LONGEST_REASON = 300

Make = Callable[[], tuple[str, datetime | None]]
"""A token and when it expires; None: after AWS_LIFETIME. Runs in a thread; raises what the library raises."""


class CloudToken:
    """A `Credential`: keeps a token until shortly before it expires, or until it is refused."""

    def __init__(self, what: str, make: Make, clock: Clock) -> None:
        self._what = what
        self._make = make
        self._clock = clock
        self._token = Secret("")
        self._expires_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def proof(self) -> Proof:
        async with self._lock:
            if self._expires_at is None or self._clock.now() >= self._expires_at - EXPIRY_MARGIN:
                token, ends = await self._made()
                self._token, self._expires_at = Secret(f"Bearer {token}"), ends or self._clock.now() + AWS_LIFETIME
            return Proof(self._token)

    def refused(self) -> bool:
        self._expires_at = None
        return True

    async def _made(self) -> tuple[str, datetime | None]:
        try:
            return await self._clock.external(asyncio.to_thread(self._make))
        except ImportError:
            raise CredentialError(f"a token of {self._what} needs its library: install argosy[{self._what}]") from None
        except Exception as error:  # whatever a cloud's library raises: no token could be obtained
            reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON]
            raise CredentialError(f"no token of {self._what}: {reason}") from None


def aws(clock: Clock, *, cluster: str, role: str = "", profile: str = "") -> CloudToken:
    """For EKS: `cluster` is its name there."""
    if not cluster:
        raise CredentialError("awsAuthConfig.clusterName is empty: name the EKS cluster")
    return CloudToken("aws", lambda: (_aws_token(cluster, role, profile), None), clock)


def gcp(clock: Clock) -> CloudToken:
    """For GKE, with the environment's identity: workload identity, or GOOGLE_APPLICATION_CREDENTIALS."""
    return CloudToken("gcp", _gcp_token, clock)


def of_arguments(arguments: Sequence[str], clock: Clock) -> CloudToken | None:
    """The library call that matches the `argocd-k8s-auth` arguments; None for an unknown cloud."""
    options = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    match arguments[:1]:
        case ["aws"]:
            names = ("--cluster-name", "--role-arn", "--profile")
            cluster, role, profile = (options.get(name, "") for name in names)
            return aws(clock, cluster=cluster, role=role, profile=profile)
        case ["gcp"]:
            return gcp(clock)
    return None


def _aws_token(cluster: str, role: str, profile: str) -> str:
    """A signed request to the token service that names the cluster; EKS replays it to verify the token."""
    import boto3
    from botocore.model import ServiceId
    from botocore.signers import RequestSigner

    session: Any = boto3.Session(profile_name=profile or None)
    region = session.region_name or AWS_REGION
    if role:
        session = _assumed(session, role, region)
    signer = RequestSigner(ServiceId("STS"), region, "sts", "v4", session.get_credentials(), session.events)
    request = {
        "method": "GET",
        "url": f"https://sts.{region}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(request, operation_name="", expires_in=AWS_SIGNATURE_SECONDS)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def _assumed(session: Any, role: str, region: str) -> Any:
    import boto3

    answer = session.client("sts", region_name=region).assume_role(RoleArn=role, RoleSessionName="argosy")
    given = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=region,
    )


def _gcp_token() -> tuple[str, datetime | None]:
    import google.auth
    from google.auth.transport.requests import Request

    found: Any = google.auth.default(scopes=[GCP_SCOPE])
    credentials = found[0]
    credentials.refresh(Request())
    # The library returns UTC without a time zone.
    return credentials.token, credentials.expiry.replace(tzinfo=UTC) if credentials.expiry else None
