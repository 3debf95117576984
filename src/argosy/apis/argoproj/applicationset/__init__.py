"""ApplicationSet (argo-cd: applicationset_types.go), a module for each part of it.

`kind` is the resource, `spec` and `status` its halves; `generators`, `repositories` and `pull_requests` are where
parameters come from, `template` is what they are inserted into, `references` what generators refer to.
"""

from __future__ import annotations

from argosy.apis.argoproj.applicationset.kind import ApplicationSet

__all__ = ["ApplicationSet"]
