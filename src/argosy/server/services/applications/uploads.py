"""GetManifestsWithFiles: renders a source from files that the caller sends, for `argocd app diff --local`.

The first message names the Application and the archive's SHA-256; the archive follows in parts. It is as untrusted as
any repository: counted while it arrives, unpacked within limits, rendered by the usual workers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import mmap
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from typing import BinaryIO, Final

from argosy.gitops.manifests.generation import NotLoaded
from argosy.gitops.model.application_spec import sources_of, spec_of
from argosy.machinery.objects import JsonObject
from argosy.machinery.quantity import QuantityError, whole_units
from argosy.server.calls import Call
from argosy.server.errors import ApiError, Code, unknown
from argosy.server.services.applications.access import find
from argosy.server.services.applications.revisions import Revisions, cause_of
from argosy.sources.archive import ArchiveLimits, unpack
from argosy.sources.port import SourceError, Tree

PACKED_SETTING: Final = "reposerver.streamed.manifest.max.tar.size"
UNPACKED_SETTING: Final = "reposerver.streamed.manifest.max.extracted.size"
PACKED_LIMIT, UNPACKED_LIMIT = "100M", "1G"
SECONDS: Final = 120.0
"""For the entire upload."""
AT_ONCE: Final = 4


class Uploads(Revisions):
    _places: asyncio.Semaphore | None = None

    async def manifests_of_files(self, call: Call) -> JsonObject:
        """Raises ApiError."""
        query = call.request.get("query")
        if call.over_rest or not isinstance(query, dict):  # a stream of parts has no JSON form
            call.checked = True
            raise unknown("error getting query: error getting stream query: query is nil")
        name = str(query.get("name") or "")
        if not name:
            call.checked = True
            raise unknown("invalid request: application name is missing")
        namespace, project = str(query.get("appNamespace") or ""), str(query.get("project") or "")
        found = await find(self._context, call, "get", name, namespace=namespace, project=project)
        self._places = self._places or asyncio.Semaphore(AT_ONCE)
        async with self._places:
            tree = await self._received(call.uploads, str(query.get("checksum") or ""))
            return await self._from(found.app, tree)

    async def _from(self, app: JsonObject, tree: Tree) -> JsonObject:
        spec = spec_of(app)
        state, wanted = await self._wanted(app, [source.raw for source in sources_of(spec)][:1])
        try:
            rendered = await self._context.engine.manifests.of_tree(wanted, tree, self._context.engine.plane.settings)
        except NotLoaded as error:
            raise unknown(f"error generating manifests: {cause_of(error)}") from None
        return {
            "manifests": self._texts([rendered], state, wanted.app),
            "namespace": state.namespace,
            "server": state.cluster.server,
            "sourceType": rendered.source_type,
        }

    async def _received(self, parts: AsyncIterator[JsonObject] | None, checksum: str) -> Tree:
        limit = self._limit(PACKED_SETTING, PACKED_LIMIT)
        unpacked = ArchiveLimits(total=self._limit(UNPACKED_SETTING, UNPACKED_LIMIT), setting=UNPACKED_SETTING)
        with tempfile.TemporaryFile(prefix="argosy-upload-") as file:
            try:
                async with asyncio.timeout(SECONDS):
                    digest = await _stored(parts, file, limit)
            except TimeoutError:
                text = f"error receiving files: the archive did not come within {SECONDS:.0f} s"
                raise ApiError(Code.DEADLINE_EXCEEDED, text) from None
            if not file.tell():
                raise unknown("error receiving files: no archive was sent")
            if digest != checksum.lower():
                raise unknown(f"error receiving files: the checksum of the archive is {digest}, not {checksum[:64]}")
            try:
                work = asyncio.to_thread(partial(_unpacked, file, unpacked))
                return await self._context.clock.external(work)
            except SourceError as error:
                raise unknown(f"error receiving files: {error}") from None

    def _limit(self, setting: str, default: str) -> int:
        text = self._context.configuration.parameters.get(setting, "") or default
        try:
            return whole_units(text)
        except QuantityError:
            return whole_units(default)


async def _stored(parts: AsyncIterator[JsonObject] | None, file: BinaryIO, limit: int) -> str:
    """The SHA-256 of the received bytes. Raises ApiError."""
    digest, size = hashlib.sha256(), 0
    if parts is not None:
        async for part in parts:
            data = base64.b64decode((part.get("chunk") or {}).get("chunk") or "")
            size += len(data)
            if size > limit:
                text = f"error receiving files: the archive is larger than {limit} bytes ({PACKED_SETTING})"
                raise ApiError(Code.RESOURCE_EXHAUSTED, text)
            digest.update(data)
            file.write(data)
    return digest.hexdigest()


def _unpacked(file: BinaryIO, limits: ArchiveLimits) -> Tree:
    """Clients send a working copy with the directories of its `.git`, but without their files."""
    file.flush()
    return unpack(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), limits=limits, is_checkout=True)
