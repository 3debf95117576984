"""Where rendering tools find the YAML reader; it lives in machinery, because repositories' indexes need it too."""

from argosy.machinery.yaml import DEPTH_LIMIT, NODE_LIMIT, YamlError, load, load_all

__all__ = ["DEPTH_LIMIT", "NODE_LIMIT", "YamlError", "load", "load_all"]
