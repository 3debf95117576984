"""Kubernetes' own types, as facts: fields, list keys, patch strategies, enums, and the defaults that live in code.

`facts` reads them from `facts.json` (made and cross-checked by scripts/kubernetes_facts.py), `compile` makes schema
nodes, `codec` reads and prints objects as the Go types do, `defaults` fills in what a server fills in. `known` puts
them together for whoever compares or patches objects of these kinds.
"""
