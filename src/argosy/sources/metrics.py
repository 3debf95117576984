"""Metrics of requests to Git servers and OCI registries, under upstream's names. spec/metrics.md E1 (8084)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from argosy.observe.metrics import REGISTRY, Counter, Registry
from argosy.observe.tracing import span
from argosy.runtime.clock import Clock
from argosy.sources.port import SourceError
from argosy.sources.urls import normalise_url

SECONDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 10.0, 20.0)
RequestType = Literal["fetch", "ls-remote"]
OciRequest = Literal["extract", "resolve-revision", "digest-metadata", "get-tags", "test-repo"]


class GitMetrics:
    """Repositories are named without user and password."""

    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock = clock
        labels = ("repo", "request_type")
        self._requests = registry.counter("argocd_git_request_total", "Requests to Git servers.", labels)
        self._seconds = registry.histogram(
            "argocd_git_request_duration_seconds", "Time of requests to Git servers.", labels, SECONDS
        )
        failed = ("repo", "revision")
        self._failures = {
            "fetch": registry.counter("argocd_git_fetch_fail_total", "Fetches that failed.", failed),
            "ls-remote": registry.counter("argocd_git_lsremote_fail_total", "Listings that failed.", failed),
        }

    @contextmanager
    def request(self, url: str, kind: RequestType, revision: str = "") -> Iterator[None]:
        """One request, counted with its duration and whether it failed."""
        repo, began = normalise_url(url), self._clock.monotonic()
        self._requests.add(repo=repo, request_type=kind)
        try:
            with span(f"git {kind}", repo=repo):
                yield
        except SourceError:
            self._failures[kind].add(repo=repo, revision=revision)
            raise
        finally:
            self._seconds.observe(self._clock.monotonic() - began, repo=repo, request_type=kind)


class OciMetrics:
    """Artifacts are named without user and password."""

    def __init__(self, clock: Clock, registry: Registry = REGISTRY) -> None:
        self._clock = clock
        labels, failed = ("repo", "request_type"), ("repo", "revision")
        self._requests = registry.counter("argocd_oci_request_total", "Requests to OCI registries.", labels)
        self._seconds = registry.histogram(
            "argocd_oci_request_duration_seconds", "Time of requests to OCI registries.", labels, SECONDS
        )
        self._failed_at: dict[OciRequest, Counter] = {
            "extract": registry.counter("argocd_oci_extract_fail_total", "Artifacts that were not got.", failed),
            "resolve-revision": registry.counter(
                "argocd_oci_resolve_revision_fail_total", "Revisions that mean no artifact.", failed
            ),
            "digest-metadata": registry.counter(
                "argocd_oci_digest_metadata_fail_total", "Manifests that were not got.", failed
            ),
        }
        self._failed: dict[OciRequest, Counter] = {
            "get-tags": registry.counter("argocd_oci_get_tags_fail_total", "Lists of tags that failed.", ("repo",)),
            "test-repo": registry.counter("argocd_oci_test_repo_fail_total", "Tests that failed.", ("repo",)),
        }

    @contextmanager
    def request(self, url: str, kind: OciRequest, revision: str = "") -> Iterator[None]:
        """One request, counted with its duration and whether it failed."""
        repo, began = normalise_url(url), self._clock.monotonic()
        self._requests.add(repo=repo, request_type=kind)
        try:
            yield
        except SourceError:
            if (of_revision := self._failed_at.get(kind)) is not None:
                of_revision.add(repo=repo, revision=revision)
            else:
                self._failed[kind].add(repo=repo)
            raise
        finally:
            self._seconds.observe(self._clock.monotonic() - began, repo=repo, request_type=kind)
