"""Kustomize for a render worker: builds a directory of a tree, with an Application's overrides.

Own code, because it must read from trees, record its inputs and stay inside the worker; compared with the real program
by tests/render/kustomize. Order of work: accumulate (build.py), transform (transformers.py), hash, fix references.
"""

from __future__ import annotations

from argosy.render.kustomize.build import build

__all__ = ["build"]
