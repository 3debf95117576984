"""Commands that need no cluster: `argosy render`, `resource`, `crds`, `version` and `doctor`."""
