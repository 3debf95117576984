"""The client for any Kubernetes API server over HTTP.

`connection` defines where a server is and which CA to trust; `kubeconfig` and `cluster_secret` read that from files
and from Argo CD's cluster Secrets; `credentials` authenticates us; `client.HttpClient` is the `runtime.client.Client`.
"""

from argosy.runtime.http.client import HttpClient
from argosy.runtime.http.connection import Connection, ConnectionSettingsError, Impersonation, Trust
from argosy.runtime.http.exchange import Unreachable
from argosy.runtime.http.kubeconfig import in_cluster, load_kubeconfig

__all__ = [
    "Connection",
    "ConnectionSettingsError",
    "HttpClient",
    "Impersonation",
    "Trust",
    "Unreachable",
    "in_cluster",
    "load_kubeconfig",
]
