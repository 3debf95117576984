import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Badge, Loading, Note, Search, type Severity, StateBadge } from "../../parts";
import { readable, safeLink, personOf } from "../../parts/format";
import { href, query } from "../../router";
import { useLive } from "../live-page";
import { arrivedAt, contents, isPassed, severityOf, standing, type Trace, type TracedStage } from "./model";
import "../list.css";
import "../objects/details/view.css";
import "./page.css";

const e = encodeURIComponent;
const NEWEST = 10;

/** Changes on their way, the newest first; a search finds one by commit, tag, digest, image, name or alias. */
export function DeliveriesPage() {
  const wanted = query.value.get("search")?.trim() ?? "";
  return (
    <>
      <div class="head">
        <h1>Deliveries</h1>
        <Search label="Commit, tag, image or freight" />
      </div>
      {wanted ? <Found wanted={wanted} /> : <Newest />}
    </>
  );
}

function Found({ wanted }: { wanted: string }) {
  const [traces, setTraces] = useState<Trace[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => {
      ask<Schemas["Traces"]>("GET", `/api/argosy/v1/traces?of=${e(wanted)}`).then(
        (found) => {
          setTraces(found.traces);
          setProblem("");
        },
        (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
      );
    }, 250);
    return () => clearTimeout(timer);
  }, [wanted]);
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!traces) return <p class="muted">Searching…</p>;
  if (traces.length === 0) return <div class="panel">No Freight that you may see contains this.</div>;
  return <>{traces.map((one) => <Delivery key={`${one.project}/${one.freight}`} trace={one} />)}</>;
}

/** `youngerThan`: milliseconds; older ones are left out. */
export function Newest({ most = NEWEST, youngerThan = Infinity }: { most?: number; youngerThan?: number }) {
  const found = useLive<Schemas["ObjectPage"]>(`/api/argosy/v1/stream/freight?sort=-created&limit=${most}`);
  const page = found?.value.value;
  if (found?.problem.value) return <Note severity="broken">{found.problem.value}</Note>;
  if (!page) return <Loading />;
  const rows = page.rows.filter((row) => Date.now() - Date.parse(row.createdAt) < youngerThan);
  if (rows.length === 0) return <div class="panel">{page.rows.length ? "No deliveries in this period." : "No deliveries yet: no Warehouse has found anything."}</div>;
  return <>{rows.map((row) => <Live key={`${row.namespace}/${row.name}`} row={row} />)}</>;
}

/** Asked again whenever the Freight changes, which it does at each stage. */
function Live({ row }: { row: Schemas["ObjectRow"] }) {
  const [trace, setTrace] = useState<Trace | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<Trace>("GET", `/api/argosy/v1/freight/${e(row.namespace)}/${e(row.name)}/trace`).then(
      (found) => {
        setTrace(found);
        setProblem("");
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [row]);
  const name = row.facts["alias"] || row.name.slice(0, 12);
  if (problem) return <Note severity="broken">The delivery of {name} cannot be shown: {problem}</Note>;
  return trace ? <Delivery trace={trace} /> : <p class="muted">Loading {name}…</p>;
}

function Delivery({ trace }: { trace: Trace }) {
  const { severity, words, stage } = standing(trace);
  return (
    <section class="panel delivery" aria-label={trace.alias || trace.freight}>
      <h2>
        <Badge severity={severity}>{severity === "ok" ? "done" : severity === "broken" ? "stopped" : severity === "busy" ? "in progress" : "waiting"}</Badge>{" "}
        <a href={href(`/freight/${e(trace.project)}/${e(trace.freight)}`)} data-row>
          {trace.alias || trace.freight.slice(0, 12)}
        </a>{" "}
        <span class="mono">{contents(trace).join(", ")}</span>{" "}
        <span class="muted small">
          of <a href={href(`/pipelines/${e(trace.project)}`)}>{trace.project}</a>, found <Ago at={trace.discoveredAt} />
        </span>
      </h2>
      <p>
        {readable(words)}{" "}
        {severity === "attention" && <a href={href(`/pipelines/${e(trace.project)}?stage=${e(stage)}`)}>Go to {stage}</a>}
      </p>
      <ol class="way">
        {trace.stages.map((one) => (
          <Stage key={one.stage} project={trace.project} stage={one} />
        ))}
      </ol>
    </section>
  );
}

function Stage({ project, stage }: { project: string; stage: TracedStage }) {
  const last = stage.promotions.at(-1);
  return (
    <li>
      <Badge severity={severityOf(stage) as Severity}>{isPassed(stage) ? "superseded" : stage.state}</Badge> <strong>{stage.stage}</strong> <Ago at={arrivedAt(stage)} />
      {stage.state !== "live" && <div class="small">{isPassed(stage) ? `the newer ${stage.passedBy} is there` : readable(stage.why)}</div>}
      {last && (
        <div class="small">
          <a href={href(`/promotions/${e(project)}/${e(last.name)}`)}>promotion</a> by {personOf(last.actor)}
          {last.pullRequests.flatMap((url) => safeLink(url) ?? []).map((url) => (
            <>
              {" "}
              <a key={url} href={url} target="_blank" rel="noopener noreferrer">
                pull request
              </a>
            </>
          ))}
        </div>
      )}
      {stage.applications.map((app) => (
        <div key={app.name} class="small">
          <a href={href(`/applications/${e(app.namespace)}/${e(app.name)}`)}>{app.name}</a> <StateBadge word={app.health} />
          {app.rollouts.map((rollout) => (
            <span key={rollout.name}>
              {" "}
              <a href={href(`/rollouts/${e(rollout.namespace)}/${e(rollout.name)}`)}>rollout {rollout.name}</a> {rollout.phase} {rollout.step}
            </span>
          ))}
        </div>
      ))}
    </li>
  );
}
