"""How well one object is: rules for each kind, as functions of the live object (spec/argo-cd-engine-2.md section 9).

`assess(obj)` is the way in. A kind is one function in `workloads`, `cluster_kinds` or `delivery`, named in `TABLE`.
User-defined checks and the catalogue of other projects' kinds take their place in `assess` before the table.
"""

from __future__ import annotations

from argosy.gitops.health.assess import TABLE, assess, judge
from argosy.gitops.health.verdict import ORDER, Health, Status, worst

__all__ = ["ORDER", "TABLE", "Health", "Status", "assess", "judge", "worst"]
