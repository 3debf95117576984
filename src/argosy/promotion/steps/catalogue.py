"""All kinds of steps, by name."""

from __future__ import annotations

from types import ModuleType
from typing import Final

from argosy.promotion.steps.argocd import argocd_update, argocd_wait
from argosy.promotion.steps.documents import (
    json_parse,
    json_update,
    toml_parse,
    toml_update,
    yaml_merge,
    yaml_parse,
    yaml_update,
)
from argosy.promotion.steps.files import copy, delete, file_write, tar, untar
from argosy.promotion.steps.git import git_clear, git_clone, git_commit, git_push, git_tag, github_push
from argosy.promotion.steps.kargo import compose_output, fail, set_freight_alias, set_metadata
from argosy.promotion.steps.kind import Kind
from argosy.promotion.steps.pulls import git_merge_pr, git_open_pr, git_wait_for_pr
from argosy.promotion.steps.rendering import helm_template, helm_update_chart, kustomize_build, kustomize_set_image
from argosy.promotion.steps.transfers import http, http_download, oci_download, oci_push

_MODULES: Final[tuple[ModuleType, ...]] = (
    argocd_update,
    argocd_wait,
    compose_output,
    copy,
    delete,
    fail,
    file_write,
    git_clear,
    git_clone,
    git_commit,
    git_merge_pr,
    git_open_pr,
    git_push,
    git_tag,
    git_wait_for_pr,
    github_push,
    helm_template,
    helm_update_chart,
    http,
    http_download,
    json_parse,
    json_update,
    kustomize_build,
    kustomize_set_image,
    oci_download,
    oci_push,
    set_freight_alias,
    set_metadata,
    tar,
    toml_parse,
    toml_update,
    untar,
    yaml_merge,
    yaml_parse,
    yaml_update,
)

STEPS: Final[dict[str, Kind]] = {module.KIND.name: module.KIND for module in _MODULES}
