"""Argo CD's RBAC: `policy.csv` and the roles of projects, compiled once and evaluated thousands of times.

`policy` parses rules, `patterns` compiles globs and expressions, `rules` decides for one subject, and `enforcement`
for a caller with groups, a default role and the roles of the project in question. All pure.
"""
