"""ApplicationSet: one template and the generators of its parameters."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.argoproj.application import ApplicationSpec
from argosy.apis.schema import Doc, IntOrText, Name, Rules, Time, resource, schema

ATOMIC_LIST = Rules({"x-kubernetes-list-type": "atomic"})
ATOMIC_MAP = Rules({"x-kubernetes-map-type": "atomic"})
AnyValue = Annotated[int | str, Rules({"x-kubernetes-preserve-unknown-fields": True})]
"""Any JSON value at all."""


@schema
class SelectorExpression:
    """One condition of a label selector."""

    key: str
    operator: str
    values: Annotated[tuple[str, ...], ATOMIC_LIST] = ()


@schema
class Selector:
    """A label selector."""

    match_expressions: Annotated[tuple[SelectorExpression, ...], ATOMIC_LIST] = ()
    match_labels: dict[str, str] | None = None


@schema
class TemplateMetadata:
    """What generated applications are called and carry."""

    annotations: dict[str, str] | None = None
    finalizers: tuple[str, ...] = ()
    labels: dict[str, str] | None = None
    name: str = ""
    namespace: str = ""


@schema
class ApplicationTemplate:
    """An Application with parameters in it."""

    metadata: TemplateMetadata
    spec: ApplicationSpec


@schema
class SecretRef:
    """One key of a Secret."""

    key: str
    secret_name: str


@schema
class ConfigMapKeyRef:
    """One key of a ConfigMap."""

    config_map_name: str
    key: str


@schema
class BasicAuth:
    """A user and a password in a Secret."""

    password_ref: SecretRef
    username: str


@schema
class BearerToken:
    """A token in a Secret."""

    token_ref: SecretRef


@schema
class ListGenerator:
    """Parameters written down."""

    elements: tuple[AnyValue, ...] = ()
    elements_yaml: Annotated[str, Doc("A YAML list, rendered first.")] = ""
    template: ApplicationTemplate | None = None


@schema
class ClusterGenerator:
    """One set of parameters for each cluster."""

    flat_list: Annotated[bool, Doc("One set with all clusters in it.")] = False
    selector: Annotated[Selector | None, ATOMIC_MAP] = None
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None


@schema
class GitPath:
    """A glob of folders or files."""

    exclude: bool = False
    path: str


@schema
class GitGenerator:
    """One set of parameters for each folder, or for each file's content."""

    directories: tuple[GitPath, ...] = ()
    files: tuple[GitPath, ...] = ()
    path_param_prefix: str = ""
    repo_url: Annotated[str, Name("repoURL")]
    requeue_after_seconds: int | None = None
    revision: str
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None


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
class ScmFilter:
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


@schema
class DecisionGenerator:
    """One set of parameters for each cluster that another resource's status names."""

    config_map_ref: Annotated[str, Doc("Name of the ConfigMap that says which resource, and where in it.")]
    label_selector: Annotated[Selector | None, ATOMIC_MAP] = None
    name: str = ""
    requeue_after_seconds: int | None = None
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None


@schema
class PluginConfig:
    """The ConfigMap that says where a plug-in is."""

    name: str


@schema
class PluginInput:
    """What a plug-in is told."""

    parameters: Annotated[dict[str, AnyValue] | None, Doc("Any JSON values.")] = None


@schema
class PluginGenerator:
    """The sets of parameters that a web service answers with."""

    config_map_ref: PluginConfig
    input: PluginInput | None = None
    requeue_after_seconds: int | None = None
    template: ApplicationTemplate | None = None
    values: dict[str, str] | None = None


@schema
class InnerGenerator:
    """A generator within a matrix or a merge; `matrix` and `merge` in it nest once more."""

    cluster_decision_resource: DecisionGenerator | None = None
    clusters: ClusterGenerator | None = None
    git: GitGenerator | None = None
    list: ListGenerator | None = None
    matrix: AnyValue | None = None
    merge: AnyValue | None = None
    plugin: PluginGenerator | None = None
    pull_request: PullRequestGenerator | None = None
    scm_provider: ScmProviderGenerator | None = None
    selector: Annotated[Selector | None, ATOMIC_MAP] = None


@schema
class MatrixGenerator:
    """Every set of the first generator with every set of the second."""

    generators: tuple[InnerGenerator, ...]
    template: ApplicationTemplate | None = None


