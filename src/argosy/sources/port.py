"""The ports for external content: repositories, their revisions and files.

Adapters: `sources.git` (the git program and bare mirrors), `sources.helm`, `sources.oci`, and scripted ones for
rehearsal and tests. A tree is read without a checkout, path by path; every read can be recorded (render/inputs.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


class SourceError(Exception):
    """A problem with a source that its owner must see. The message never contains a credential."""


class AccessDenied(SourceError):
    """Credentials, host key or certificate were refused: an immediate retry will not help."""


class NotFound(SourceError):
    """The remote answered, but has no such repository, revision, chart or path."""


class Unavailable(SourceError):
    """The remote could not be reached, or failed: try later."""


class Rejected(SourceError):
    """The content exceeds a limit or violates a rule of ours (size, symlink out of the root, archive bomb)."""


class Outrun(SourceError):
    """Another client pushed to the same reference first: read its current state, and try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One repository's credentials and transport options (spec/argo-cd-engine-2.md 12). Repr shows no secret."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)
    ssh_private_key: str = field(default="", repr=False)
    tls_client_cert: str = field(default="", repr=False)
    tls_client_key: str = field(default="", repr=False)
    ca_pem: str = field(default="", repr=False)
    known_hosts: str = field(default="", repr=False)
    insecure: bool = False
    proxy: str = field(default="", repr=False)
    no_proxy: str = ""
    enable_lfs: bool = False
    depth: int = 0
    """How many commits of the history are fetched; 0 is all of it."""
    enable_oci: bool = False
    insecure_oci_force_http: bool = False
    force_http_basic_auth: bool = False
    pass_credentials: bool = False
    github_app_id: str = ""
    github_app_installation_id: str = ""
    github_app_private_key: str = field(default="", repr=False)
    github_app_url: str = ""
    """The API of a GitHub Enterprise server; "" is github.com's."""
    gcp_service_account_key: str = field(default="", repr=False)
    aws_region: str = ""
    aws_access_key_id: str = field(default="", repr=False)
    aws_secret_access_key: str = field(default="", repr=False)
    """Of an access key for Amazon's registries."""
    azure_client_id: str = ""
    azure_client_secret: str = field(default="", repr=False)
    azure_tenant_id: str = ""
    azure_authority: str = ""
    """Azure's authority host; "" is the public cloud's."""
    azure_workload_identity: bool = False
    ambient_registry: str = ""
    """The host of a cloud's registry, for which the identity of this process may be used."""
    ambient_project: str = ""
    """The project on whose behalf: its own role or account in the cloud comes first."""
    ssh_agent: bool = False
    """Offer the keys of the agent at SSH_AUTH_SOCK (`argosy up` for a developer's own repositories)."""

    @property
    def is_cloud_identity(self) -> bool:
        """To be exchanged for a token of that cloud."""
        return bool(self.gcp_service_account_key or self.azure_client_id or self.azure_workload_identity)


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a directory. `oid` identifies the content: equal oid, equal content (a directory's, recursively)."""

    name: str
    kind: Literal["file", "dir", "link"]
    oid: str
    size: int = -1


class Tree(Protocol):
    """The files of one repository at one revision, read-only; paths are relative, `/`-separated, "" is the root.

    Symlinks are followed inside the root; one that leaves it raises `Rejected`.
    """

    @property
    def root_oid(self) -> str: ...

    def stat(self, path: str) -> Entry | None:
        """The entry that the path leads to, links followed; None when there is nothing."""
        ...

    def read(self, path: str, *, limit: int = 10 * 1024 * 1024) -> bytes: ...

    def list(self, path: str) -> Sequence[Entry]:
        """Sorted by name."""
        ...


Further = Callable[[str], Credentials]
"""The URL of another repository that a source names -> the credentials to read it. Raises AccessDenied if the source's
project does not allow it."""


InsteadOf = Callable[[str, Credentials], Awaitable[str]]
"""A repository's URL -> the repository on this machine that is read and written instead, like git's own setting
`url.<base>.insteadOf`; "" for the repository itself."""


class GitRemote(Protocol):
    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        """The commit for a branch, tag, semver constraint, abbreviated or full SHA, or "" for HEAD (spec 11.1).

        `max_age`: the maximum age in seconds of the remote's list of references. 0, for refreshes: requested after this
        call started. Polls pass some seconds, so that many applications of one repository share one request.
        Raises NotFound `unable to resolve '<x>' to a commit SHA: revision not found`.
        """
        ...

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        """Fetches the commit into the local mirror unless it is already there. `further` decides about submodules;
        without it, only those of the same host are read with the same credentials."""
        ...


@dataclass(frozen=True, slots=True)
class Author:
    """Author and committer of a commit."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A commit's metadata. `author` is `name <email>`; `trailers` are the lines of its last paragraph."""

    author: str
    authored_at: datetime
    message: str
    trailers: tuple[str, ...] = ()


class GitWriter(Protocol):
    """Commits are created locally, from a parent and the changes; nobody sees them before `push`.

    Each takes a repository's URL and the credentials that may write to it. Commits are full SHAs.
    """

    async def head(self, url: str, branch: str, credentials: Credentials) -> str:
        """The current commit of the remote's branch, fetched; "" when there is no such branch."""
        ...

    async def tree(self, url: str, commit: str, credentials: Credentials) -> Tree:
        """Like `GitRemote.tree`, also for commits that are not pushed yet."""
        ...

    async def describe(self, url: str, commit: str, credentials: Credentials) -> Described: ...

    async def commit(
        self,
        url: str,
        parent: str,
        changes: Mapping[str, bytes | None],
        message: str,
        author: Author,
        credentials: Credentials,
    ) -> str:
        """A new commit on `parent` ("": none), with these files written and those that are None removed.

        Paths are relative to the root; symlinks in them are followed inside it. Raises Rejected for a path that
        leaves the root, or that passes through a file.
        """
        ...

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        """Moves the remote's branch forward, or creates it; never back. Raises Outrun, or AccessDenied."""
        ...

    async def note(self, url: str, commit: str, namespace: str, credentials: Credentials) -> str:
        """The commit's note in `refs/notes/<namespace>` as the remote has it now; "" when there is none."""
        ...

    async def annotate(
        self, url: str, commit: str, namespace: str, text: str, author: Author, credentials: Credentials
    ) -> None:
        """Sets the commit's note at the remote, even while others write notes there."""
        ...


class ChartRepository(Protocol):
    """Helm repositories over HTTP(S) and OCI registries."""

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        """Exact version for a constraint (OCI without chart: the digest of a tag or constraint)."""
        ...

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        """The unpacked chart (or OCI artifact), within the limits of spec/security.md rule 2."""
        ...
