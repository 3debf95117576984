import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { objectOf, type Right, useLacking } from "../../api/rights";
import { Ago, Badge, Button, Copy, Dialog, Loading, Note, toast } from "../../parts";
import { go, query, withQuery } from "../../router";
import { LogsView } from "../logs/view";
import { yaml } from "../objects/model";
import { TerminalPanel } from "../terminal/panel";
import { AllFields, Differences } from "./diff";
import { differences, editable, type Managed, mergePatch, type Shown } from "./model";
import { withoutNoise } from "./noise";
import { ownersOf, withoutOwners } from "./owners";
import { act } from "./page";
import { NodeFacts } from "./node-facts";
import type { Node } from "./tree-model";

interface Action {
  name: string;
  displayName?: string;
  disabled?: boolean;
  params?: { name: string; default?: string }[] | null;
}

interface Event {
  reason?: string;
  message?: string;
  type?: string;
  count?: number;
  lastTimestamp?: string;
  eventTime?: string;
}

const Editor = lazy(() => import("../../parts/editor").then((found) => found.Editor));
const VIEWS = ["summary", "live", "diff", "events", "logs", "terminal"];
const PRINT = new Set(["Pod", "ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Rollout"]);

function offers(view: string, node: Node): boolean {
  if (view === "terminal") return node.kind === "Pod" && !node.group;
  return view !== "logs" || PRINT.has(node.kind);
}

/** One object of the tree: what it is, as it lives, what was told of it, and what can be done with it. The tab is in the address. */
export function ObjectPanel({ app, node, onClose }: { app: Shown; node: Node; onClose: () => void }) {
  const asked = tabOf(query.value.get("tab"));
  const view = VIEWS.includes(asked) && offers(asked, node) ? asked : "summary";
  return (
    <Dialog title={`${node.kind} ${node.name}`} onClose={onClose}>
      <form method="dialog">
        <h1>
          {node.kind} {node.name}
        </h1>
        <div class="tabs" role="tablist">
          {VIEWS.filter((name) => offers(name, node)).map((name) => (
            <Button key={name} kind="plain" role="tab" aria-selected={name === view} onClick={() => go(withQuery({ tab: name === "summary" ? null : name }), "replace")}>
              {name[0]?.toUpperCase() + name.slice(1)}
            </Button>
          ))}
        </div>
        {view === "summary" && <NodeFacts node={node} />}
        {view === "live" && <LiveManifest app={app} node={node} />}
        {view === "diff" && <ObjectDiff app={app} node={node} />}
        {view === "logs" && <LogsView place={{ ...placed(app), namespace: node.namespace ?? "", kind: node.kind, group: node.group ?? "", name: node.name }} />}
        {view === "events" && <Events app={app} node={node} />}
        {view === "terminal" && (
          <TerminalPanel
            {...placed(app)}
            project={app.row.project}
            namespace={node.namespace ?? ""}
            pod={node.name}
            manifest={`/api/v1/applications/${app.row.name}/resource?${named(app, node)}`}
          />
        )}
        <Actions app={app} node={node} onDone={onClose} />
        <div class="actions">
          <Button kind="primary" type="submit">
            Close
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** Argo CD's names of the same tabs lead here, too. */
function tabOf(given: string | null): string {
  return { manifest: "live", exec: "terminal", event: "events" }[given ?? ""] ?? given ?? "summary";
}

function placed(app: Shown): { application: string; appNamespace: string } {
  return { application: app.row.name, appNamespace: app.row.namespace };
}

function named(app: Shown, node: Node): URLSearchParams {
  return new URLSearchParams({
    appNamespace: app.row.namespace,
    namespace: node.namespace ?? "",
    resourceName: node.name,
    version: node.version ?? "",
    kind: node.kind,
    group: node.group ?? "",
  });
}

function useAnswer<T>(place: string): { answer: T | null; problem: string } {
  const [answer, setAnswer] = useState<T | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<T>("GET", place).then(setAnswer, (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)));
  }, [place]);
  return { answer, problem };
}

