"""Helm charts to manifests, by Helm itself, in a render worker (spec/argo-cd-engine-2.md 11.4).

The Helm library is loaded only by `library.py`, which only `generate.py` imports, which only a worker loads.
"""
