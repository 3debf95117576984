"""Chart repositories of both kinds behind one port: `oci://` URLs (or `enableOCI`) and `http(s)://` ones."""

from __future__ import annotations

from contextlib import suppress

from argosy.sources.helm import HelmRepositories
from argosy.sources.oci import OciRegistries
from argosy.sources.port import AccessDenied, ChartRepository, Credentials, NotFound, Rejected, Tree
from argosy.sources.scrub import scrub


class ChartSources:
    """The `sources.port.ChartRepository` for any repository URL of an Application."""

    def __init__(self, helm: HelmRepositories, oci: OciRegistries) -> None:
        self._helm = helm
        self._oci = oci

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        where, which = self._which(url, credentials)
        return await which.resolve(where, chart, version, credentials)

    async def listed(self, url: str, credentials: Credentials) -> dict[str, list[str]]:
        """Charts of a Helm repository with their versions, as in its index."""
        return await self._helm.listed(url, credentials)

    async def tags(self, url: str, credentials: Credentials) -> list[str]:
        """The tags of an OCI repository. Raises SourceError."""
        where, which = self._which(url, credentials)
        if which is not self._oci:
            raise Rejected(f"{scrub(url)} is not an OCI repository: only those have tags")
        return await self._oci.listed(where, credentials)

    async def annotations(self, url: str, version: str, credentials: Credentials) -> dict[str, str]:
        """The annotations of an OCI artifact's manifest. Raises SourceError."""
        where, which = self._which(url, credentials)
        if which is not self._oci:
            raise Rejected(f"{scrub(url)} is not an OCI repository: only those have annotations")
        return await self._oci.annotations(where, version, credentials)

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        where, which = self._which(url, credentials)
        return await which.tree(where, chart, version, credentials)

    async def reach(self, url: str, credentials: Credentials) -> None:
        """Whether the repository of an artifact answers, whatever its content. Raises SourceError."""
        where, which = self._which(url, credentials)
        if which is self._oci:
            await self._oci.test(where, credentials)
        else:
            with suppress(NotFound):
                await which.resolve(where, "", "latest", credentials)

    async def check(self, url: str, credentials: Credentials) -> None:
        """Whether a Helm repository answers; registries cannot be checked without a chart. Raises SourceError."""
        where, which = self._which(url, credentials)
        if which is self._helm:
            await self._helm.check(where, credentials)

    def _which(self, url: str, credentials: Credentials) -> tuple[str, ChartRepository]:
        if credentials.is_cloud_identity:
            raise AccessDenied(
                f"{scrub(url)}: identities of clouds are for Git repositories; give a username and password"
            )
        if url.startswith("oci://"):
            return url, self._oci
        if url.startswith(("https://", "http://")):
            return url, self._helm
        if credentials.enable_oci and "://" not in url:
            return f"oci://{url}", self._oci
        raise Rejected(
            f"chart repository {scrub(url)!r} is not allowed: use https://, http:// or oci://, or give its Secret "
            "enableOCI"
        )
