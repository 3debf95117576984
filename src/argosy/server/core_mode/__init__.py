"""Answers clients that run Argo CD's API server themselves (`argocd --core`) and ask a repo-server for the rest.

They reach it through a forwarded port of a Pod, which only users may open who may read the namespace's Secrets.
Source: spec/server-details.md B1.
"""
