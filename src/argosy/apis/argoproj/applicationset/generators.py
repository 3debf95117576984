"""Generators: sources of parameters, and combinations of them; those for Git hosts have modules of their own."""

from __future__ import annotations

from typing import Annotated

from argosy.apis.argoproj.applicationset.pull_requests import PullRequestGenerator
from argosy.apis.argoproj.applicationset.references import ATOMIC_MAP, Selector
from argosy.apis.argoproj.applicationset.repositories import ScmProviderGenerator
from argosy.apis.argoproj.applicationset.template import ApplicationTemplate
from argosy.apis.schema import Doc, Name, Object, Rules, schema

AnyValue = Annotated[int | str, Rules({"x-kubernetes-preserve-unknown-fields": True})]
"""Any JSON value at all."""


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
    """The input of a plugin."""

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
class InnerGenerator(Object):
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
class Generator(Object):
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
