"""Kubernetes' own types, as facts: fields, list keys, patch strategies, enums, and the defaults that are in code.

`facts` reads them from `facts.json` (generated and cross-checked by scripts/kubernetes_facts.py), `compile` creates
schema nodes, `codec` reads and prints objects as the Go types do, `defaults` fills in a server's defaults. `known`
combines them for callers that compare or patch objects of these kinds.
"""
