"""Flags for an Application's spec, as in `argocd app create` and `set`; `spec_flags` reads them."""

from __future__ import annotations

from typing import Final

from argosy.cli.parsing import Parser

MANY: Final = (
    ("--parameter", "NAME=VALUE", "Helm: one value"),
    ("--values", "FILE", "Helm: values file in the repository or a URL"),
    ("--helm-set", "NAME=VALUE", "Helm: one value"),
    ("--helm-set-string", "NAME=VALUE", "Helm: one value, always text"),
    ("--helm-set-file", "NAME=PATH", "Helm: one value from a file of the repository"),
    ("--helm-api-versions", "VERSION", "Helm: API versions, instead of the cluster's"),
    ("--kustomize-image", "[NAME=]IMAGE", "Kustomize: an image"),
    ("--kustomize-replica", "NAME=COUNT", "Kustomize: replicas of an object"),
    ("--kustomize-common-label", "NAME=VALUE", "Kustomize: a label of every object"),
    ("--kustomize-common-annotation", "NAME=VALUE", "Kustomize: an annotation of every object"),
    ("--kustomize-api-versions", "VERSION", "Kustomize with charts: API versions, instead of the cluster's"),
    ("--jsonnet-tla-str", "NAME=TEXT", "Jsonnet: top-level argument"),
    ("--jsonnet-tla-code", "NAME=CODE", "Jsonnet: top-level argument"),
    ("--jsonnet-ext-var-str", "NAME=TEXT", "Jsonnet: external variable"),
    ("--jsonnet-ext-var-code", "NAME=CODE", "Jsonnet: external variable"),
    ("--jsonnet-libs", "DIR", "Jsonnet: library directory"),
    ("--plugin-env", "NAME=VALUE", "plug-in: a variable"),
    ("--sync-option", "NAME=VALUE", "a sync option; !NAME removes one"),
)
TEXTS: Final = (
    ("--repo", "URL", "Git or chart repository"),
    ("--path", "PATH", "in the repository"),
    ("--revision", "REVISION", "branch, tag, commit or version range"),
    ("--tag-prefix", "TEXT", "with a version range: only tags that begin so, read without it"),
    ("--helm-chart", "NAME", "of a chart repository"),
    ("--ref", "NAME", "other sources refer to this one as $NAME"),
    ("--project", "NAME", "default: default"),
    ("--dest-server", "URL", "of the cluster"),
    ("--dest-name", "CLUSTER", "instead of its URL"),
    ("--dest-namespace", "NAMESPACE", "for objects that name none"),
    ("--values-literal-file", "FILE", "Helm: values from a local file"),
    ("--release-name", "NAME", "Helm: default: the Application's name"),
    ("--helm-version", "VERSION", "Helm: accepted, and of no effect"),
    ("--helm-namespace", "NAMESPACE", "Helm: of the release"),
    ("--helm-kube-version", "VERSION", "Helm: instead of the cluster's"),
    ("--nameprefix", "TEXT", "Kustomize: before every name"),
    ("--namesuffix", "TEXT", "Kustomize: after every name"),
    ("--kustomize-version", "VERSION", "Kustomize: a configured version"),
    ("--kustomize-namespace", "NAMESPACE", "Kustomize: of every object"),
    ("--kustomize-kube-version", "VERSION", "Kustomize with charts: instead of the cluster's"),
    ("--config-management-plugin", "NAME", "plug-in that renders"),
    ("--directory-include", "GLOB", "plain YAML: only these files"),
    ("--directory-exclude", "GLOB", "plain YAML: not these files"),
    ("--dry-source-repo", "URL", "hydration: the dry repository"),
    ("--dry-source-path", "PATH", "hydration: the dry path"),
    ("--dry-source-revision", "REVISION", "hydration: the dry revision"),
    ("--sync-source-branch", "BRANCH", "hydration: the branch to sync from"),
    ("--sync-source-path", "PATH", "hydration: the path to sync from"),
    ("--hydrate-to-branch", "BRANCH", "hydration: the branch to push to, if it is not the sync branch"),
    ("--env", "NAME", "accepted, and of no effect"),
    ("--revision-history-limit", "COUNT", "length of the history"),
    ("--sync-retry-limit", "COUNT", "attempts after a failure"),
    ("--sync-retry-backoff-duration", "DURATION", "before the first attempt"),
    ("--sync-retry-backoff-max-duration", "DURATION", "the longest wait"),
    ("--sync-retry-backoff-factor", "FACTOR", "factor between two waits"),
)
SWITCHES: Final = (
    ("--ignore-missing-value-files", "Helm: ignore missing values files"),
    ("--helm-pass-credentials", "Helm: to other hosts, too"),
    ("--helm-skip-crds", "Helm: leave out definitions"),
    ("--helm-skip-tests", "Helm: leave out tests"),
    ("--helm-skip-schema-validation", "Helm: do not check values"),
    ("--kustomize-force-common-label", "Kustomize: override existing labels"),
    ("--kustomize-force-common-annotation", "Kustomize: override existing annotations"),
    ("--kustomize-label-without-selector", "Kustomize: leave selectors alone"),
    ("--kustomize-label-include-templates", "Kustomize: labels of Pod templates, too"),
    ("--ignore-missing-components", "Kustomize: ignore missing components"),
    ("--directory-recurse", "plain YAML: directories inside, too"),
    ("--directory-disable-extension-filter", "plain YAML: files of any extension"),
    ("--auto-prune", "with an automated policy"),
    ("--self-heal", "with an automated policy"),
    ("--allow-empty", "with an automated policy: allow deleting all objects"),
    ("--sync-retry-refresh", "retry with the newest revision"),
)
POLICIES: Final = ("none", "manual", "auto", "automatic", "automated")


def add_spec(parser: Parser) -> None:
    """All default to unset: `set` changes only the fields that are named."""
    for flag, metavar, text in TEXTS:
        parser.add_argument(flag, metavar=metavar, help=text)
    for flag, metavar, text in MANY:
        names = ("-p", flag) if flag == "--parameter" else (flag,)
        parser.add_argument(*names, action="append", metavar=metavar, help=f"{text}; may be repeated")
    for flag, text in SWITCHES:
        parser.add_argument(flag, action="store_const", const=True, help=text)
    parser.add_argument("--sync-policy", choices=POLICIES, help="automated, or by hand")
    parser.add_argument("--validate", action="store_const", const=True, help="accepted: controllers always validate")


def add_position(parser: Parser) -> None:
    parser.add_argument("--source-position", type=int, metavar="NUMBER", help="which of several sources, from 1")
    parser.add_argument("--source-name", metavar="NAME", help="which of several sources")
