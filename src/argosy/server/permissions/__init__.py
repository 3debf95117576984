"""Who may do what: `policy.csv` and the roles of projects, compiled once and asked thousands of times.

`policy` reads rules, `patterns` makes predicates of globs and expressions, `rules` decides for one subject, and
`enforcement` for a caller with groups, a default role and the roles of the project that is concerned. All pure.
"""
