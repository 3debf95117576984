"""The doors to the outside world's content, in the words of who asks: where, which revision, what is in it.

Adapters: `sources.git` (the git program and bare mirrors), `sources.helm`, `sources.oci`, and scripted ones for
rehearsal and tests. A tree is read without a checkout, path by path; every read can be noted (render/inputs.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol


class SourceError(Exception):
    """Something about a source that its owner must hear of. The text never contains a credential."""


class AccessDenied(SourceError):
    """Credentials, host key or certificate were refused: retrying at once will not help."""


class NotFound(SourceError):
    """The remote answered, and has no such repository, revision, chart or path."""


class Unavailable(SourceError):
    """The remote could not be reached, or failed: try later."""


class Rejected(SourceError):
    """The content breaks a limit or a rule of ours (size, symlink out of the root, archive bomb)."""


class Outrun(SourceError):
    """Somebody else pushed to the same reference first: look at what is there now, and try again."""


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
    """The API of a GitHub of one's own; "" is github.com's."""
    gcp_service_account_key: str = field(default="", repr=False)
    azure_client_id: str = ""
    azure_client_secret: str = field(default="", repr=False)
    azure_tenant_id: str = ""
    azure_authority: str = ""
    """Where Azure's identities live; "" is the public cloud's."""
    azure_workload_identity: bool = False
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
        """None when there is nothing. The entry of what the path leads to, links followed."""
        ...

    def read(self, path: str, *, limit: int = 10 * 1024 * 1024) -> bytes: ...

    def list(self, path: str) -> Sequence[Entry]:
        """Sorted by name."""
        ...


Further = Callable[[str], Credentials]
"""The URL of a further repository, that a source names -> what it is read with. Raises AccessDenied where the source's
project does not allow it."""


InsteadOf = Callable[[str, Credentials], Awaitable[str]]
"""A repository's URL -> the repository on this machine that is read and written in its place, as git's own setting
`url.<base>.insteadOf`; "" for the repository itself."""


class GitRemote(Protocol):
    async def resolve(
        self, url: str, revision: str, credentials: Credentials, *, tag_prefix: str = "", max_age: float = 0.0
    ) -> str:
        """The commit for a branch, tag, semver constraint, abbreviated or full SHA, or "" for HEAD (spec 11.1).

        `max_age`: seconds that the remote's list of references may be old. 0, for refreshes: asked for after this
        call began. Polls pass some seconds, so that many applications of one repository share one look.
        Raises NotFound `unable to resolve '<x>' to a commit SHA: revision not found`.
        """
        ...

    async def tree(self, url: str, commit: str, credentials: Credentials, *, further: Further | None = None) -> Tree:
        """Fetches the commit into the local mirror unless it is there already. `further` decides about submodules;
        without it, only those of the same host are read with the same credentials."""
        ...


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes a commit."""

    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What a commit says of itself. `author` is `name <email>`; `trailers` are the lines of its last paragraph."""

    author: str
    authored_at: datetime
    message: str
    trailers: tuple[str, ...] = ()


class GitWriter(Protocol):
    """Commits are made in private, from a parent and what changes; nobody sees them before `push`.

    Each takes a repository's URL and the credentials that may write to it. Commits are full SHAs.
    """

    async def head(self, url: str, branch: str, credentials: Credentials) -> str:
        """The commit that the remote's branch is at now, fetched; "" when there is no such branch."""
        ...

    async def tree(self, url: str, commit: str, credentials: Credentials) -> Tree:
        """As `GitRemote.tree`, of commits not pushed yet as well."""
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
        leaves the root, or that leads through a file.
        """
        ...

    async def push(self, url: str, branch: str, commit: str, credentials: Credentials) -> None:
        """Moves the remote's branch forward, or makes it; never back. Raises Outrun, or AccessDenied."""
        ...

    async def note(self, url: str, commit: str, namespace: str, credentials: Credentials) -> str:
        """The commit's note in `refs/notes/<namespace>` as the remote has it now; "" when there is none."""
        ...

    async def annotate(
        self, url: str, commit: str, namespace: str, text: str, author: Author, credentials: Credentials
    ) -> None:
        """Sets the commit's note at the remote, whoever else writes notes there at the same time."""
        ...


class ChartRepository(Protocol):
    """Helm repositories over HTTP(S) and OCI registries."""

    async def resolve(self, url: str, chart: str, version: str, credentials: Credentials) -> str:
        """Exact version for a constraint (OCI without chart: the digest of a tag or constraint)."""
        ...

    async def tree(self, url: str, chart: str, version: str, credentials: Credentials) -> Tree:
        """The unpacked chart (or OCI artifact), within the limits of spec/security.md rule 2."""
        ...
