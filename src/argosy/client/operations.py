"""One method for each operation of the API. Made by scripts/client.py: changes here are lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import cast

from argosy.client.awaiting import AwaitingTransport
from argosy.client.transport import Event
from argosy.client.types import (
    ActPage,
    Allowed,
    ApplicationPage,
    ApplicationShown,
    Artefacts,
    BackupRecipient,
    BackupToRestore,
    Chosen,
    Comparison,
    Composition,
    Dependencies,
    Done,
    EditedSet,
    EncryptedBackup,
    EventPage,
    GivenSealedSecret,
    Holders,
    Home,
    Image,
    MadeSealingKey,
    Me,
    Nothing,
    ObjectPage,
    ObjectShown,
    Offers,
    Openers,
    Pipeline,
    PipelineList,
    PromotionDetails,
    PromotionPreview,
    Rehearsal,
    RehearsalList,
    Resealed,
    RestoredKeys,
    Rights,
    RolloutDetails,
    SavedViews,
    SealingKeys,
    SetPreview,
    SignIn,
    Story,
    SyncPreview,
    Trace,
    Traces,
    Verified,
    View,
    WantedKey,
)
from argosy.client.waiting import WaitingTransport


class Client(WaitingTransport):
    """Waits for each answer. Every method raises ApiError for a refusal, Unreachable without an answer."""

    def get_rights_holders(self, *, resource: str = "", action: str = "", object_: str = "") -> Holders:
        """Who has a right, and by which rule."""
        return cast(
            Holders,
            self._ask("GET", "/rights/holders", (), {"resource": resource, "action": action, "object": object_}),
        )

    def get_me(self) -> Me:
        """The caller."""
        return cast(Me, self._ask("GET", "/me", (), {}))

    def post_rights(self, body: Rights) -> Allowed:
        """Whether the caller has rights, for many questions at once."""
        return cast(Allowed, self._ask("POST", "/rights", (), {}, body))

    def get_sign_in(self) -> SignIn:
        """How to sign in, and why the presented session ended."""
        return cast(SignIn, self._ask("GET", "/sign-in", (), {}))

    def get_applications(
        self,
        *,
        search: str = "",
        pattern: str = "",
        selector: str = "",
        annotation: Sequence[str] = (),
        sync: Sequence[str] = (),
        health: Sequence[str] = (),
        project: Sequence[str] = (),
        cluster: Sequence[str] = (),
        namespace: Sequence[str] = (),
        reason: Sequence[str] = (),
        condition: Sequence[str] = (),
        automated: Sequence[str] = (),
        label: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ApplicationPage:
        """Applications that the caller may see, filtered, sorted and paged."""
        return cast(
            ApplicationPage,
            self._ask(
                "GET",
                "/applications",
                (),
                {
                    "search": search,
                    "pattern": pattern,
                    "selector": selector,
                    "annotation": annotation,
                    "sync": sync,
                    "health": health,
                    "project": project,
                    "cluster": cluster,
                    "namespace": namespace,
                    "reason": reason,
                    "condition": condition,
                    "automated": automated,
                    "label": label,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_applications_namespace_name(self, namespace: str, name: str) -> ApplicationShown:
        """One Application."""
        return cast(ApplicationShown, self._ask("GET", "/applications/{}/{}", (namespace, name), {}))

    def get_stream_applications(
        self,
        *,
        search: str = "",
        pattern: str = "",
        selector: str = "",
        annotation: Sequence[str] = (),
        sync: Sequence[str] = (),
        health: Sequence[str] = (),
        project: Sequence[str] = (),
        cluster: Sequence[str] = (),
        namespace: Sequence[str] = (),
        reason: Sequence[str] = (),
        condition: Sequence[str] = (),
        automated: Sequence[str] = (),
        label: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """Applications, live: events `snapshot` and `patch`."""
        return self._stream(
            "/stream/applications",
            (),
            {
                "search": search,
                "pattern": pattern,
                "selector": selector,
                "annotation": annotation,
                "sync": sync,
                "health": health,
                "project": project,
                "cluster": cluster,
                "namespace": namespace,
                "reason": reason,
                "condition": condition,
                "automated": automated,
                "label": label,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_applications_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Application, live."""
        return self._stream("/stream/applications/{}/{}", (namespace, name), {})

    def get_stream_applications_namespace_name_tree(self, namespace: str, name: str) -> Iterator[Event]:
        """The resource tree of one Application, live: `nodes` and `orphanedNodes` by group/kind/namespace/name."""
        return self._stream("/stream/applications/{}/{}/tree", (namespace, name), {})

    def get_stream_applications_namespace_name_logs(
        self,
        namespace: str,
        name: str,
        *,
        resource_namespace: str = "",
        kind: str = "",
        group: str = "",
        resource_name: str = "",
        container: str = "",
        filter_: str = "",
        since_time: str = "",
        follow: str = "",
        previous: str = "",
        tail_lines: int | str = "",
    ) -> Iterator[Event]:
        """Logs of one Application's Pods, merged by time: patches whose `appended` has further lines."""
        return self._stream(
            "/stream/applications/{}/{}/logs",
            (namespace, name),
            {
                "resourceNamespace": resource_namespace,
                "kind": kind,
                "group": group,
                "resourceName": resource_name,
                "container": container,
                "filter": filter_,
                "sinceTime": since_time,
                "follow": follow,
                "previous": previous,
                "tailLines": tail_lines,
            },
        )

    def get_rollouts(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Rollout that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/rollouts",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_rollouts_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Rollout."""
        return cast(ObjectShown, self._ask("GET", "/rollouts/{}/{}", (namespace, name), {}))

    def get_stream_rollouts(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Rollout, live."""
        return self._stream(
            "/stream/rollouts",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_rollouts_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Rollout, live; `gone` says that it was deleted."""
        return self._stream("/stream/rollouts/{}/{}", (namespace, name), {})

    def get_analysisruns(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind AnalysisRun that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/analysisruns",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_analysisruns_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One AnalysisRun."""
        return cast(ObjectShown, self._ask("GET", "/analysisruns/{}/{}", (namespace, name), {}))

    def get_stream_analysisruns(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind AnalysisRun, live."""
        return self._stream(
            "/stream/analysisruns",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_analysisruns_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One AnalysisRun, live; `gone` says that it was deleted."""
        return self._stream("/stream/analysisruns/{}/{}", (namespace, name), {})

    def get_experiments(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Experiment that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/experiments",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_experiments_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Experiment."""
        return cast(ObjectShown, self._ask("GET", "/experiments/{}/{}", (namespace, name), {}))

    def get_stream_experiments(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Experiment, live."""
        return self._stream(
            "/stream/experiments",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_experiments_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Experiment, live; `gone` says that it was deleted."""
        return self._stream("/stream/experiments/{}/{}", (namespace, name), {})

    def get_applicationsets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind ApplicationSet that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/applicationsets",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_applicationsets_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One ApplicationSet."""
        return cast(ObjectShown, self._ask("GET", "/applicationsets/{}/{}", (namespace, name), {}))

    def get_stream_applicationsets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind ApplicationSet, live."""
        return self._stream(
            "/stream/applicationsets",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_applicationsets_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One ApplicationSet, live; `gone` says that it was deleted."""
        return self._stream("/stream/applicationsets/{}/{}", (namespace, name), {})

    def get_warehouses(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Warehouse that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/warehouses",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_warehouses_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Warehouse."""
        return cast(ObjectShown, self._ask("GET", "/warehouses/{}/{}", (namespace, name), {}))

    def get_stream_warehouses(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Warehouse, live."""
        return self._stream(
            "/stream/warehouses",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_warehouses_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Warehouse, live; `gone` says that it was deleted."""
        return self._stream("/stream/warehouses/{}/{}", (namespace, name), {})

    def get_stages(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Stage that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/stages",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_stages_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Stage."""
        return cast(ObjectShown, self._ask("GET", "/stages/{}/{}", (namespace, name), {}))

    def get_stream_stages(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Stage, live."""
        return self._stream(
            "/stream/stages",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_stages_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Stage, live; `gone` says that it was deleted."""
        return self._stream("/stream/stages/{}/{}", (namespace, name), {})

    def get_freight(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Freight that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/freight",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_freight_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Freight."""
        return cast(ObjectShown, self._ask("GET", "/freight/{}/{}", (namespace, name), {}))

    def get_stream_freight(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Freight, live."""
        return self._stream(
            "/stream/freight",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_freight_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Freight, live; `gone` says that it was deleted."""
        return self._stream("/stream/freight/{}/{}", (namespace, name), {})

    def get_promotions(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Promotion that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/promotions",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_promotions_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Promotion."""
        return cast(ObjectShown, self._ask("GET", "/promotions/{}/{}", (namespace, name), {}))

    def get_stream_promotions(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Promotion, live."""
        return self._stream(
            "/stream/promotions",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_promotions_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Promotion, live; `gone` says that it was deleted."""
        return self._stream("/stream/promotions/{}/{}", (namespace, name), {})

    def get_certificates(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Certificate that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/certificates",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_certificates_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Certificate."""
        return cast(ObjectShown, self._ask("GET", "/certificates/{}/{}", (namespace, name), {}))

    def get_stream_certificates(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Certificate, live."""
        return self._stream(
            "/stream/certificates",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_certificates_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Certificate, live; `gone` says that it was deleted."""
        return self._stream("/stream/certificates/{}/{}", (namespace, name), {})

    def get_issuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Issuer that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/issuers",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_issuers_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Issuer."""
        return cast(ObjectShown, self._ask("GET", "/issuers/{}/{}", (namespace, name), {}))

    def get_stream_issuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind Issuer, live."""
        return self._stream(
            "/stream/issuers",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_issuers_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One Issuer, live; `gone` says that it was deleted."""
        return self._stream("/stream/issuers/{}/{}", (namespace, name), {})

    def get_clusterissuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind ClusterIssuer that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/clusterissuers",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_clusterissuers_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One ClusterIssuer; `-` for the namespace."""
        return cast(ObjectShown, self._ask("GET", "/clusterissuers/{}/{}", (namespace, name), {}))

    def get_stream_clusterissuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind ClusterIssuer, live."""
        return self._stream(
            "/stream/clusterissuers",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_clusterissuers_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One ClusterIssuer, live; `gone` says that it was deleted; `-` for the namespace."""
        return self._stream("/stream/clusterissuers/{}/{}", (namespace, name), {})

    def get_sealedsecrets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind SealedSecret that one may see."""
        return cast(
            ObjectPage,
            self._ask(
                "GET",
                "/sealedsecrets",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_sealedsecrets_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One SealedSecret."""
        return cast(ObjectShown, self._ask("GET", "/sealedsecrets/{}/{}", (namespace, name), {}))

    def get_stream_sealedsecrets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """A window on the objects of kind SealedSecret, live."""
        return self._stream(
            "/stream/sealedsecrets",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_sealedsecrets_namespace_name(self, namespace: str, name: str) -> Iterator[Event]:
        """One SealedSecret, live; `gone` says that it was deleted."""
        return self._stream("/stream/sealedsecrets/{}/{}", (namespace, name), {})

    def get_home(self, *, favourite: Sequence[str] = ()) -> Home:
        """What needs attention now, and the state of favourites."""
        return cast(Home, self._ask("GET", "/home", (), {"favourite": favourite}))

    def get_stream_home(self, *, favourite: Sequence[str] = ()) -> Iterator[Event]:
        """What needs attention now, live."""
        return self._stream("/stream/home", (), {"favourite": favourite})

    def post_rollouts_namespace_name_promote(self, namespace: str, name: str, body: Nothing) -> Done:
        """Promote a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/promote", (namespace, name), {}, body))

    def post_rollouts_namespace_name_promote_full(self, namespace: str, name: str, body: Nothing) -> Done:
        """Promote full a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/promote-full", (namespace, name), {}, body))

    def post_rollouts_namespace_name_abort(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/abort", (namespace, name), {}, body))

    def post_rollouts_namespace_name_retry(self, namespace: str, name: str, body: Nothing) -> Done:
        """Retry a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/retry", (namespace, name), {}, body))

    def post_rollouts_namespace_name_pause(self, namespace: str, name: str, body: Nothing) -> Done:
        """Pause a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/pause", (namespace, name), {}, body))

    def post_rollouts_namespace_name_restart(self, namespace: str, name: str, body: Nothing) -> Done:
        """Restart a Rollout."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/restart", (namespace, name), {}, body))

    def post_rollouts_namespace_name_set_image(self, namespace: str, name: str, body: Image) -> Done:
        """Set the image of a Rollout's containers."""
        return cast(Done, self._ask("POST", "/rollouts/{}/{}/set-image", (namespace, name), {}, body))

    def get_stages_namespace_name_freight(self, namespace: str, name: str) -> Offers:
        """The Freight available to a Stage, now or later."""
        return cast(Offers, self._ask("GET", "/stages/{}/{}/freight", (namespace, name), {}))

    def post_stages_namespace_name_promote(self, namespace: str, name: str, body: Chosen) -> Done:
        """Promote a piece of Freight to a Stage."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/promote", (namespace, name), {}, body))

    def get_pipelines(self) -> PipelineList:
        """The projects with pipelines that the caller may see."""
        return cast(PipelineList, self._ask("GET", "/pipelines", (), {}))

    def get_pipelines_project(self, project: str) -> Pipeline:
        """The pipeline of a project."""
        return cast(Pipeline, self._ask("GET", "/pipelines/{}", (project,), {}))

    def get_stream_pipelines_project(self, project: str) -> Iterator[Event]:
        """The pipeline of a project, live."""
        return self._stream("/stream/pipelines/{}", (project,), {})

    def get_sealing_keys(self) -> SealingKeys:
        """The public halves of the keys that seal and open SealedSecrets."""
        return cast(SealingKeys, self._ask("GET", "/sealing/keys", (), {}))

    def post_sealing_keys(self, body: WantedKey) -> MadeSealingKey:
        """Generate a key that seals from now on."""
        return cast(MadeSealingKey, self._ask("POST", "/sealing/keys", (), {}, body))

    def post_sealing_verify(self, body: GivenSealedSecret) -> Verified:
        """Whether a SealedSecret can be unsealed."""
        return cast(Verified, self._ask("POST", "/sealing/verify", (), {}, body))

    def post_sealing_openers(self, body: GivenSealedSecret) -> Openers:
        """Which key opens each item of a SealedSecret."""
        return cast(Openers, self._ask("POST", "/sealing/openers", (), {}, body))

    def post_sealing_reseal(self, body: GivenSealedSecret) -> Resealed:
        """The items of a SealedSecret that an older key sealed, sealed with the newest key."""
        return cast(Resealed, self._ask("POST", "/sealing/reseal", (), {}, body))

    def post_sealing_keys_backup(self, body: BackupRecipient) -> EncryptedBackup:
        """All keys, encrypted for a recipient."""
        return cast(EncryptedBackup, self._ask("POST", "/sealing/keys/backup", (), {}, body))

    def post_sealing_keys_restore(self, body: BackupToRestore) -> RestoredKeys:
        """Add the keys of a backup that do not exist."""
        return cast(RestoredKeys, self._ask("POST", "/sealing/keys/restore", (), {}, body))

    def get_activity(
        self,
        *,
        search: str = "",
        subject: Sequence[str] = (),
        method: Sequence[str] = (),
        result: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> ActPage:
        """Recent changes and who made them."""
        return cast(
            ActPage,
            self._ask(
                "GET",
                "/activity",
                (),
                {
                    "search": search,
                    "subject": subject,
                    "method": method,
                    "result": result,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_stream_activity(
        self,
        *,
        search: str = "",
        subject: Sequence[str] = (),
        method: Sequence[str] = (),
        result: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """Who did what lately, live."""
        return self._stream(
            "/stream/activity",
            (),
            {
                "search": search,
                "subject": subject,
                "method": method,
                "result": result,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_events(
        self,
        *,
        search: str = "",
        kind: Sequence[str] = (),
        type_: Sequence[str] = (),
        reason: Sequence[str] = (),
        namespace: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> EventPage:
        """Events of Applications, pipelines, Rollouts and certificates."""
        return cast(
            EventPage,
            self._ask(
                "GET",
                "/events",
                (),
                {
                    "search": search,
                    "kind": kind,
                    "type": type_,
                    "reason": reason,
                    "namespace": namespace,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_stream_events(
        self,
        *,
        search: str = "",
        kind: Sequence[str] = (),
        type_: Sequence[str] = (),
        reason: Sequence[str] = (),
        namespace: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> Iterator[Event]:
        """Events of Applications, pipelines, Rollouts and certificates, live."""
        return self._stream(
            "/stream/events",
            (),
            {
                "search": search,
                "kind": kind,
                "type": type_,
                "reason": reason,
                "namespace": namespace,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_traces(self, *, of: str = "", project: str = "") -> Traces:
        """How far a change has got: by commit, tag, digest, image, or name or alias of Freight."""
        return cast(Traces, self._ask("GET", "/traces", (), {"of": of, "project": project}))

    def get_freight_namespace_name_trace(self, namespace: str, name: str) -> Trace:
        """How far Freight has got, and why not further."""
        return cast(Trace, self._ask("GET", "/freight/{}/{}/trace", (namespace, name), {}))

    def get_applications_namespace_name_preview(
        self, namespace: str, name: str, *, revision: Sequence[str] = (), prune: str = ""
    ) -> SyncPreview:
        """What a sync to Git's state, or to a revision, would change."""
        return cast(
            SyncPreview,
            self._ask("GET", "/applications/{}/{}/preview", (namespace, name), {"revision": revision, "prune": prune}),
        )

    def get_applications_namespace_name_preview_rollback_id(
        self, namespace: str, name: str, id_: str, *, prune: str = ""
    ) -> SyncPreview:
        """What a rollback to a deployment in the history would change."""
        return cast(
            SyncPreview,
            self._ask("GET", "/applications/{}/{}/preview/rollback/{}", (namespace, name, id_), {"prune": prune}),
        )

    def get_stages_namespace_name_preview_freight(self, namespace: str, name: str, freight: str) -> PromotionPreview:
        """What each step of a promotion would do, and which gates would follow."""
        return cast(PromotionPreview, self._ask("GET", "/stages/{}/{}/preview/{}", (namespace, name, freight), {}))

    def get_dependencies_group_kind_namespace_name(
        self, group: str, kind: str, namespace: str, name: str
    ) -> Dependencies:
        """What an object depends on, and what depends on it (`core`: the core group, `-`: no namespace)."""
        return cast(Dependencies, self._ask("GET", "/dependencies/{}/{}/{}/{}", (group, kind, namespace, name), {}))

    def get_certificates_namespace_name_story(self, namespace: str, name: str) -> Story:
        """A Certificate with its request, order and challenges, down to the issuer's answer."""
        return cast(Story, self._ask("GET", "/certificates/{}/{}/story", (namespace, name), {}))

    def get_sealedsecrets_namespace_name_story(self, namespace: str, name: str) -> Story:
        """Whether a SealedSecret was unsealed, into which Secret, or why not."""
        return cast(Story, self._ask("GET", "/sealedsecrets/{}/{}/story", (namespace, name), {}))

    def get_rollouts_namespace_name_details(self, namespace: str, name: str) -> RolloutDetails:
        """A Rollout with the objects it owns."""
        return cast(RolloutDetails, self._ask("GET", "/rollouts/{}/{}/details", (namespace, name), {}))

    def get_stream_rollouts_namespace_name_details(self, namespace: str, name: str) -> Iterator[Event]:
        """A Rollout with the objects it owns, live."""
        return self._stream("/stream/rollouts/{}/{}/details", (namespace, name), {})

    def get_promotions_namespace_name_details(self, namespace: str, name: str) -> PromotionDetails:
        """A Promotion's variables and steps as evaluated, and its events."""
        return cast(PromotionDetails, self._ask("GET", "/promotions/{}/{}/details", (namespace, name), {}))

    def get_views(self) -> SavedViews:
        """Saved views of lists that projects share."""
        return cast(SavedViews, self._ask("GET", "/views", (), {}))

    def post_views(self, body: View) -> SavedViews:
        """Save a view for a project, replacing one of the same name and list."""
        return cast(SavedViews, self._ask("POST", "/views", (), {}, body))

    def delete_views_project_name(self, project: str, name: str) -> SavedViews:
        """Remove a view of a project."""
        return cast(SavedViews, self._ask("DELETE", "/views/{}/{}", (project, name), {}))

    def post_certificates_namespace_name_renew(self, namespace: str, name: str, body: Nothing) -> Done:
        """Issue a Certificate again now."""
        return cast(Done, self._ask("POST", "/certificates/{}/{}/renew", (namespace, name), {}, body))

    def post_certificates_namespace_name_approve(self, namespace: str, name: str, body: Nothing) -> Done:
        """Approve the pending request of a Certificate."""
        return cast(Done, self._ask("POST", "/certificates/{}/{}/approve", (namespace, name), {}, body))

    def post_certificates_namespace_name_deny(self, namespace: str, name: str, body: Nothing) -> Done:
        """Deny the pending request of a Certificate."""
        return cast(Done, self._ask("POST", "/certificates/{}/{}/deny", (namespace, name), {}, body))

    def post_stages_namespace_name_refresh(self, namespace: str, name: str, body: Nothing) -> Done:
        """Refresh a Stage."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/refresh", (namespace, name), {}, body))

    def post_warehouses_namespace_name_refresh(self, namespace: str, name: str, body: Nothing) -> Done:
        """Refresh a Warehouse."""
        return cast(Done, self._ask("POST", "/warehouses/{}/{}/refresh", (namespace, name), {}, body))

    def post_stages_namespace_name_verify(self, namespace: str, name: str, body: Nothing) -> Done:
        """Verify a Stage's Freight again."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/verify", (namespace, name), {}, body))

    def post_stages_namespace_name_abort_verification(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort the running verification of a Stage."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/abort-verification", (namespace, name), {}, body))

    def post_stages_namespace_name_approve(self, namespace: str, name: str, body: Chosen) -> Done:
        """Approve Freight for a Stage."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/approve", (namespace, name), {}, body))

    def post_stages_namespace_name_promote_downstream(self, namespace: str, name: str, body: Chosen) -> Done:
        """Promote to all downstream Stages."""
        return cast(Done, self._ask("POST", "/stages/{}/{}/promote-downstream", (namespace, name), {}, body))

    def post_promotions_namespace_name_abort(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort a Promotion."""
        return cast(Done, self._ask("POST", "/promotions/{}/{}/abort", (namespace, name), {}, body))

    def post_promotions_namespace_name_retry(self, namespace: str, name: str, body: Nothing) -> Done:
        """Repeat a Promotion."""
        return cast(Done, self._ask("POST", "/promotions/{}/{}/retry", (namespace, name), {}, body))

    def get_warehouses_namespace_name_artefacts(self, namespace: str, name: str) -> Artefacts:
        """Artefacts that a Warehouse discovered, to create Freight from."""
        return cast(Artefacts, self._ask("GET", "/warehouses/{}/{}/artefacts", (namespace, name), {}))

    def post_warehouses_namespace_name_freight(self, namespace: str, name: str, body: Composition) -> Done:
        """Create Freight manually."""
        return cast(Done, self._ask("POST", "/warehouses/{}/{}/freight", (namespace, name), {}, body))

    def get_applications_namespace_name_compare(
        self, namespace: str, name: str, *, from_: str = "", to: str = ""
    ) -> Comparison:
        """What differs between two states of an Application."""
        return cast(
            Comparison, self._ask("GET", "/applications/{}/{}/compare", (namespace, name), {"from": from_, "to": to})
        )

    def post_applicationsets_namespace_name_preview(self, namespace: str, name: str, body: EditedSet) -> SetPreview:
        """What an edit of an ApplicationSet would create, change and delete."""
        return cast(SetPreview, self._ask("POST", "/applicationsets/{}/{}/preview", (namespace, name), {}, body))

    def get_rehearsals(self) -> RehearsalList:
        """Saved reports of rehearsals."""
        return cast(RehearsalList, self._ask("GET", "/rehearsals", (), {}))

    def get_rehearsals_name(self, name: str) -> Rehearsal:
        """The result of a rehearsal: timeline, differences, gates."""
        return cast(Rehearsal, self._ask("GET", "/rehearsals/{}", (name,), {}))

    def get_stream(self, *, watch: Sequence[str] = ()) -> Iterator[Event]:
        """Several streams in one: events with a list of the watch's number and its own stream's data."""
        return self._stream("/stream", (), {"watch": watch})


class AsyncClient(AwaitingTransport):
    """Every method is awaited, streams are iterated. Raises what `Client` does."""

    async def get_rights_holders(self, *, resource: str = "", action: str = "", object_: str = "") -> Holders:
        """Who has a right, and by which rule."""
        return cast(
            Holders,
            await self._ask("GET", "/rights/holders", (), {"resource": resource, "action": action, "object": object_}),
        )

    async def get_me(self) -> Me:
        """The caller."""
        return cast(Me, await self._ask("GET", "/me", (), {}))

    async def post_rights(self, body: Rights) -> Allowed:
        """Whether the caller has rights, for many questions at once."""
        return cast(Allowed, await self._ask("POST", "/rights", (), {}, body))

    async def get_sign_in(self) -> SignIn:
        """How to sign in, and why the presented session ended."""
        return cast(SignIn, await self._ask("GET", "/sign-in", (), {}))

    async def get_applications(
        self,
        *,
        search: str = "",
        pattern: str = "",
        selector: str = "",
        annotation: Sequence[str] = (),
        sync: Sequence[str] = (),
        health: Sequence[str] = (),
        project: Sequence[str] = (),
        cluster: Sequence[str] = (),
        namespace: Sequence[str] = (),
        reason: Sequence[str] = (),
        condition: Sequence[str] = (),
        automated: Sequence[str] = (),
        label: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ApplicationPage:
        """Applications that the caller may see, filtered, sorted and paged."""
        return cast(
            ApplicationPage,
            await self._ask(
                "GET",
                "/applications",
                (),
                {
                    "search": search,
                    "pattern": pattern,
                    "selector": selector,
                    "annotation": annotation,
                    "sync": sync,
                    "health": health,
                    "project": project,
                    "cluster": cluster,
                    "namespace": namespace,
                    "reason": reason,
                    "condition": condition,
                    "automated": automated,
                    "label": label,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_applications_namespace_name(self, namespace: str, name: str) -> ApplicationShown:
        """One Application."""
        return cast(ApplicationShown, await self._ask("GET", "/applications/{}/{}", (namespace, name), {}))

    def get_stream_applications(
        self,
        *,
        search: str = "",
        pattern: str = "",
        selector: str = "",
        annotation: Sequence[str] = (),
        sync: Sequence[str] = (),
        health: Sequence[str] = (),
        project: Sequence[str] = (),
        cluster: Sequence[str] = (),
        namespace: Sequence[str] = (),
        reason: Sequence[str] = (),
        condition: Sequence[str] = (),
        automated: Sequence[str] = (),
        label: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """Applications, live: events `snapshot` and `patch`."""
        return self._stream(
            "/stream/applications",
            (),
            {
                "search": search,
                "pattern": pattern,
                "selector": selector,
                "annotation": annotation,
                "sync": sync,
                "health": health,
                "project": project,
                "cluster": cluster,
                "namespace": namespace,
                "reason": reason,
                "condition": condition,
                "automated": automated,
                "label": label,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_applications_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Application, live."""
        return self._stream("/stream/applications/{}/{}", (namespace, name), {})

    def get_stream_applications_namespace_name_tree(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """The resource tree of one Application, live: `nodes` and `orphanedNodes` by group/kind/namespace/name."""
        return self._stream("/stream/applications/{}/{}/tree", (namespace, name), {})

    def get_stream_applications_namespace_name_logs(
        self,
        namespace: str,
        name: str,
        *,
        resource_namespace: str = "",
        kind: str = "",
        group: str = "",
        resource_name: str = "",
        container: str = "",
        filter_: str = "",
        since_time: str = "",
        follow: str = "",
        previous: str = "",
        tail_lines: int | str = "",
    ) -> AsyncIterator[Event]:
        """Logs of one Application's Pods, merged by time: patches whose `appended` has further lines."""
        return self._stream(
            "/stream/applications/{}/{}/logs",
            (namespace, name),
            {
                "resourceNamespace": resource_namespace,
                "kind": kind,
                "group": group,
                "resourceName": resource_name,
                "container": container,
                "filter": filter_,
                "sinceTime": since_time,
                "follow": follow,
                "previous": previous,
                "tailLines": tail_lines,
            },
        )

    async def get_rollouts(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Rollout that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/rollouts",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_rollouts_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Rollout."""
        return cast(ObjectShown, await self._ask("GET", "/rollouts/{}/{}", (namespace, name), {}))

    def get_stream_rollouts(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Rollout, live."""
        return self._stream(
            "/stream/rollouts",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_rollouts_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Rollout, live; `gone` says that it was deleted."""
        return self._stream("/stream/rollouts/{}/{}", (namespace, name), {})

    async def get_analysisruns(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind AnalysisRun that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/analysisruns",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_analysisruns_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One AnalysisRun."""
        return cast(ObjectShown, await self._ask("GET", "/analysisruns/{}/{}", (namespace, name), {}))

    def get_stream_analysisruns(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind AnalysisRun, live."""
        return self._stream(
            "/stream/analysisruns",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_analysisruns_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One AnalysisRun, live; `gone` says that it was deleted."""
        return self._stream("/stream/analysisruns/{}/{}", (namespace, name), {})

    async def get_experiments(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Experiment that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/experiments",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_experiments_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Experiment."""
        return cast(ObjectShown, await self._ask("GET", "/experiments/{}/{}", (namespace, name), {}))

    def get_stream_experiments(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Experiment, live."""
        return self._stream(
            "/stream/experiments",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_experiments_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Experiment, live; `gone` says that it was deleted."""
        return self._stream("/stream/experiments/{}/{}", (namespace, name), {})

    async def get_applicationsets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind ApplicationSet that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/applicationsets",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_applicationsets_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One ApplicationSet."""
        return cast(ObjectShown, await self._ask("GET", "/applicationsets/{}/{}", (namespace, name), {}))

    def get_stream_applicationsets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind ApplicationSet, live."""
        return self._stream(
            "/stream/applicationsets",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_applicationsets_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One ApplicationSet, live; `gone` says that it was deleted."""
        return self._stream("/stream/applicationsets/{}/{}", (namespace, name), {})

    async def get_warehouses(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Warehouse that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/warehouses",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_warehouses_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Warehouse."""
        return cast(ObjectShown, await self._ask("GET", "/warehouses/{}/{}", (namespace, name), {}))

    def get_stream_warehouses(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Warehouse, live."""
        return self._stream(
            "/stream/warehouses",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_warehouses_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Warehouse, live; `gone` says that it was deleted."""
        return self._stream("/stream/warehouses/{}/{}", (namespace, name), {})

    async def get_stages(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Stage that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/stages",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_stages_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Stage."""
        return cast(ObjectShown, await self._ask("GET", "/stages/{}/{}", (namespace, name), {}))

    def get_stream_stages(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Stage, live."""
        return self._stream(
            "/stream/stages",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_stages_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Stage, live; `gone` says that it was deleted."""
        return self._stream("/stream/stages/{}/{}", (namespace, name), {})

    async def get_freight(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Freight that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/freight",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_freight_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Freight."""
        return cast(ObjectShown, await self._ask("GET", "/freight/{}/{}", (namespace, name), {}))

    def get_stream_freight(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Freight, live."""
        return self._stream(
            "/stream/freight",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_freight_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Freight, live; `gone` says that it was deleted."""
        return self._stream("/stream/freight/{}/{}", (namespace, name), {})

    async def get_promotions(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Promotion that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/promotions",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_promotions_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Promotion."""
        return cast(ObjectShown, await self._ask("GET", "/promotions/{}/{}", (namespace, name), {}))

    def get_stream_promotions(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Promotion, live."""
        return self._stream(
            "/stream/promotions",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_promotions_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Promotion, live; `gone` says that it was deleted."""
        return self._stream("/stream/promotions/{}/{}", (namespace, name), {})

    async def get_certificates(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Certificate that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/certificates",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_certificates_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Certificate."""
        return cast(ObjectShown, await self._ask("GET", "/certificates/{}/{}", (namespace, name), {}))

    def get_stream_certificates(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Certificate, live."""
        return self._stream(
            "/stream/certificates",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_certificates_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Certificate, live; `gone` says that it was deleted."""
        return self._stream("/stream/certificates/{}/{}", (namespace, name), {})

    async def get_issuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind Issuer that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/issuers",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_issuers_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One Issuer."""
        return cast(ObjectShown, await self._ask("GET", "/issuers/{}/{}", (namespace, name), {}))

    def get_stream_issuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind Issuer, live."""
        return self._stream(
            "/stream/issuers",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_issuers_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One Issuer, live; `gone` says that it was deleted."""
        return self._stream("/stream/issuers/{}/{}", (namespace, name), {})

    async def get_clusterissuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind ClusterIssuer that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/clusterissuers",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_clusterissuers_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One ClusterIssuer; `-` for the namespace."""
        return cast(ObjectShown, await self._ask("GET", "/clusterissuers/{}/{}", (namespace, name), {}))

    def get_stream_clusterissuers(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind ClusterIssuer, live."""
        return self._stream(
            "/stream/clusterissuers",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_clusterissuers_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One ClusterIssuer, live; `gone` says that it was deleted; `-` for the namespace."""
        return self._stream("/stream/clusterissuers/{}/{}", (namespace, name), {})

    async def get_sealedsecrets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> ObjectPage:
        """A window on the objects of kind SealedSecret that one may see."""
        return cast(
            ObjectPage,
            await self._ask(
                "GET",
                "/sealedsecrets",
                (),
                {
                    "search": search,
                    "state": state,
                    "namespace": namespace,
                    "severity": severity,
                    "sort": sort,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    async def get_sealedsecrets_namespace_name(self, namespace: str, name: str) -> ObjectShown:
        """One SealedSecret."""
        return cast(ObjectShown, await self._ask("GET", "/sealedsecrets/{}/{}", (namespace, name), {}))

    def get_stream_sealedsecrets(
        self,
        *,
        search: str = "",
        state: Sequence[str] = (),
        namespace: Sequence[str] = (),
        severity: Sequence[str] = (),
        sort: str = "",
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """A window on the objects of kind SealedSecret, live."""
        return self._stream(
            "/stream/sealedsecrets",
            (),
            {
                "search": search,
                "state": state,
                "namespace": namespace,
                "severity": severity,
                "sort": sort,
                "offset": offset,
                "limit": limit,
            },
        )

    def get_stream_sealedsecrets_namespace_name(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """One SealedSecret, live; `gone` says that it was deleted."""
        return self._stream("/stream/sealedsecrets/{}/{}", (namespace, name), {})

    async def get_home(self, *, favourite: Sequence[str] = ()) -> Home:
        """What needs attention now, and the state of favourites."""
        return cast(Home, await self._ask("GET", "/home", (), {"favourite": favourite}))

    def get_stream_home(self, *, favourite: Sequence[str] = ()) -> AsyncIterator[Event]:
        """What needs attention now, live."""
        return self._stream("/stream/home", (), {"favourite": favourite})

    async def post_rollouts_namespace_name_promote(self, namespace: str, name: str, body: Nothing) -> Done:
        """Promote a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/promote", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_promote_full(self, namespace: str, name: str, body: Nothing) -> Done:
        """Promote full a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/promote-full", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_abort(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/abort", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_retry(self, namespace: str, name: str, body: Nothing) -> Done:
        """Retry a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/retry", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_pause(self, namespace: str, name: str, body: Nothing) -> Done:
        """Pause a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/pause", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_restart(self, namespace: str, name: str, body: Nothing) -> Done:
        """Restart a Rollout."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/restart", (namespace, name), {}, body))

    async def post_rollouts_namespace_name_set_image(self, namespace: str, name: str, body: Image) -> Done:
        """Set the image of a Rollout's containers."""
        return cast(Done, await self._ask("POST", "/rollouts/{}/{}/set-image", (namespace, name), {}, body))

    async def get_stages_namespace_name_freight(self, namespace: str, name: str) -> Offers:
        """The Freight available to a Stage, now or later."""
        return cast(Offers, await self._ask("GET", "/stages/{}/{}/freight", (namespace, name), {}))

    async def post_stages_namespace_name_promote(self, namespace: str, name: str, body: Chosen) -> Done:
        """Promote a piece of Freight to a Stage."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/promote", (namespace, name), {}, body))

    async def get_pipelines(self) -> PipelineList:
        """The projects with pipelines that the caller may see."""
        return cast(PipelineList, await self._ask("GET", "/pipelines", (), {}))

    async def get_pipelines_project(self, project: str) -> Pipeline:
        """The pipeline of a project."""
        return cast(Pipeline, await self._ask("GET", "/pipelines/{}", (project,), {}))

    def get_stream_pipelines_project(self, project: str) -> AsyncIterator[Event]:
        """The pipeline of a project, live."""
        return self._stream("/stream/pipelines/{}", (project,), {})

    async def get_sealing_keys(self) -> SealingKeys:
        """The public halves of the keys that seal and open SealedSecrets."""
        return cast(SealingKeys, await self._ask("GET", "/sealing/keys", (), {}))

    async def post_sealing_keys(self, body: WantedKey) -> MadeSealingKey:
        """Generate a key that seals from now on."""
        return cast(MadeSealingKey, await self._ask("POST", "/sealing/keys", (), {}, body))

    async def post_sealing_verify(self, body: GivenSealedSecret) -> Verified:
        """Whether a SealedSecret can be unsealed."""
        return cast(Verified, await self._ask("POST", "/sealing/verify", (), {}, body))

    async def post_sealing_openers(self, body: GivenSealedSecret) -> Openers:
        """Which key opens each item of a SealedSecret."""
        return cast(Openers, await self._ask("POST", "/sealing/openers", (), {}, body))

    async def post_sealing_reseal(self, body: GivenSealedSecret) -> Resealed:
        """The items of a SealedSecret that an older key sealed, sealed with the newest key."""
        return cast(Resealed, await self._ask("POST", "/sealing/reseal", (), {}, body))

    async def post_sealing_keys_backup(self, body: BackupRecipient) -> EncryptedBackup:
        """All keys, encrypted for a recipient."""
        return cast(EncryptedBackup, await self._ask("POST", "/sealing/keys/backup", (), {}, body))

    async def post_sealing_keys_restore(self, body: BackupToRestore) -> RestoredKeys:
        """Add the keys of a backup that do not exist."""
        return cast(RestoredKeys, await self._ask("POST", "/sealing/keys/restore", (), {}, body))

    async def get_activity(
        self,
        *,
        search: str = "",
        subject: Sequence[str] = (),
        method: Sequence[str] = (),
        result: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> ActPage:
        """Recent changes and who made them."""
        return cast(
            ActPage,
            await self._ask(
                "GET",
                "/activity",
                (),
                {
                    "search": search,
                    "subject": subject,
                    "method": method,
                    "result": result,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_stream_activity(
        self,
        *,
        search: str = "",
        subject: Sequence[str] = (),
        method: Sequence[str] = (),
        result: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """Who did what lately, live."""
        return self._stream(
            "/stream/activity",
            (),
            {
                "search": search,
                "subject": subject,
                "method": method,
                "result": result,
                "offset": offset,
                "limit": limit,
            },
        )

    async def get_events(
        self,
        *,
        search: str = "",
        kind: Sequence[str] = (),
        type_: Sequence[str] = (),
        reason: Sequence[str] = (),
        namespace: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> EventPage:
        """Events of Applications, pipelines, Rollouts and certificates."""
        return cast(
            EventPage,
            await self._ask(
                "GET",
                "/events",
                (),
                {
                    "search": search,
                    "kind": kind,
                    "type": type_,
                    "reason": reason,
                    "namespace": namespace,
                    "offset": offset,
                    "limit": limit,
                },
            ),
        )

    def get_stream_events(
        self,
        *,
        search: str = "",
        kind: Sequence[str] = (),
        type_: Sequence[str] = (),
        reason: Sequence[str] = (),
        namespace: Sequence[str] = (),
        offset: int | str = "",
        limit: int | str = "",
    ) -> AsyncIterator[Event]:
        """Events of Applications, pipelines, Rollouts and certificates, live."""
        return self._stream(
            "/stream/events",
            (),
            {
                "search": search,
                "kind": kind,
                "type": type_,
                "reason": reason,
                "namespace": namespace,
                "offset": offset,
                "limit": limit,
            },
        )

    async def get_traces(self, *, of: str = "", project: str = "") -> Traces:
        """How far a change has got: by commit, tag, digest, image, or name or alias of Freight."""
        return cast(Traces, await self._ask("GET", "/traces", (), {"of": of, "project": project}))

    async def get_freight_namespace_name_trace(self, namespace: str, name: str) -> Trace:
        """How far Freight has got, and why not further."""
        return cast(Trace, await self._ask("GET", "/freight/{}/{}/trace", (namespace, name), {}))

    async def get_applications_namespace_name_preview(
        self, namespace: str, name: str, *, revision: Sequence[str] = (), prune: str = ""
    ) -> SyncPreview:
        """What a sync to Git's state, or to a revision, would change."""
        return cast(
            SyncPreview,
            await self._ask(
                "GET", "/applications/{}/{}/preview", (namespace, name), {"revision": revision, "prune": prune}
            ),
        )

    async def get_applications_namespace_name_preview_rollback_id(
        self, namespace: str, name: str, id_: str, *, prune: str = ""
    ) -> SyncPreview:
        """What a rollback to a deployment in the history would change."""
        return cast(
            SyncPreview,
            await self._ask("GET", "/applications/{}/{}/preview/rollback/{}", (namespace, name, id_), {"prune": prune}),
        )

    async def get_stages_namespace_name_preview_freight(
        self, namespace: str, name: str, freight: str
    ) -> PromotionPreview:
        """What each step of a promotion would do, and which gates would follow."""
        return cast(
            PromotionPreview, await self._ask("GET", "/stages/{}/{}/preview/{}", (namespace, name, freight), {})
        )

    async def get_dependencies_group_kind_namespace_name(
        self, group: str, kind: str, namespace: str, name: str
    ) -> Dependencies:
        """What an object depends on, and what depends on it (`core`: the core group, `-`: no namespace)."""
        return cast(
            Dependencies, await self._ask("GET", "/dependencies/{}/{}/{}/{}", (group, kind, namespace, name), {})
        )

    async def get_certificates_namespace_name_story(self, namespace: str, name: str) -> Story:
        """A Certificate with its request, order and challenges, down to the issuer's answer."""
        return cast(Story, await self._ask("GET", "/certificates/{}/{}/story", (namespace, name), {}))

    async def get_sealedsecrets_namespace_name_story(self, namespace: str, name: str) -> Story:
        """Whether a SealedSecret was unsealed, into which Secret, or why not."""
        return cast(Story, await self._ask("GET", "/sealedsecrets/{}/{}/story", (namespace, name), {}))

    async def get_rollouts_namespace_name_details(self, namespace: str, name: str) -> RolloutDetails:
        """A Rollout with the objects it owns."""
        return cast(RolloutDetails, await self._ask("GET", "/rollouts/{}/{}/details", (namespace, name), {}))

    def get_stream_rollouts_namespace_name_details(self, namespace: str, name: str) -> AsyncIterator[Event]:
        """A Rollout with the objects it owns, live."""
        return self._stream("/stream/rollouts/{}/{}/details", (namespace, name), {})

    async def get_promotions_namespace_name_details(self, namespace: str, name: str) -> PromotionDetails:
        """A Promotion's variables and steps as evaluated, and its events."""
        return cast(PromotionDetails, await self._ask("GET", "/promotions/{}/{}/details", (namespace, name), {}))

    async def get_views(self) -> SavedViews:
        """Saved views of lists that projects share."""
        return cast(SavedViews, await self._ask("GET", "/views", (), {}))

    async def post_views(self, body: View) -> SavedViews:
        """Save a view for a project, replacing one of the same name and list."""
        return cast(SavedViews, await self._ask("POST", "/views", (), {}, body))

    async def delete_views_project_name(self, project: str, name: str) -> SavedViews:
        """Remove a view of a project."""
        return cast(SavedViews, await self._ask("DELETE", "/views/{}/{}", (project, name), {}))

    async def post_certificates_namespace_name_renew(self, namespace: str, name: str, body: Nothing) -> Done:
        """Issue a Certificate again now."""
        return cast(Done, await self._ask("POST", "/certificates/{}/{}/renew", (namespace, name), {}, body))

    async def post_certificates_namespace_name_approve(self, namespace: str, name: str, body: Nothing) -> Done:
        """Approve the pending request of a Certificate."""
        return cast(Done, await self._ask("POST", "/certificates/{}/{}/approve", (namespace, name), {}, body))

    async def post_certificates_namespace_name_deny(self, namespace: str, name: str, body: Nothing) -> Done:
        """Deny the pending request of a Certificate."""
        return cast(Done, await self._ask("POST", "/certificates/{}/{}/deny", (namespace, name), {}, body))

    async def post_stages_namespace_name_refresh(self, namespace: str, name: str, body: Nothing) -> Done:
        """Refresh a Stage."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/refresh", (namespace, name), {}, body))

    async def post_warehouses_namespace_name_refresh(self, namespace: str, name: str, body: Nothing) -> Done:
        """Refresh a Warehouse."""
        return cast(Done, await self._ask("POST", "/warehouses/{}/{}/refresh", (namespace, name), {}, body))

    async def post_stages_namespace_name_verify(self, namespace: str, name: str, body: Nothing) -> Done:
        """Verify a Stage's Freight again."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/verify", (namespace, name), {}, body))

    async def post_stages_namespace_name_abort_verification(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort the running verification of a Stage."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/abort-verification", (namespace, name), {}, body))

    async def post_stages_namespace_name_approve(self, namespace: str, name: str, body: Chosen) -> Done:
        """Approve Freight for a Stage."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/approve", (namespace, name), {}, body))

    async def post_stages_namespace_name_promote_downstream(self, namespace: str, name: str, body: Chosen) -> Done:
        """Promote to all downstream Stages."""
        return cast(Done, await self._ask("POST", "/stages/{}/{}/promote-downstream", (namespace, name), {}, body))

    async def post_promotions_namespace_name_abort(self, namespace: str, name: str, body: Nothing) -> Done:
        """Abort a Promotion."""
        return cast(Done, await self._ask("POST", "/promotions/{}/{}/abort", (namespace, name), {}, body))

    async def post_promotions_namespace_name_retry(self, namespace: str, name: str, body: Nothing) -> Done:
        """Repeat a Promotion."""
        return cast(Done, await self._ask("POST", "/promotions/{}/{}/retry", (namespace, name), {}, body))

    async def get_warehouses_namespace_name_artefacts(self, namespace: str, name: str) -> Artefacts:
        """Artefacts that a Warehouse discovered, to create Freight from."""
        return cast(Artefacts, await self._ask("GET", "/warehouses/{}/{}/artefacts", (namespace, name), {}))

    async def post_warehouses_namespace_name_freight(self, namespace: str, name: str, body: Composition) -> Done:
        """Create Freight manually."""
        return cast(Done, await self._ask("POST", "/warehouses/{}/{}/freight", (namespace, name), {}, body))

    async def get_applications_namespace_name_compare(
        self, namespace: str, name: str, *, from_: str = "", to: str = ""
    ) -> Comparison:
        """What differs between two states of an Application."""
        return cast(
            Comparison,
            await self._ask("GET", "/applications/{}/{}/compare", (namespace, name), {"from": from_, "to": to}),
        )

    async def post_applicationsets_namespace_name_preview(
        self, namespace: str, name: str, body: EditedSet
    ) -> SetPreview:
        """What an edit of an ApplicationSet would create, change and delete."""
        return cast(SetPreview, await self._ask("POST", "/applicationsets/{}/{}/preview", (namespace, name), {}, body))

    async def get_rehearsals(self) -> RehearsalList:
        """Saved reports of rehearsals."""
        return cast(RehearsalList, await self._ask("GET", "/rehearsals", (), {}))

    async def get_rehearsals_name(self, name: str) -> Rehearsal:
        """The result of a rehearsal: timeline, differences, gates."""
        return cast(Rehearsal, await self._ask("GET", "/rehearsals/{}", (name,), {}))

    def get_stream(self, *, watch: Sequence[str] = ()) -> AsyncIterator[Event]:
        """Several streams in one: events with a list of the watch's number and its own stream's data."""
        return self._stream("/stream", (), {"watch": watch})
