import { useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { Ago, Badge, Button, Copy, Loading, Note, StateBadge, Tabs, toast, Trouble } from "../../parts";
import { Favourite } from "../../parts/favourites";
import { namedLink, shortRevision, span } from "../../parts/format";
import { go, href, query } from "../../router";
import { placeOf } from "../applications/model";
import { useLive } from "../live-page";
import { Dependencies } from "../objects/details/story";
import { AutomationFact, WindowFacts } from "./automation";
import { helpOf } from "./conditions";
import { DeleteDialog } from "./delete";
import { DiffView } from "./diff";
import { HistoryView } from "./history";
import { ApplicationLogs } from "./application-logs";
import { type Shown, VIEWS } from "./model";
import { ResourcesView } from "./resources";
import { type Rights, useRights } from "./rights";
import { Hydration, SourceFacts } from "./sources";
import { SyncDialog } from "./sync";
import { TreeView } from "./tree";
import "../list.css";
import "./page.css";

type Live = Shown & { gone?: string };

export function ApplicationPage({ namespace, name }: { namespace: string; name: string }) {
  const place = `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
  const found = useLive<Live>(`/api/argosy/v1/stream/applications/${place}`);
  const app = found?.value.value;
  const problem = found?.problem.value;
  if (problem) return <Trouble title={name} problem={problem} up={["/applications", "All applications"]} />;
  if (!app) return <Loading />;
  if (app.gone) {
    return (
      <Note severity="attention">
        {name} was deleted. <a href={href("/applications")}>All applications</a>
      </Note>
    );
  }
  return <Found app={app} />;
}

function Found({ app }: { app: Shown }) {
  const { row } = app;
  const rights = useRights(row.project, row.namespace, row.name);
  const view = query.value.get("view") ?? (query.value.has("node") ? "tree" : "overview");
  const [syncs, setSyncs] = useState(false);
  const [deletes, setDeletes] = useState(false);
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/applications")}>Applications</a> / {row.name} <Copy text={row.name} what="the name" />
          <Favourite of={{ kind: "Application", namespace: row.namespace, name: row.name }} />
        </h1>
        <StateBadge word={row.sync} />
        <StateBadge word={row.health} />
        <Actions app={app} rights={rights} onSync={() => setSyncs(true)} onDelete={() => setDeletes(true)} />
      </div>
      <Note severity={row.why.severity}>
        <Badge severity={row.why.severity}>{row.why.reason}</Badge>
        <span>
          {row.why.message} <span class="muted"><Ago at={row.why.since} /></span>
        </span>
      </Note>
      <div class="stacked">
        <Tabs names={VIEWS} chosen={view} />
      </div>
      {view === "overview" && <Overview app={app} rights={rights} />}
      {view === "tree" && <TreeView app={app} />}
      {view === "resources" && <ResourcesView app={app} />}
      {view === "diff" && <DiffView app={app} rights={rights} />}
      {view === "history" && <HistoryView app={app} rights={rights} />}
      {view === "logs" && <ApplicationLogs app={app} />}
      {syncs && <SyncDialog app={app} lacks={rights.sync} onClose={() => setSyncs(false)} />}
      {deletes && <DeleteDialog app={app} lacks={rights.delete} onClose={() => setDeletes(false)} />}
    </>
  );
}

type ActionsProps = { app: Shown; rights: Rights; onSync: () => void; onDelete: () => void };

function Actions({ app, rights, onSync, onDelete }: ActionsProps) {
  const { row } = app;
  const busy = row.phase === "Running" || row.phase === "Terminating";
  const refresh = (level: string) =>
    act(level === "hard" ? "Hard refresh requested" : "Refresh requested", "GET", `/api/v1/applications/${row.name}?appNamespace=${row.namespace}&refresh=${level}`);
  return (
    <div class="actions">
      {busy ? (
        <Button
          kind="danger"
          lacks={rights.sync}
          onClick={() => void act("Terminating the sync", "DELETE", `/api/v1/applications/${row.name}/operation?appNamespace=${row.namespace}`)}
        >
          Terminate
        </Button>
      ) : (
        <Button kind="primary" lacks={rights.sync} onClick={onSync}>
          Sync…
        </Button>
      )}
      <Button lacks={rights.get} onClick={() => void refresh("normal")}>
        Refresh
      </Button>
      <Button lacks={rights.get} onClick={() => void refresh("hard")}>
        Hard refresh
      </Button>
      <Button lacks={rights.update} onClick={() => go(`${placeOf(row)}/edit`)}>
        Edit…
      </Button>
      <Button kind="danger" lacks={rights.delete} onClick={onDelete}>
        Delete…
      </Button>
    </div>
  );
}

export async function act(done: string, method: string, place: string, body?: unknown): Promise<boolean> {
  try {
    await ask(method, place, body);
    toast("ok", done);
    return true;
  } catch (error) {
    toast("broken", error instanceof Failure ? error.message : String(error));
    return false;
  }
}

function Overview({ app, rights }: { app: Shown; rights: Rights }) {
  const { row } = app;
  return (
    <div class="two">
      <section class="panel" aria-label="Source and destination">
        <h2>Source and destination</h2>
        <dl class="facts">
          <SourceFacts app={app} />
          <dt>Cluster</dt>
          <dd>{row.cluster}</dd>
          <dt>Namespace</dt>
          <dd>{row.destinationNamespace}</dd>
          <dt>Project</dt>
          <dd>{row.project}</dd>
          <dt>Automated sync</dt>
          <dd>
            <AutomationFact app={app} rights={rights} />
          </dd>
          <WindowFacts app={app} />
          {row.images.length > 0 && (
            <>
              <dt>Images</dt>
              <dd class="mono">{row.images.join(", ")}</dd>
            </>
          )}
          <Links urls={app.urls} />
          <dt>Last compared</dt>
          <dd>
            <Ago at={app.reconciledAt} />
          </dd>
        </dl>
      </section>
      <Operation app={app} />
      <Hydration app={app} />
      <Dependencies kind="applications" row={{ kind: "Application", namespace: row.namespace, name: row.name }} />
      {app.conditions.length > 0 && (
        <section class="panel" aria-label="Conditions">
          <h2>Conditions</h2>
          {app.conditions.map((one) => (
            <Note key={one.type} severity={one.type.endsWith("Error") ? "broken" : "attention"}>
              <span>
                <strong>{one.type}</strong> {one.message}{" "}
                <span class="muted">
                  <Ago at={one.since} />
                </span>
                {helpOf(one.type) && <div class="small">{helpOf(one.type)}</div>}
              </span>
            </Note>
          ))}
        </section>
      )}
    </div>
  );
}

function Links({ urls }: { urls: string[] }) {
  const links = urls.flatMap((text) => namedLink(text) ?? []);
  if (links.length === 0) return null;
  return (
    <>
      <dt>Links</dt>
      <dd>
        {links.map(({ title, url }) => (
          <div key={`${title}|${url}`}>
            <a href={url} target="_blank" rel="noopener noreferrer" title={url}>
              {title}
            </a>
          </div>
        ))}
      </dd>
    </>
  );
}

function Operation({ app }: { app: Shown }) {
  const { operation } = app;
  if (!operation) {
    return (
      <section class="panel" aria-label="Last sync">
        <h2>Last sync</h2>
        <p class="muted">Never synced. Press Sync to deploy it.</p>
      </section>
    );
  }
  const by = operation.automated ? "automated sync" : operation.by || "unknown";
  return (
    <section class="panel" aria-label="Last sync">
      <h2>
        Last sync <StateBadge word={operation.phase} />
      </h2>
      <p>{operation.message}</p>
      <p class="muted">
        Started <Ago at={operation.startedAt} /> by {by}
        {operation.finishedAt && `, took ${span(operation.startedAt, operation.finishedAt)}`}, to{" "}
        <span class="mono">{operation.revisions.map(shortRevision).join(", ")}</span>
        {operation.retries > 0 && `, ${operation.retries} ${operation.retries === 1 ? "retry" : "retries"}`}
      </p>
      {operation.steps.length > 0 && (
        <ul class="steps">
          {operation.steps.map((step) => (
            <li key={`${step.phase}/${step.group}/${step.kind}/${step.namespace}/${step.name}`}>
              <StateBadge word={step.status} /> {step.kind} {step.name}
              <span class="muted">
                {" "}
                {step.hook || step.phase}
                {step.wave ? `, wave ${step.wave}` : ""} — {step.message}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