/** To do so to one object of the Application: by its own right, or by that of the whole where the server lets it be inherited. */
function onObject(app: Shown, node: Node, verb: string): Right[] {
  const object = objectOf(app.row.project, app.row.namespace, app.row.name);
  const fine = [verb, node.group ?? "", node.kind, node.namespace ?? "", node.name].join("/");
  return [fine, verb].map((action) => ({ resource: "applications", action, object }));
}

function LiveManifest({ app, node }: { app: Shown; node: Node }) {
  const [fine, whole] = useLacking(onObject(app, node, "update"));
  const [editing, setEditing] = useState(false);
  const { answer, problem } = useAnswer<{ manifest?: string }>(`/api/v1/applications/${app.row.name}/resource?${named(app, node)}`);
  const wanted = useAnswer<{ items: Managed[] | null }>(managedPlace(app, node));
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!answer || !(wanted.answer || wanted.problem)) return <Loading />;
  const live = JSON.parse(answer.manifest || "null") as Record<string, unknown> | null;
  const target = JSON.parse(wanted.answer?.items?.[0]?.targetState || "null") as Record<string, unknown> | null;
  const { object, folded } = live ? withoutNoise(live, target) : { object: null, folded: 0 };
  const isWhole = query.value.has("whole");
  const text = yaml(isWhole ? live && withoutOwners(live) : object).trimStart();
  if (editing && live) return <EditLive app={app} node={node} live={live} onClose={() => setEditing(false)} />;
  return (
    <div>
      <Copy text={text} what="the manifest" />{" "}
      {live && (
        <Button kind="plain" lacks={whole && fine} onClick={() => setEditing(true)}>
          Edit…
        </Button>
      )}{" "}
      <AllFields />
      {!isWhole && folded > 0 && (
        <p class="muted small">
          {folded} {folded === 1 ? "value is" : "values are"} folded: {target && "defaults and other fields that Git does not set, "}the status, and what the API server keeps for itself.
        </p>
      )}
      <pre class="diff" tabIndex={0}>
        {text}
      </pre>
      {live && <Owners live={live} />}
    </div>
  );
}

