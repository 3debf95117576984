"""Shared by all folders of GitOps: an Application's spec and status, resource tracking, event texts. Pure."""
