"""What the API takes and gives. Made by scripts/client.py: changes here are lost."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Act(TypedDict):
    """One call that would change something, and its result; `name` identifies the record, `namespace` is empty."""

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


class Alike(TypedDict):
    """Objects of one kind that need attention for one reason; the items have the first of them."""

    kind: str
    reason: str
    severity: str
    count: int


class Allowed(TypedDict):
    """In the order of the questions."""

    allowed: list[bool]


class ApplicationPage(TypedDict):
    """`facets` have, for each value, the number of rows without that facet's own filter."""

    total: int
    matched: int
    rows: list[ApplicationRow]
    facets: dict[str, dict[str, int]]


class ApplicationRow(TypedDict):
    """One Application, as a list shows it: `repository` to `revision` are those of its first source."""

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
    otherSources: int
    cluster: str
    destinationNamespace: str
    automated: bool
    phase: str
    syncedAt: NotRequired[str]
    createdAt: str
    labels: dict[str, str]
    images: list[str]
    conditions: list[str]


class ApplicationShown(TypedDict):
    """One Application. `spec` is as stored."""

    row: ApplicationRow
    conditions: list[Condition]
    resources: list[ResourceShown]
    operation: NotRequired[OperationShown]
    history: list[Entry]
    urls: list[str]
    sources: list[SourceShown]
    hydration: NotRequired[HydrationShown]
    spec: dict[str, Any]
    resourceVersion: str
    reconciledAt: str


class Artefact(TypedDict):
    """`id` is a commit, tag or version; `text` has further details; `at` is its creation time."""

    id: str
    text: str
    at: str


class Artefacts(TypedDict):
    subscriptions: list[Subscription]
    discoveredAt: str


class BackupRecipient(TypedDict):
    """`recipient` is an age public key, `age1...`."""

    recipient: str


class BackupToRestore(TypedDict):
    """`keys`: the key Secrets of a backup."""

    keys: Any


class Banner(TypedDict):
    """`url`: where its text leads; `position`: `top`, `bottom` or `both`. One that is not permanent can be closed."""

    content: str
    url: str
    permanent: bool
    position: str


