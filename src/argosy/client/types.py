"""What the API takes and gives. Made by scripts/client.py: changes here are lost."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Act(TypedDict):
    """One call that would change something, and how it ended; `name` is that of the line, `namespace` is empty."""

    namespace: str
    name: str
    time: str
    subject: str
    address: str
    method: str
    object: dict[str, str]
    result: str


class ActPage(TypedDict):
    total: int
    matched: int
    rows: list[Act]
    facets: dict[str, dict[str, int]]


class Allowed(TypedDict):
    """In the order of the question."""

    allowed: list[bool]


class ApplicationPage(TypedDict):
    """`facets` count, for each value, the rows that there would be without that facet's own filter."""

    total: int
    matched: int
    rows: list[ApplicationRow]
    facets: dict[str, dict[str, int]]


class ApplicationRow(TypedDict):
    """One Application, as a list shows it."""

    namespace: str
    name: str
    project: str
    sync: str
    health: str
    why: Why
    repository: str
    path: str
    targetRevision: str
    revision: str
    cluster: str
    destinationNamespace: str
    automated: bool
    phase: str
    syncedAt: NotRequired[str]
    createdAt: str
    labels: dict[str, str]
    images: list[str]


class ApplicationShown(TypedDict):
    """One Application. `spec` is as stored."""

    row: ApplicationRow
    conditions: list[Condition]
    resources: list[ResourceShown]
    operation: NotRequired[OperationShown]
    history: list[Entry]
    urls: list[str]
    spec: dict[str, Any]
    resourceVersion: str
    reconciledAt: str


class Artefact(TypedDict):
    """`id` is a commit, a tag or a version; `text` what else is known of it; `at` when it was made."""

    id: str
    text: str
    at: str


class Artefacts(TypedDict):
    subscriptions: list[Subscription]
    discoveredAt: str


class Change(TypedDict):
    """One resource. `change`: create, update, prune, keep (it is wanted no more, and is not pruned) or none.

    `live` and `wanted` are empty where there is none; `refused` says why the project forbids it.
    """

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    change: str
    live: dict[str, Any]
    wanted: dict[str, Any]
    refused: str


class Chapter(TypedDict):
    """One object of the story. `state` is its word, `message` what it says; empty where there is nothing to say."""

    kind: str
    name: str
    state: str
    message: str
    since: str


class Chosen(TypedDict):
    """`freight` is the name of a piece of Freight."""

    freight: str


class Comparison(TypedDict):
    """`same`: how many resources do not differ."""

    before: list[str]
    after: list[str]
    same: int
    differing: list[Differing]


class Composition(TypedDict):
    """`chosen`: by the key of a subscription the id of what is taken from it; the newest where none is chosen.

    `alias` may be empty: one is found then.
    """

    alias: str
    chosen: dict[str, str]


class Condition(TypedDict):
    type: str
    message: str
    since: str


class Dependencies(TypedDict):
    """`hidden`: how many more need it that the caller may not see."""

    needs: list[Dependency]
    neededBy: list[Dependency]
    hidden: int


class Dependency(TypedDict):
    """`why` reads after the one that depends: `Stage prod` `comes after` `Stage test`."""

    group: str
    kind: str
    namespace: str
    name: str
    why: str


class Differing(TypedDict):
    """One resource that differs. `before` and `after` are empty where there is none."""

    group: str
    kind: str
    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class Done(TypedDict):
    """`message` says what was begun."""

    message: str


class EditedSet(TypedDict):
    """`spec` of the ApplicationSet, as it would be."""

    spec: dict[str, Any]


class Entry(TypedDict):
    """One deployment of the history, the newest first."""

    id: int
    revisions: list[str]
    deployedAt: str
    startedAt: str
    by: str
    automated: bool
    source: dict[str, Any]


class Hold(TypedDict):
    """Automatic promotion of an origin stays at what a person chose, until somebody promotes the newest."""

    origin: str
    freight: str
    by: str
    since: str


class Holders(TypedDict):
    """`policy`: who has the right here; `kubernetes`: who has the like with `kubectl` and `kargo`."""

    policy: list[Holding]
    kubernetes: list[Holding]


class Holding(TypedDict):
    """`through`: roles on the way, or the binding; `rule`: as it is written there."""

    subject: str
    through: list[str]
    rule: str


class Home(TypedDict):
    """`counts` by severity, of everything that one may see. `favourites` in the order in which they were asked for.

    A favourite that is not there, or that one may not see, is left out. Its severity may be any.
    """

    items: list[Item]
    counts: dict[str, int]
    favourites: list[Item]


class Image(TypedDict):
    """`container`: its name, or `*` for all."""

    container: str
    image: str


class Item(TypedDict):
    """`kind` is that of the object, or `Application`. `severity` is `broken` or `attention`."""

    kind: str
    namespace: str
    name: str
    severity: str
    reason: str
    message: str
    since: str
    until: str


