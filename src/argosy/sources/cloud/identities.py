"""Exchanges credentials that name a cloud identity for a token; the result is what is really sent."""

from __future__ import annotations

import os

from argosy.runtime.clock import Clock
from argosy.sources.cloud.ambient.tokens import AmbientTokens
from argosy.sources.cloud.ecr import EcrTokens
from argosy.sources.cloud.tokens import CloudTokens
from argosy.sources.egress import Egress
from argosy.sources.github_app import GitHubApps
from argosy.sources.port import AccessDenied, Credentials


class Identities:
    """`egress` None: tokens are unavailable, and callers that need one get an error."""

    def __init__(self, egress: Egress | None, clock: Clock) -> None:
        self._clouds = CloudTokens(egress, clock, os.environ) if egress else None
        self._apps = GitHubApps(egress, clock) if egress else None
        self._ecr = EcrTokens(egress, clock, os.environ) if egress else None
        self._ambient = AmbientTokens.of(egress, clock, os.environ, self._clouds) if egress and self._clouds else None

    async def effective(self, credentials: Credentials) -> Credentials:
        """Credentials that are none of these pass unchanged. Raises AccessDenied."""
        if credentials.is_cloud_identity:
            if self._clouds is None:
                raise AccessDenied("identities of clouds cannot be used here")
            return await self._clouds.effective(credentials)
        if credentials.aws_secret_access_key:
            if self._ecr is None:
                raise AccessDenied("identities of clouds cannot be used here")
            return await self._ecr.effective(credentials)
        if credentials.ambient_registry:
            if self._ambient is None:
                raise AccessDenied("identities of clouds cannot be used here")
            return await self._ambient.effective(credentials)
        if not credentials.github_app_id:
            return credentials
        if self._apps is None:
            raise AccessDenied("githubAppID: GitHub Apps cannot be used here")
        return await self._apps.effective(credentials)