/** Who set which field: folded, since it is long and seldom asked. */
function Owners({ live }: { live: Record<string, unknown> }) {
  const owners = ownersOf(live);
  if (owners.length === 0) return null;
  return (
    <details>
      <summary>Field managers</summary>
      <ul class="steps">
        {owners.map((one, at) => (
          <li key={at}>
            <strong>{one.manager}</strong>{" "}
            <span class="muted">
              {one.operation}
              {one.subresource && ` of ${one.subresource}`} <Ago at={one.time} />
            </span>
            <div class="mono small">{one.fields.join(", ")}</div>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Changes the live object by a merge patch of what was edited; Git wins at the next sync. */
function EditLive({ app, node, live, onClose }: { app: Shown; node: Node; live: Record<string, unknown>; onClose: () => void }) {
  const before = editable(live);
  const start = yaml(before).trimStart();
  const [text, setText] = useState(start);
  async function save() {
    try {
      const { parse } = await import("yaml");
      const patch = mergePatch(before, parse(text) as Record<string, unknown>);
      const asked = named(app, node);
      asked.set("patchType", "application/merge-patch+json");
      await ask("POST", `/api/v1/applications/${app.row.name}/resource?${asked}`, JSON.stringify(patch));
      toast("ok", `${node.name} saved`);
      onClose();
    } catch (error) {
      toast("broken", error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <div>
      <Note severity="attention">Your change will differ from Git: the next {app.row.automated ? "automated sync" : "sync"} restores Git's version.</Note>
      <Suspense fallback={<p class="muted">Loading the editor…</p>}>
        <Editor text={text} label={`${node.kind} ${node.name} as YAML`} onChange={setText} />
      </Suspense>
      <div class="actions">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={text === start} onClick={() => void save()}>
          Save
        </Button>
      </div>
    </div>
  );
}

/** Both states of this object alone. */
function managedPlace(app: Shown, node: Node): string {
  const asked = new URLSearchParams({ appNamespace: app.row.namespace, namespace: node.namespace ?? "", name: node.name, kind: node.kind, group: node.group ?? "" });
  return `/api/v1/applications/${app.row.name}/managed-resources?${asked}`;
}

/** From what lives to what Git says, of this object alone. */
function ObjectDiff({ app, node }: { app: Shown; node: Node }) {
  const { answer, problem } = useAnswer<{ items: Managed[] | null }>(managedPlace(app, node));
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!answer) return <p class="muted">Comparing…</p>;
  if (!answer.items?.length) return <p class="muted">Not defined in Git: something else created it.</p>;
  const found = differences(answer.items);
  if (!found.length) return <Note severity="ok">No differences from Git.</Note>;
  return (
    <>
      <AllFields />
      <Differences found={found} />
    </>
  );
}

function Events({ app, node }: { app: Shown; node: Node }) {
  const asked = new URLSearchParams({
    appNamespace: app.row.namespace,
    resourceNamespace: node.namespace ?? "",
    resourceName: node.name,
    resourceUID: node.uid ?? "",
  });
  const { answer, problem } = useAnswer<{ items?: Event[] | null }>(`/api/v1/applications/${app.row.name}/events?${asked}`);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!answer) return <Loading />;
  if (!answer.items?.length) return <p class="muted">No events.</p>;
  return (
    <ul class="steps">
      {answer.items.map((one, at) => (
        <li key={at}>
          <Badge severity={one.type === "Warning" ? "attention" : "ok"}>{one.reason}</Badge> {one.message}{" "}
          <span class="muted">
            <Ago at={one.lastTimestamp || one.eventTime} />
            {(one.count ?? 1) > 1 && `, ${one.count} times`}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Actions({ app, node, onDone }: { app: Shown; node: Node; onDone: () => void }) {
  const asked = named(app, node);
  const { answer } = useAnswer<{ actions?: Action[] | null }>(`/api/v1/applications/${app.row.name}/resource/actions?${asked}`);
  const offered = (answer?.actions ?? []).filter((one) => !one.disabled);
  const object = objectOf(app.row.project, app.row.namespace, app.row.name);
  const actions = offered.map((one) => ({ resource: "applications", action: `action/${node.group ?? ""}/${node.kind}/${one.name}`, object }));
  const [fine, whole, ...lacks] = useLacking([...onObject(app, node, "delete"), ...actions]);
  const [confirming, setConfirming] = useState(false);
  const [filling, setFilling] = useState<Action | null>(null);
  const [values, setValues] = useState<Record<string, string>>({});
  async function run(one: Action) {
    if (one.params?.length && filling !== one) {
      setValues(Object.fromEntries(one.params.map((param) => [param.name, param.default ?? ""])));
      return setFilling(one);
    }
    const given = (one.params ?? []).map(({ name }) => ({ name, value: values[name] ?? "" }));
    const body = { ...Object.fromEntries(asked), action: one.name, resourceActionParameters: given };
    if (await act(`${one.name} started`, "POST", `/api/v1/applications/${app.row.name}/resource/actions/v2`, body)) onDone();
  }
  async function remove() {
    if (await act(`${node.name} deleted`, "DELETE", `/api/v1/applications/${app.row.name}/resource?${asked}`)) onDone();
  }
  return (
    <>
      {confirming && (
        <Note severity="broken">
          <span>
            {node.kind} {node.name} will be deleted, with everything it owns.
            {app.resources.some((one) => one.kind === node.kind && one.name === node.name) && " It is defined in Git: the next sync creates it again."}
          </span>
        </Note>
      )}
      {filling?.params?.map(({ name }) => (
        <label key={name} class="field">
          {name}
          <input value={values[name] ?? ""} onInput={(event) => setValues({ ...values, [name]: event.currentTarget.value })} />
        </label>
      ))}
      <div class="actions">
        {offered.map((one, number) => (
          <Button key={one.name} lacks={lacks[number]} kind={one === filling ? "primary" : "usual"} onClick={() => void run(one)}>
            {one.displayName || one.name}
            {one.params?.length && one !== filling ? "…" : ""}
          </Button>
        ))}
        <Button kind="danger" lacks={whole && fine} onClick={() => (confirming ? void remove() : setConfirming(true))}>
          {confirming ? "Confirm delete" : "Delete…"}
        </Button>
      </div>
    </>
  );
}