class Me(TypedDict):
    """The one who asks. `anonymous`: reading is allowed without signing in."""

    signedIn: bool
    username: str
    groups: list[str]
    anonymous: bool
    version: str


class Nothing(TypedDict):
    """No field: the address says it all."""


class ObjectPage(TypedDict):
    total: int
    matched: int
    rows: list[ObjectRow]
    facets: dict[str, dict[str, int]]


class ObjectRow(TypedDict):
    """One object of any kind. `facts` are what its kind is about, by name."""

    kind: str
    namespace: str
    name: str
    state: str
    severity: str
    message: str
    since: str
    until: str
    facts: dict[str, str]
    createdAt: str


class ObjectShown(TypedDict):
    """`object` is as stored, without what only the server needs."""

    row: ObjectRow
    object: dict[str, Any]


class Offer(TypedDict):
    """One piece of Freight for a Stage. `availableAt` is when a soak time ends, and empty where none runs."""

    name: str
    alias: str
    content: str
    createdAt: str
    available: bool
    waitsFor: str
    availableAt: str
    current: bool


class Offers(TypedDict):
    """The newest first."""

    freight: list[Offer]


class OperationShown(TypedDict):
    """`by`: who began it; `automated` when nobody did."""

    phase: str
    message: str
    startedAt: str
    finishedAt: str
    by: str
    automated: bool
    revisions: list[str]
    retries: int
    steps: list[Step]


class Piece(TypedDict):
    """Freight, in short."""

    name: str
    alias: str
    content: str


class Pipeline(TypedDict):
    """All that one may see of a project; `freight` the newest first."""

    project: str
    warehouses: list[ObjectRow]
    stages: list[StageNode]
    freight: list[ObjectRow]


class PipelineList(TypedDict):
    pipelines: list[PipelineRow]


class PipelineRow(TypedDict):
    """A project with pipelines, and how many of its stages are how."""

    project: str
    warehouses: int
    stages: int
    broken: int
    attention: int
    promoting: int


class PlannedApplication(TypedDict):
    """`before` and `after`: metadata that a set decides about, and spec; empty where there is none."""

    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class PreviewedStep(TypedDict):
    """`effects`: what it would do, line by line."""

    step: str
    uses: str
    status: str
    effects: list[str]


class PromotionDetails(TypedDict):
    """`problem`: why nothing of it can be evaluated; empty where it can."""

    variables: dict[str, Any]
    steps: list[StepEvaluated]
    problem: str
    events: list[Told]


class PromotionPreview(TypedDict):
    """`follows`: the gates after the steps."""

    steps: list[PreviewedStep]
    wouldSucceed: bool
    follows: list[str]


class Rehearsal(TypedDict):
    """A report; docs/rehearsals.md says what each part is. Times are those of the rehearsal."""

    name: str
    seed: int
    began: str
    ended: str
    took: str
    outcome: str
    reason: str
    changes: list[str]
    timeline: list[Rehearsed]
    differences: list[RehearsedEnvironment]
    commits: list[RehearsedCommits]
    gates: list[RehearsedFinding]
    failures: list[RehearsedFinding]
    busy: list[RehearsedFinding]
    before: list[RehearsedFinding]
    notes: list[RehearsalNote]
    problems: list[str]


class RehearsalList(TypedDict):
    """The newest first."""

    rehearsals: list[RehearsalRow]


class RehearsalNote(TypedDict):
    """`kind`: assumed, or sent (it would be)."""

    kind: str
    text: str


class RehearsalRow(TypedDict):
    """`outcome`: delivered, waiting, unchanged, failed or stuck."""

    name: str
    outcome: str
    reason: str
    keptAt: str


class Rehearsed(TypedDict):
    """One line of the timeline; `kind` is empty for what somebody did. `after`: the change, such as `1h30m0s`."""

    after: str
    at: str
    kind: str
    namespace: str
    name: str
    cluster: str
    severity: str
    text: str


class RehearsedCommits(TypedDict):
    """What promotions would commit to a branch, oldest first."""

    repository: str
    branch: str
    commits: list[str]


class RehearsedEnvironment(TypedDict):
    """What changes in one Application."""

    namespace: str
    application: str
    destination: str
    objects: list[RehearsedObject]


class RehearsedFinding(TypedDict):
    """Something that waits, failed or is under way; `until` is empty where nobody knows."""

    kind: str
    namespace: str
    name: str
    cluster: str
    message: str
    until: str


class RehearsedObject(TypedDict):
    """`change`: create, update or delete; `lines` of a unified diff, values of Secrets masked."""

    kind: str
    namespace: str
    name: str
    change: str
    lines: list[str]


class ResourceShown(TypedDict):
    """One resource of the Application. `health` is empty for kinds that have none."""

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    sync: str
    health: str
    healthMessage: str
    wave: int
    hook: bool
    pruned: bool