class Change(TypedDict):
    """One resource. `change`: create, update, prune, keep (no longer in Git, but not pruned) or none.

    `live` and `wanted` are empty if the object does not exist there; `refused` says why the project forbids it.
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
    """One object of the story. `state` is one word, `message` a sentence; both may be empty."""

    kind: str
    name: str
    state: str
    message: str
    since: str


class Chosen(TypedDict):
    """`freight` is the name of the Freight."""

    freight: str


class Comparison(TypedDict):
    """`same`: the number of resources without differences."""

    before: list[str]
    after: list[str]
    same: int
    differing: list[Differing]


class Composition(TypedDict):
    """`chosen`: the artefact's ID by the subscription's key; the default is the newest.

    `alias` may be empty: one is generated then.
    """

    alias: str
    chosen: dict[str, str]


class Condition(TypedDict):
    type: str
    message: str
    since: str


class Dependencies(TypedDict):
    """`hidden`: the number of further dependents that the caller may not see."""

    needs: list[Dependency]
    neededBy: list[Dependency]
    hidden: int


class Dependency(TypedDict):
    """`why`: what is needed is to the dependent object: its `project`, its `upstream stage`, its `issuer`."""

    group: str
    kind: str
    namespace: str
    name: str
    why: str


class Differing(TypedDict):
    """One resource that differs. `before` and `after` are empty if it does not exist there."""

    group: str
    kind: str
    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class Done(TypedDict):
    """`message` says what was started."""

    message: str


class EditedSet(TypedDict):
    """The proposed `spec` of the ApplicationSet."""

    spec: dict[str, Any]


class EncryptedBackup(TypedDict):
    """`encrypted`: base64 of a List of `count` key Secrets, in the age format."""

    count: int
    encrypted: str


class Entry(TypedDict):
    """One deployment in the history, newest first."""

    id: int
    revisions: list[str]
    deployedAt: str
    startedAt: str
    by: str
    automated: bool
    source: dict[str, Any]


class EventPage(TypedDict):
    total: int
    matched: int
    rows: list[EventRow]
    facets: dict[str, dict[str, int]]


class EventRow(TypedDict):
    """`kind`, `namespace` and `about`: of the object; `name` is that of the Event. `count`: how often it happened."""

    namespace: str
    name: str
    kind: str
    about: str
    time: str
    type: str
    reason: str
    message: str
    count: int


class GivenSealedSecret(TypedDict):
    """`sealedSecret` is the whole object: its name, namespace and annotations give the scope of its items."""

    sealedSecret: dict[str, Any]


class Help(TypedDict):
    """`downloads`: addresses of the command, by platform."""

    chatUrl: str
    chatText: str
    downloads: dict[str, str]


class Hold(TypedDict):
    """A hold: automatic promotion of an origin is paused at manually chosen Freight, until the newest is promoted."""

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
    """`counts` by severity, of everything that the caller may see. `favourites` in the requested order.

    `alike`: all that need attention, grouped, in the order of the items.

    A favourite that does not exist, or that the caller may not see, is omitted. It may have any severity.
    """

    items: list[Item]
    alike: list[Alike]
    counts: dict[str, int]
    favourites: list[Item]


class HydrationShown(TypedDict):
    """`dry` is rendered into `branch`, from where `path` is deployed. `phase` and what follows are of the last run."""

    dry: SourceShown
    branch: str
    path: str
    phase: str
    message: str
    startedAt: str
    finishedAt: str
    dryRevision: str
    hydratedRevision: str


class Image(TypedDict):
    """`container`: a name, or `*` for all."""

    container: str
    image: str


class Item(TypedDict):
    """`kind` is that of the object, or `Application`. `severity` is `broken` or `attention`. `facts` as in its list."""

    kind: str
    namespace: str
    name: str
    severity: str
    reason: str
    message: str
    since: str
    until: str
    facts: dict[str, str]


class MadeSealingKey(TypedDict):
    """`name` of the Secret."""

    name: str


class Me(TypedDict):
    """The caller, and how the page looks for everyone. `anonymous`: reading is allowed without signing in.

    `banner`: null without one, and for who may read nothing.
    """

    signedIn: bool
    username: str
    groups: list[str]
    anonymous: bool
    version: str
    tokens: Tokens
    banner: Banner | None
    help: Help


class Nothing(TypedDict):
    """No fields: the path says everything."""


class ObjectPage(TypedDict):
    total: int
    matched: int
    rows: list[ObjectRow]
    facets: dict[str, dict[str, int]]


class ObjectRow(TypedDict):
    """One object of any kind. `facts` are the details specific to its kind, by name."""

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
    """`object` is as stored, without internal metadata."""

    row: ObjectRow
    object: dict[str, Any]


class Offer(TypedDict):
    """Freight for a Stage. `availableAt` is the end of its soak time, or empty."""

    name: str
    alias: str
    content: str
    createdAt: str
    available: bool
    waitsFor: str
    availableAt: str
    current: bool


class Offers(TypedDict):
    """Newest first."""

    freight: list[Offer]


class Openers(TypedDict):
    """`items`: for each item the fingerprint of the key that opens it, empty if none does."""

    items: dict[str, str]


class OperationShown(TypedDict):
    """`by`: who started it; `automated` for automated sync."""

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
    """Everything in a project that the caller may see; `freight`: newest first."""

    project: str
    warehouses: list[ObjectRow]
    stages: list[StageNode]
    freight: list[ObjectRow]


class PipelineList(TypedDict):
    pipelines: list[PipelineRow]


class PipelineRow(TypedDict):
    """A project with pipelines, and the number of its stages by state."""

    project: str
    warehouses: int
    stages: int
    broken: int
    attention: int
    promoting: int


class PlannedApplication(TypedDict):
    """`before` and `after`: the metadata that a set controls, and the spec; empty if there is none."""

    namespace: str
    name: str
    before: dict[str, Any]
    after: dict[str, Any]


class PreviewedStep(TypedDict):
    """`effects`: what it would do, in lines of text."""

    step: str
    uses: str
    status: str
    effects: list[str]


class PromotionDetails(TypedDict):
    """`problem`: why it cannot be evaluated; else empty."""

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
    """A report; docs/rehearsals.md describes the fields. Times are virtual."""

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
    """Newest first."""

    rehearsals: list[RehearsalRow]


class RehearsalNote(TypedDict):
    """`kind`: assumed, or sent (what would be sent)."""

    kind: str
    text: str


class RehearsalRow(TypedDict):
    """`outcome`: delivered, waiting, unchanged, failed or stuck."""

    name: str
    outcome: str
    reason: str
    keptAt: str


class Rehearsed(TypedDict):
    """One line of the timeline; `kind` is empty for acts. `after`: time since the change, such as `1h30m0s`."""

    after: str
    at: str
    kind: str
    namespace: str
    name: str
    cluster: str
    severity: str
    text: str


class RehearsedCommits(TypedDict):
    """Commits that promotions would push to a branch, oldest first."""

    repository: str
    branch: str
    commits: list[str]


class RehearsedEnvironment(TypedDict):
    """The changes in one Application."""

    namespace: str
    application: str
    destination: str
    objects: list[RehearsedObject]


class RehearsedFinding(TypedDict):
    """Something that waits, has failed or is in progress; `until` is empty if unknown."""

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


class Resealed(TypedDict):
    """`items`: those that an older key sealed, re-encrypted. `opens` is false if an item cannot be decrypted."""

    opens: bool
    items: dict[str, str]


class ResourceShown(TypedDict):
    """One resource of the Application. `health` is empty for kinds without health."""

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


class RestoredKeys(TypedDict):
    """`refused`: the reason for each that is not a readable key. No existing key is changed."""

    restored: int
    present: int
    refused: list[str]


class Right(TypedDict):
    """As in `policy.csv`: a resource, an action and an object such as `default/web`.

    Without an object: whether there may be one for which the caller has the right, to offer a form that names it.
    """

    resource: str
    action: str
    object: NotRequired[str]


class Rights(TypedDict):
    rights: list[Right]


class RolloutDetails(TypedDict):
    """`info`: RolloutInfo as in the dashboard of Argo Rollouts; `waiting`: a sentence, or empty."""

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
    notBefore: str
    notAfter: str
    certificate: str
    publicKey: str
    bits: int
    seals: bool


class SealingKeys(TypedDict):
    """Newest first. `unreadable`: names of key Secrets without a readable certificate."""

    keys: list[SealingKeyShown]
    unreadable: list[str]


class SetPreview(TypedDict):
    """`problems`: Applications that would not be changed, and why."""

    created: list[PlannedApplication]
    changed: list[PlannedApplication]
    deleted: list[PlannedApplication]
    problems: list[str]


class SignIn(TypedDict):
    """`local`: whether some account may sign in with a password. `message`: the operator's, `ui.signinmessage`.

    `automatic`: whether the page goes to the first provider by itself, `ui.autosignin`. `ended`: why the session that
    the request presents does not count any more; empty without one.
    """

    providers: list[SignInProvider]
    local: bool
    buttonText: str
    message: str
    automatic: bool
    ended: str


class SignInProvider(TypedDict):
    """`place`: where a browser goes to sign in, below the server's base path; it takes `return_url`."""

    name: str
    place: str


