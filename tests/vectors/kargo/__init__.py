"""Kargo's rules, file by file: what upstream's own code said for each input."""

FAMILIES = (
    ("kargo/freight-ids.yaml", "kargo.rules:freight_ids"),
    ("kargo/freight-collection-ids.yaml", "kargo.rules:collection_ids"),
    ("kargo/freight-availability.yaml", "kargo.rules:availability"),
    ("kargo/auto-promotion-candidates.yaml", "kargo.rules:candidates"),
    ("kargo/promotion-policies.yaml", "kargo.rules:policies"),
    ("kargo/promotion-order.yaml", "kargo.rules:order"),
    ("kargo/promotion-names.yaml", "kargo.rules:names"),
    ("kargo/authorized-stages.yaml", "kargo.rules:authorized"),
    ("kargo/analysis-templates.yaml", "kargo.rules:analysis"),
    ("kargo/task-inflation.yaml", "kargo.rules:tasks"),
    ("kargo/rbac-rules.yaml", "kargo.rules:rbac"),
    ("kargo/urls.yaml", "kargo.selection:urls"),
    ("kargo/path-patterns.yaml", "kargo.selection:patterns"),
    ("kargo/git-selectors.yaml", "kargo.selection:git"),
    ("kargo/image-tags.yaml", "kargo.selection:tags"),
    ("kargo/image-newest-build.yaml", "kargo.selection:builds"),
    ("kargo/image-platform.yaml", "kargo.selection:platforms"),
    ("kargo/semver-parse.yaml", "kargo.selection:versions"),
    ("kargo/semver-constraints.yaml", "kargo.selection:constraints"),
    ("kargo/subscriptions.yaml", "kargo.selection:subscriptions"),
    ("kargo/split-key.yaml", "kargo.editing:keys"),
    ("kargo/yaml-update.yaml", "kargo.editing:yaml_update"),
    ("kargo/yaml-merge.yaml", "kargo.editing:yaml_merge"),
    ("kargo/toml-update.yaml", "kargo.editing:toml_update"),
)
"""As in `__main__`."""