@schema
class MergeGenerator:
    """The first generator's sets, overlaid by those of the others that agree in the keys."""

    generators: tuple[InnerGenerator, ...]
    merge_keys: tuple[str, ...]
    template: ApplicationTemplate | None = None


@schema
class Generator:
    """One source of parameters, and which of them to use."""

    cluster_decision_resource: DecisionGenerator | None = None
    clusters: ClusterGenerator | None = None
    git: GitGenerator | None = None
    list: ListGenerator | None = None
    matrix: MatrixGenerator | None = None
    merge: MergeGenerator | None = None
    plugin: PluginGenerator | None = None
    pull_request: PullRequestGenerator | None = None
    scm_provider: ScmProviderGenerator | None = None
    selector: Annotated[Selector | None, ATOMIC_MAP] = None


@schema
class IgnoreApplicationDifference:
    """Fields of generated applications that are left as they are."""

    jq_path_expressions: tuple[str, ...] = ()
    json_pointers: tuple[str, ...] = ()
    name: Annotated[str, Doc("Only of this application.")] = ""


@schema
class PreservedFields:
    """Further annotations and labels that are left as they are."""

    annotations: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


@schema
class StepExpression:
    """A condition on an application's labels: In or NotIn."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


@schema
class RollingStep:
    """Applications that are updated before those of the next step."""

    match_expressions: tuple[StepExpression, ...] = ()
    max_update: Annotated[IntOrText | None, Doc("How many at a time, as a number or per cent.")] = None


@schema
class RollingSync:
    """The steps of an update."""

    steps: tuple[RollingStep, ...] = ()


@schema
class Strategy:
    """In which order applications are updated and deleted."""

    deletion_order: Annotated[str, Doc("AllAtOnce or Reverse.")] = ""
    rolling_sync: RollingSync | None = None
    type: Annotated[str, Doc("AllAtOnce or RollingSync.")] = ""


@schema
class SetSyncPolicy:
    """What may happen to generated applications."""

    applications_sync: Annotated[
        str, Rules({"enum": ["create-only", "create-update", "create-delete", "sync"]}), Doc("Default: sync.")
    ] = ""
    preserve_resources_on_deletion: Annotated[bool, Doc("Applications get no resources finalizer.")] = False


@schema
class ApplicationSetSpec:
    """Where parameters come from and what is made of them."""

    apply_nested_selectors: Annotated[bool, Doc("Without effect: always on.")] = False
    generators: tuple[Generator, ...]
    go_template: bool = False
    go_template_options: tuple[str, ...] = ()
    ignore_application_differences: tuple[IgnoreApplicationDifference, ...] = ()
    preserved_fields: PreservedFields | None = None
    strategy: Strategy | None = None
    sync_policy: SetSyncPolicy | None = None
    template: ApplicationTemplate
    template_patch: Annotated[str, Doc("A strategic merge patch, rendered after the template.")] = ""


@schema
class ApplicationRollout:
    """How far one application is in a rolling sync."""

    application: str
    last_transition_time: Time | None = None
    message: str
    status: str
    step: str
    target_revisions: tuple[str, ...]


@schema
class SetCondition:
    """One condition of the set."""

    last_transition_time: Time | None = None
    message: str
    reason: str
    status: str
    type: str


@schema
class SetHealth:
    """The set's or an application's health."""

    last_transition_time: Time | None = None
    message: str = ""
    status: str = ""


@schema
class SetResource:
    """One generated application."""

    group: str = ""
    health: SetHealth | None = None
    hook: bool = False
    kind: str = ""
    name: str = ""
    namespace: str = ""
    requires_deletion_confirmation: bool = False
    requires_pruning: bool = False
    status: str = ""
    sync_wave: int | None = None
    version: str = ""


@schema
class ApplicationSetStatus:
    """What was generated."""

    application_status: tuple[ApplicationRollout, ...] = ()
    conditions: tuple[SetCondition, ...] = ()
    health: SetHealth | None = None
    resources: tuple[SetResource, ...] = ()
    resources_count: int | None = None


@resource(
    "argoproj.io",
    "v1alpha1",
    plural="applicationsets",
    short_names=("appset", "appsets"),
    subresources={"status": {}},
    labels={"app.kubernetes.io/name": "applicationsets.argoproj.io", "app.kubernetes.io/part-of": "argocd"},
)
class ApplicationSet:
    """Many applications from one template."""

    spec: ApplicationSetSpec
    status: ApplicationSetStatus | None = None
