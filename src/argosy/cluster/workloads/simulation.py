"""The public entry point: every simulated controller over one server, started and stopped together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from argosy.cluster.kind import Reader
from argosy.cluster.ports import Clock, TimerHandle
from argosy.cluster.store import Change
from argosy.cluster.workloads import policy_status
from argosy.cluster.workloads.apps import daemonset, deployment, replicaset, statefulset
from argosy.cluster.workloads.batch import cronjob, job
from argosy.cluster.workloads.decision import KUBELET, Controller, Decision, create
from argosy.cluster.workloads.engine import Engine
from argosy.cluster.workloads.inside.api_writes import Client, ProgramWrites
from argosy.cluster.workloads.inside.simulated_pods import SimulatedPodRuntime
from argosy.cluster.workloads.kubelet import kubelet
from argosy.cluster.workloads.kubelet.logs import SimulatedLogs
from argosy.cluster.workloads.nodes import node, scheduler, taints
from argosy.cluster.workloads.nodes.nodes import node_object
from argosy.cluster.workloads.ports import Deferred, Server
from argosy.cluster.workloads.resources import RESOURCES
from argosy.cluster.workloads.rules.rule_book import RuleBook
from argosy.cluster.workloads.rules.rules import Rule
from argosy.cluster.workloads.scaling import autoscaling, budgets
from argosy.cluster.workloads.server import Spawn
from argosy.cluster.workloads.services import addresses, endpoints, mirroring
from argosy.cluster.workloads.storage import volumes
from argosy.cluster.workloads.traffic.traffic import Traffic
from argosy.cluster.workloads.view import View
from argosy.machinery.objects import JsonObject, Key, key_of
from argosy.machinery.status import StatusError

log = logging.getLogger(__name__)
NODE_RETRY = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    seed: str = "0"
    node: str = "node-1"
    """The Node that is created when there is none. Empty for none; then added ones have no kubelet either."""
    kubelet_version: str = "v1.36.1"
    kubelet_events: bool = True
    zone: str = "UTC"
    """The time zone of CronJobs without one."""
    pods_per_owner: int = 5000
    """No controller gets more Pods than this, whatever it asks for: fewer than a simulated Node can run."""
    address_delay: float = 1.0
    """Seconds until a LoadBalancer Service or an Ingress gets its address; negative means never."""


class Workloads:
    """Call `start` after the server has its objects, and `stop` before it stops."""

    def __init__(
        self, server: Server, clock: Clock, rules: tuple[Rule, ...] = (), settings: Settings | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.book = RuleBook(rules)
        self.view = View(self.settings.seed, self.settings.pods_per_owner, server.hold)
        self._server, self._clock = server, clock
        self._runs = False
        self._retry: TimerHandle | None = None
        self.logs = SimulatedLogs(self.view, self.book, clock)
        """For `pods/log`."""
        self.pod_runtime = SimulatedPodRuntime(self.view, self.book, clock)
        """For exec, port-forward and proxies."""
        self.traffic = Traffic(self.view, self.book, clock)
        """Responses to Services' requests, as defined by rules."""
        self.engine = Engine(server, clock, controllers(self.book, self.settings, self.traffic, server), self.view)

    def observe(self, reader: Reader, on_commit: Callable[[Callable[[Sequence[Change]], None]], object]) -> None:
        """Lets traffic follow what is stored. Call before `start` if requests are to be simulated."""
        self.traffic.read_from(reader)
        on_commit(self.traffic.changed)

    def let_programs_write(
        self,
        acting_as: Callable[[str], Client],
        on_commit: Callable[[Callable[[Sequence[Change]], None]], object],
        spawn: Spawn,
    ) -> None:
        """Lets containers write to the API as rules say, after `start`. `acting_as`: a client with a user's rights."""
        programs = ProgramWrites(self.view, self.book, self._clock, acting_as, spawn, self.engine.say)
        on_commit(programs.committed)
        programs.start()

    def start(self) -> None:
        self._runs = True
        self._ensure_node()
        self.engine.start()

    def stop(self) -> None:
        self._runs = False
        if self._retry is not None:
            self._retry.cancel()
        self.engine.stop()

    @property
    def troubles(self) -> dict[str, str]:
        """What cannot be simulated now and why, for health checks; empty when all is well."""
        return self.engine.troubles

    def _ensure_node(self) -> None:
        """If the server cannot store it now, this is retried: without a Node nothing would ever run."""
        self._retry = None
        if not self.settings.node or list(self._server.list(RESOURCES["nodes"])):
            return
        with suppress(Deferred):  # waits for a webhook: `_node_settled` gets the result
            try:
                self._server.submit(create(node_object(self.settings.node), KUBELET), self._node_settled)
            except StatusError as error:
                self._node_settled(error)

    def _node_settled(self, error: StatusError | None) -> None:
        if error is not None and self._runs:
            log.warning("node %s was not made: %s", self.settings.node, error.reason)
            self._retry = self._clock.call_later(NODE_RETRY, self._ensure_node)


def controllers(book: RuleBook, settings: Settings, traffic: Traffic, server: Server) -> tuple[Controller, ...]:
    return (
        _live_rules(book),
        node.make_controller(settings.kubelet_version, settings.node),
        deployment.CONTROLLER,
        *replicaset.CONTROLLERS,
        statefulset.CONTROLLER,
        daemonset.CONTROLLER,
        job.CONTROLLER,
        cronjob.make_controller(settings.zone),
        endpoints.CONTROLLER,
        mirroring.CONTROLLER,
        *addresses.make_controllers(settings.address_delay),
        *volumes.CONTROLLERS,
        budgets.CONTROLLER,
        autoscaling.make_controller(book, traffic.requests_to),
        scheduler.CONTROLLER,
        taints.CONTROLLER,
        policy_status.make_controller(server.type_warnings),
        kubelet.make_controller(book, events=settings.kubelet_events, simulated=bool(settings.node)),
    )


def _live_rules(book: RuleBook) -> Controller:
    """Reads rules in labelled ConfigMaps, so that they can be changed while the simulation runs."""

    def look(view: View, key: Key) -> tuple[Key, JsonObject | None]:
        return key, view.get("configmaps", key)

    def decide(seen: tuple[Key, JsonObject | None], now: datetime) -> Decision:
        key, config_map = seen
        if config_map is None:
            book.drop_live((key.namespace, key.name))
        else:
            book.set_live(config_map)
            if error := book.errors.get((key.namespace, key.name)):
                log.warning("simulation rules: %s", error)
        return Decision()

    return Controller(
        name="simulation-rules", look=look, decide=decide, routes={"configmaps": lambda view, obj: [key_of(obj)]}
    )