class Right(TypedDict):
    """As in `policy.csv`: a resource, an action and an object such as `default/web`."""

    resource: str
    action: str
    object: str


class Rights(TypedDict):
    rights: list[Right]


class RolloutDetails(TypedDict):
    """`info`: RolloutInfo of the peers' dashboard; `waiting` in words, empty where it waits for nothing."""

    waiting: str
    info: dict[str, Any]
    traffic: list[Traffic]


class SavedView(TypedDict):
    """`by`: who saved it."""

    project: str
    name: str
    to: str
    by: str


class SavedViews(TypedDict):
    """By project and name."""

    views: list[SavedView]


class SealingKeyShown(TypedDict):
    """`publicKey` is base64 of the SubjectPublicKeyInfo, `certificate` PEM; `seals`: new values are sealed for it."""

    name: str
    fingerprint: str
    createdAt: str
    notAfter: str
    certificate: str
    publicKey: str
    seals: bool


class SealingKeys(TypedDict):
    """The newest first."""

    keys: list[SealingKeyShown]


class SetPreview(TypedDict):
    """`problems`: Applications that would be left as they are, and why."""

    created: list[PlannedApplication]
    changed: list[PlannedApplication]
    deleted: list[PlannedApplication]
    problems: list[str]


class StageNode(TypedDict):
    """`waiting`: pieces newer than what it holds that it may have now, `next` the newest of them.

    `promotions`: those that run or queue, in order. `controlFlow`: it promotes nothing, it only passes on.
    """

    row: ObjectRow
    takes: list[Takes]
    holds: list[Piece]
    controlFlow: bool
    automatic: bool
    waiting: int
    next: Piece | None
    promotions: list[ObjectRow]
    onHold: list[Hold]
    verification: str


class Step(TypedDict):
    """One resource of an operation."""

    group: str
    kind: str
    namespace: str
    name: str
    phase: str
    wave: int
    status: str
    message: str
    hook: str


class StepEvaluated(TypedDict):
    """`problem`: why it cannot be evaluated, or not yet; the others are empty then. `skipped`: by its `if`."""

    step: str
    variables: dict[str, Any]
    config: dict[str, Any]
    skipped: bool
    problem: str


class Story(TypedDict):
    """`headline`: what it waits for and until when, in one line."""

    headline: str
    chapters: list[Chapter]
    lines: list[str]
    events: list[Told]


class Subscription(TypedDict):
    """What a Warehouse found in one repository, the newest first. `key` names it in a choice."""

    key: str
    repository: str
    found: list[Artefact]


class SyncPreview(TypedDict):
    """`counts` by change; resources without a change are only counted."""

    revisions: list[str]
    counts: dict[str, int]
    changes: list[Change]


class Takes(TypedDict):
    """Freight of a warehouse: `direct` from it, or once it was verified in `stages`."""

    warehouse: str
    direct: bool
    stages: list[str]


class Told(TypedDict):
    """An event, the newest first."""

    kind: str
    name: str
    type: str
    reason: str
    message: str
    at: str


class Trace(TypedDict):
    """One piece of Freight, from what is in it to where it is."""

    freight: str
    alias: str
    project: str
    origin: str
    discoveredAt: str
    artefacts: list[dict[str, str]]
    stages: list[TracedStage]


class TracedApplication(TypedDict):
    name: str
    namespace: str
    sync: str
    revision: str
    health: str
    rollouts: list[TracedRollout]


class TracedPromotion(TypedDict):
    """Times and texts are empty where there are none."""

    name: str
    phase: str
    actor: str
    startedAt: str
    finishedAt: str
    message: str
    commits: list[str]
    pullRequests: list[str]


class TracedRollout(TypedDict):
    name: str
    namespace: str
    phase: str
    step: str
    message: str


class TracedStage(TypedDict):
    """`state`: live, past, failed or waiting; `why` in a sentence, with what it waits for.

    `passedBy`: the newer Freight that is there, where this one never was.
    """

    stage: str
    state: str
    why: str
    passedBy: str
    promotions: list[TracedPromotion]
    applications: list[TracedApplication]


class Traces(TypedDict):
    """The newest first."""

    traces: list[Trace]


class Traffic(TypedDict):
    """What one object of a traffic router gives to the new and to the stable version now, in percent."""

    kind: str
    name: str
    place: str
    canary: int
    stable: int


class View(TypedDict):
    """`to`: a path of the page with its query, such as `/applications?sync=OutOfSync`."""

    project: str
    name: str
    to: str


class Why(TypedDict):
    """`severity` orders: what needs a person comes first."""

    severity: Literal["ok", "busy", "attention", "broken"]
    reason: str
    message: str
    since: NotRequired[str]
    until: NotRequired[str]
    action: Literal["sync", "refresh", "rollback", "terminate", "edit", "none"]
