"""`pullRequest`: the hosts whose open pull requests make sets of parameters."""

from __future__ import annotations

from argosy.apis.argoproj.applicationset.references import BasicAuth, BearerToken, ConfigMapKeyRef, SecretRef
from argosy.apis.argoproj.applicationset.template import ApplicationTemplate
from argosy.apis.schema import schema


@schema
class PullsAzureDevOps:
    """Pull requests of an Azure DevOps repository."""

    api: str = ""
    labels: tuple[str, ...] = ()
    organization: str
    project: str
    repo: str
    token_ref: SecretRef | None = None


@schema
class PullsBitbucket:
    """Pull requests of a Bitbucket Cloud repository."""

    api: str = ""
    basic_auth: BasicAuth | None = None
    bearer_token: BearerToken | None = None
    owner: str
    repo: str


@schema
class PullsBitbucketServer:
    """Pull requests of a Bitbucket Server repository."""

    api: str
    basic_auth: BasicAuth | None = None
    bearer_token: BearerToken | None = None
    ca_ref: ConfigMapKeyRef | None = None
    insecure: bool = False
    project: str
    repo: str


@schema
class PullsFilter:
    """Conditions that all must hold; patterns are RE2."""

    branch_match: str = ""
    target_branch_match: str = ""
    title_match: str = ""


@schema
class PullsGitea:
    """Pull requests of a Gitea repository."""

    api: str
    insecure: bool = False
    labels: tuple[str, ...] = ()
    owner: str
    repo: str
    token_ref: SecretRef | None = None


@schema
class PullsGithub:
    """Pull requests of a GitHub repository."""

    api: str = ""
    app_secret_name: str = ""
    labels: tuple[str, ...] = ()
    owner: str
    repo: str
    token_ref: SecretRef | None = None


@schema
class PullsGitlab:
    """Merge requests of a GitLab project."""

    api: str = ""
    ca_ref: ConfigMapKeyRef | None = None
    insecure: bool = False
    labels: tuple[str, ...] = ()
    project: str
    pull_request_state: str = ""
    token_ref: SecretRef | None = None


@schema
class PullRequestGenerator:
    """One set of parameters for each open pull request."""

    azuredevops: PullsAzureDevOps | None = None
    bitbucket: PullsBitbucket | None = None
    bitbucket_server: PullsBitbucketServer | None = None
    continue_on_repo_not_found_error: bool = False
    filters: tuple[PullsFilter, ...] = ()
    gitea: PullsGitea | None = None
    github: PullsGithub | None = None
    gitlab: PullsGitlab | None = None
    requeue_after_seconds: int | None = None
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None
