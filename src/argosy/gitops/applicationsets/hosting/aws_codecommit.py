"""AWS CodeCommit, with Amazon's library (the extra `aws`), using this process's identity, or a role of it.

The library blocks, so each call runs in a thread. Its addresses are Amazon's: a set can only choose a region.
"""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar

from argosy.apis.argoproj.applicationset.repositories import AwsTag, ScmAwsCodeCommit
from argosy.apis.schema import read
from argosy.gitops.applicationsets.generator_context import Repository
from argosy.gitops.applicationsets.hosting.github import on_branch
from argosy.gitops.applicationsets.hosting.web import MOST_PAGES
from argosy.gitops.applicationsets.params import GeneratorError
from argosy.machinery.objects import JsonObject
from argosy.runtime.clock import Clock

T = TypeVar("T")
ABSENT: Final = frozenset(
    {"RepositoryDoesNotExistException", "CommitDoesNotExistException", "FolderDoesNotExistException"}
)
FIPS: Final = ("https://git-codecommit.", "https://git-codecommit-fips.")
SESSION: Final = "argosy"
IN_A_FOLDER: Final = ("subFolders", "files", "symbolicLinks", "subModules")


class Repositories:
    """Repositories of a region, filtered by tags if given. Their commits are not read (spec 15.2: `sha` is empty)."""

    def __init__(self, clock: Clock, options: JsonObject, protocol: str) -> None:
        self._clock = clock
        self._options = read(ScmAwsCodeCommit, options)
        self._protocol = protocol
        self._made: Any = None

    async def repositories(self) -> Sequence[Repository]:
        return await self._external(self._listed)

    async def branches(self, repository: Repository) -> Sequence[Repository]:
        if not self._options.all_branches:
            return [repository]
        names = await self._external(lambda: list(self._branch_names(repository.repository)))
        return [on_branch(repository, name, "") for name in names]

    async def has_path(self, repository: Repository, path: str) -> bool:
        """Files and directories alike: the parent directory is listed, so that no file is downloaded."""
        folder, name = posixpath.split(f"/{path}")
        return not name or await self._external(lambda: name in self._names_in(repository, folder))

    async def _external(self, work: Callable[[], T]) -> T:
        library = _library()

        def call() -> T:
            try:
                return work()
            except (library.BotoCoreError, library.ClientError) as error:
                raise GeneratorError(f"awsCodeCommit: {error}") from None

        return await self._clock.external(asyncio.to_thread(call))

    # -- in a thread -------------------------------------------------------------------------------------------------

    def _client(self, service: str) -> Any:
        if self._made is None:
            self._made = self._session()
        return self._made.client(service)

    def _session(self) -> Any:
        import boto3

        session = boto3.Session(region_name=self._options.region or None)
        role = self._options.role
        if not role:
            return session
        given = session.client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION)["Credentials"]
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=session.region_name,
        )

    def _listed(self) -> list[Repository]:
        filters = self._options.tag_filters
        names = list(self._tagged(filters) if filters else self._all())
        client = self._client("codecommit")
        found = (client.get_repository(repositoryName=name)["repositoryMetadata"] for name in names)
        return [self._repository(item) for item in found if item.get("defaultBranch")]

    def _all(self) -> Iterator[str]:
        for page in _pages(self._client("codecommit").list_repositories, "nextToken"):
            yield from (item["repositoryName"] for item in page["repositories"])

    def _tagged(self, filters: Sequence[AwsTag]) -> Iterator[str]:
        """Values of one key are OR, keys are AND; a key without a value only requires the key."""
        wanted: dict[str, list[str]] = {}
        for item in filters:
            wanted.setdefault(item.key, []).extend([item.value] if item.value else [])
        tags = [{"Key": key, **({"Values": values} if values else {})} for key, values in wanted.items()]
        ask = self._client("resourcegroupstaggingapi").get_resources
        for page in _pages(ask, "PaginationToken", ResourceTypeFilters=["codecommit:repository"], TagFilters=tags):
            yield from (item["ResourceARN"].rpartition(":")[2] for item in page["ResourceTagMappingList"])

    def _branch_names(self, name: str) -> Iterator[str]:
        for page in _pages(self._client("codecommit").list_branches, "nextToken", repositoryName=name):
            yield from page["branches"]

    def _names_in(self, repository: Repository, folder: str) -> set[str]:
        asked = {"repositoryName": repository.repository, "commitSpecifier": repository.branch, "folderPath": folder}
        try:
            found = self._client("codecommit").get_folder(**asked)
        except _library().ClientError as error:
            if error.response.get("Error", {}).get("Code") in ABSENT:
                return set()
            raise
        return {item["relativePath"] for kind in IN_A_FOLDER for item in found.get(kind) or ()}

    def _repository(self, item: Any) -> Repository:
        return Repository(
            organization=item["accountId"],
            repository=item["repositoryName"],
            repository_id=item["repositoryId"],
            url=self._url(item),
            branch=item["defaultBranch"],
        )

    def _url(self, item: Any) -> str:
        if self._protocol in ("", "ssh"):
            return str(item["cloneUrlSsh"])
        url = str(item["cloneUrlHttp"])
        if self._protocol == "https" or url.startswith(FIPS[1]):
            return url
        if not url.startswith(FIPS[0]):
            raise GeneratorError(f"awsCodeCommit: {url} has no FIPS form")
        return FIPS[1] + url.removeprefix(FIPS[0])


def _pages(ask: Callable[..., Any], token: str, **given: Any) -> Iterator[Any]:
    for _ in range(MOST_PAGES):
        page = ask(**given)
        yield page
        if not page.get(token):
            return
        given[token] = page[token]
    raise GeneratorError(f"awsCodeCommit: more than {MOST_PAGES} pages")


def _library() -> Any:
    try:
        from botocore import exceptions
    except ImportError:
        text = "awsCodeCommit: Amazon's library is not installed: install argosy with its extra, argosy[aws]"
        raise GeneratorError(text) from None
    return exceptions
