"""`scmProvider`: the hosts whose repositories make sets of parameters."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.argoproj.applicationset.references import BasicAuth, BearerToken, ConfigMapKeyRef, SecretRef
from argosy.apis.argoproj.applicationset.template import ApplicationTemplate
from argosy.apis.schema import Doc, Object, schema


@schema
class AwsTag:
    """A tag of a repository."""

    key: str
    value: str = ""


@schema
class ScmAwsCodeCommit:
    """Repositories of AWS CodeCommit."""

    all_branches: bool = False
    region: str = ""
    role: str = ""
    tag_filters: tuple[AwsTag, ...] = ()


@schema
class ScmAzureDevOps:
    """Repositories of an Azure DevOps project."""

    access_token_ref: SecretRef
    all_branches: bool = False
    api: str = ""
    organization: str
    team_project: str


@schema
class ScmBitbucket:
    """Repositories of a Bitbucket Cloud workspace."""

    all_branches: bool = False
    app_password_ref: SecretRef
    owner: str
    user: str


@schema
class ScmBitbucketServer:
    """Repositories of a Bitbucket Server project."""

    all_branches: bool = False
    api: str
    basic_auth: BasicAuth | None = None
    bearer_token: BearerToken | None = None
    ca_ref: ConfigMapKeyRef | None = None
    insecure: bool = False
    project: str


@schema
class ScmFilter(Object):
    """Conditions that all must hold; patterns are RE2."""

    branch_match: str = ""
    label_match: str = ""
    paths_do_not_exist: tuple[str, ...] = ()
    paths_exist: tuple[str, ...] = ()
    repository_match: str = ""


@schema
class ScmGitea:
    """Repositories of a Gitea owner."""

    all_branches: bool = False
    api: str
    exclude_archived_repos: bool = False
    insecure: bool = False
    owner: str
    token_ref: SecretRef | None = None


@schema
class ScmGithub:
    """Repositories of a GitHub organisation."""

    all_branches: bool = False
    api: str = ""
    app_secret_name: str = ""
    exclude_archived_repos: bool = False
    organization: str
    token_ref: SecretRef | None = None


@schema
class ScmGitlab:
    """Projects of a GitLab group."""

    all_branches: bool = False
    api: str = ""
    ca_ref: ConfigMapKeyRef | None = None
    group: str
    include_archived_repos: bool = False
    include_shared_projects: bool | None = None
    include_subgroups: bool = False
    insecure: bool = False
    token_ref: SecretRef | None = None
    topic: str = ""


@schema
class ScmProviderGenerator:
    """One set of parameters for each repository (and branch) of a host."""

    aws_code_commit: ScmAwsCodeCommit | None = None
    azure_dev_ops: ScmAzureDevOps | None = None
    bitbucket: ScmBitbucket | None = None
    bitbucket_server: ScmBitbucketServer | None = None
    clone_protocol: str = ""
    filters: Annotated[tuple[ScmFilter, ...], Doc("One of them must hold.")] = ()
    gitea: ScmGitea | None = None
    github: ScmGithub | None = None
    gitlab: ScmGitlab | None = None
    requeue_after_seconds: int | None = None
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None