class SourceShown(TypedDict):
    """`revision`: what it was last compared with; `ref`: the name by which other sources use its files."""

    repository: str
    path: str
    chart: str
    targetRevision: str
    revision: str
    ref: str
    name: str


class StageNode(TypedDict):
    """`waiting`: the number of available Freight newer than its current one, `next`: the newest of them.

    `promotions`: running and pending ones, in order. `controlFlow`: the stage has no promotion steps.
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
    """`problem`: why it cannot be evaluated (yet); the other fields are then empty. `skipped`: by its `if`."""

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
    """The artefacts that a Warehouse discovered in one repository, newest first. `key` identifies it in `chosen`."""

    key: str
    repository: str
    found: list[Artefact]


class SyncPreview(TypedDict):
    """`counts` by change; unchanged resources are only counted."""

    revisions: list[str]
    counts: dict[str, int]
    changes: list[Change]


class Takes(TypedDict):
    """Freight of a warehouse: `direct` from it, or after verification in `stages`."""

    warehouse: str
    direct: bool
    stages: list[str]


class Tokens(TypedDict):
    """Values of design tokens by name, without the leading `--`; colours of `light` are not those of `dark`."""

    light: dict[str, str]
    dark: dict[str, str]


class Told(TypedDict):
    """An event, newest first."""

    kind: str
    name: str
    type: str
    reason: str
    message: str
    at: str


class Trace(TypedDict):
    """Freight: its artefacts, and how far it has got."""

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
    """Missing times and texts are empty."""

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
    """`state`: live, past, failed or waiting; `why`: a sentence, with what it waits for.

    `passedBy`: newer Freight in the stage, if this one was never there.
    """

    stage: str
    state: str
    why: str
    passedBy: str
    promotions: list[TracedPromotion]
    applications: list[TracedApplication]


class Traces(TypedDict):
    """Newest first."""

    traces: list[Trace]


class Traffic(TypedDict):
    """The weights that one object of a traffic router has now for the new and the stable version, in percent."""

    kind: str
    name: str
    place: str
    canary: int
    stable: int


class Verified(TypedDict):
    """`opens`: whether every item can be decrypted and the Secret be made."""

    opens: bool


class View(TypedDict):
    """`to`: a path of the page with its query, such as `/applications?sync=OutOfSync`."""

    project: str
    name: str
    to: str


class WantedKey(TypedDict):
    """`bits` of the RSA key; `hours` for which its certificate is valid."""

    bits: int
    hours: int


class Why(TypedDict):
    """`severity` sorts: what needs a person comes first."""

    severity: Literal["ok", "busy", "attention", "broken"]
    reason: str
    message: str
    since: NotRequired[str]
    until: NotRequired[str]
    action: Literal["sync", "refresh", "rollback", "terminate", "edit", "none"]
