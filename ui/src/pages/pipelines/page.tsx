import { useEffect, useMemo, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Badge, Button, Note, type Severity, Trouble } from "../../parts";
import { Mapped } from "../../parts/minimap";
import type { Spot } from "../../parts/minimap-model";
import { go, href, query, withQuery } from "../../router";
import { useLive } from "../live-page";
import { FreightLine } from "./freight";
import { type Pipeline, type Place, picture, type Row, shortContent, type StageNode, waitsFor } from "./model";
import { StagePanel, WarehousePanel } from "./panel";
import "../list.css";
import "./page.css";

const WIDTH = 212;
const HEIGHT = 108;
const GAP_X = 40;
const GAP_Y = 18;

/** The projects; one alone is opened at once. */
export function PipelinesPage() {
  const [found, setFound] = useState<Schemas["PipelineRow"][] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<Schemas["PipelineList"]>("GET", "/api/argosy/v1/pipelines").then(
      ({ pipelines }) => {
        if (pipelines.length === 1 && pipelines[0]) go(`/pipelines/${encodeURIComponent(pipelines[0].project)}`, "replace");
        else setFound(pipelines);
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, []);
  return (
    <>
      <div class="head">
        <h1>Pipelines</h1>
        <Lists />
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {found?.length === 0 && <div class="panel">There are no pipelines that you may see.</div>}
      <div class="cards">
        {found?.map((one) => (
          <a key={one.project} class="panel card" href={href(`/pipelines/${encodeURIComponent(one.project)}`)} data-row>
            <strong>{one.project}</strong>
            <span class="muted">
              {one.warehouses} warehouses, {one.stages} stages
            </span>
            <span>
              {one.broken > 0 && <Badge severity="broken">{one.broken} broken</Badge>}{" "}
              {one.attention > 0 && <Badge severity="attention">{one.attention} need attention</Badge>}{" "}
              {one.promoting > 0 && <Badge severity="busy">{one.promoting} promoting</Badge>}
              {one.broken + one.attention + one.promoting === 0 && <Badge severity="ok">well</Badge>}
            </span>
          </a>
        ))}
      </div>
    </>
  );
}

function Lists() {
  return (
    <nav class="actions" aria-label="Lists">
      {["stages", "warehouses", "freight", "promotions"].map((kind) => (
        <a key={kind} href={href(`/${kind}`)}>
          All {kind}
        </a>
      ))}
    </nav>
  );
}

export function PipelinePage({ project }: { project: string }) {
  const found = useLive<Pipeline>(`/api/argosy/v1/stream/pipelines/${encodeURIComponent(project)}`);
  const pipeline = found?.value.value;
  const problem = found?.problem.value;
  if (problem) return <Trouble title={project} problem={problem} />;
  if (!pipeline) return <p class="muted">Loading…</p>;
  const stage = pipeline.stages.find((one) => one.row.name === query.value.get("stage"));
  const warehouse = pipeline.warehouses.find((one) => one.name === query.value.get("warehouse"));
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/pipelines")}>Pipelines</a> / {project}
        </h1>
        <Lists />
      </div>
      {pipeline.stages.length === 0 && pipeline.warehouses.length === 0 ? (
        <div class="panel">There is nothing here that you may see.</div>
      ) : (
        <>
          <Graph pipeline={pipeline} />
          <FreightLine pipeline={pipeline} />
        </>
      )}
      {stage && <StagePanel pipeline={pipeline} stage={stage} onClose={() => go(withQuery({ stage: null }))} />}
      {warehouse && <WarehousePanel project={project} row={warehouse} onClose={() => go(withQuery({ warehouse: null }))} />}
    </>
  );
}

function Graph({ pipeline }: { pipeline: Pipeline }) {
  const found = useMemo(() => picture(pipeline), [pipeline]);
  const [zoom, setZoom] = useState(1);
  const [width, height] = [found.columns * (WIDTH + GAP_X) - GAP_X, found.rows * (HEIGHT + GAP_Y) - GAP_Y];
  const places = new Map(found.places.map((one) => [one.key, one]));
  const lit = query.value.get("freight") ?? "";
  const spots = found.places.map((one) => spotOf(one, pipeline, zoom));
  return (
    <section class="panel graph" aria-label="The pipeline">
      <div class="zoom">
        <Button kind="plain" aria-label="Smaller" onClick={() => setZoom(Math.max(0.4, zoom - 0.15))}>
          −
        </Button>
        <Button kind="plain" title="Usual size" onClick={() => setZoom(1)}>
          {Math.round(zoom * 100)} %
        </Button>
        <Button kind="plain" aria-label="Larger" onClick={() => setZoom(Math.min(1.6, zoom + 0.15))}>
          +
        </Button>
      </div>
      <Mapped class="canvas" label="Warehouses and stages, from left to right" width={width * zoom} height={height * zoom} spots={spots}>
        <div class="sheet" style={{ width: `${width * zoom}px`, height: `${height * zoom}px` }}>
          <div class="scaled" style={{ width: `${width}px`, height: `${height}px`, transform: `scale(${zoom})` }}>
            <svg width={width} height={height} aria-hidden="true">
              {found.edges.map((edge) => (
                <path key={`${edge.from} ${edge.to}`} class="edge" d={curve(places.get(edge.from)!, places.get(edge.to)!)} />
              ))}
            </svg>
            {found.places.map((one) => (
              <Card key={one.key} place={one} pipeline={pipeline} lit={lit} />
            ))}
          </div>
        </div>
      </Mapped>
    </section>
  );
}

function spotOf(place: Place, pipeline: Pipeline, zoom: number): Spot {
  const [left, top] = corner(place);
  const stage = place.kind === "stage" ? pipeline.stages.find((one) => one.row.name === place.name)?.row : undefined;
  const row = stage ?? pipeline.warehouses.find((one) => one.name === place.name);
  return { key: place.key, left: left * zoom, top: top * zoom, width: WIDTH * zoom, height: HEIGHT * zoom, severity: row?.severity ?? "" };
}

function corner(one: Place): [number, number] {
  return [one.column * (WIDTH + GAP_X), one.row * (HEIGHT + GAP_Y)];
}

function curve(from: Place, to: Place): string {
  const [x1, y1] = corner(from);
  const [x2, y2] = corner(to);
  const [left, right, top, bottom] = [x1 + WIDTH, x2, y1 + HEIGHT / 2, y2 + HEIGHT / 2];
  const middle = (left + right) / 2;
  return `M${left} ${top}C${middle} ${top} ${middle} ${bottom} ${right} ${bottom}`;
}

function Card({ place, pipeline, lit }: { place: Place; pipeline: Pipeline; lit: string }) {
  const [left, top] = corner(place);
  const at = { left: `${left}px`, top: `${top}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` };
  const stage = pipeline.stages.find((one) => place.kind === "stage" && one.row.name === place.name);
  if (stage) {
    const on = lit && stage.holds.some((one) => one.name === lit);
    return (
      <a class={`node ${stage.row.severity}${on ? " lit" : ""}`} style={at} href={href(withQuery({ stage: place.name, warehouse: null }))} data-row>
        <StageFace stage={stage} />
      </a>
    );
  }
  const row = pipeline.warehouses.find((one) => one.name === place.name);
  return row ? (
    <a class={`node ${row.severity}`} style={at} href={href(withQuery({ warehouse: place.name, stage: null }))} data-row>
      <WarehouseFace row={row} />
    </a>
  ) : null;
}

function StageFace({ stage }: { stage: StageNode }) {
  const { row, holds } = stage;
  const waits = waitsFor(stage);
  return (
    <>
      <span class="title">
        <strong>{row.name}</strong> <Badge severity={row.severity as Severity}>{row.state}</Badge>
      </span>
      <span class="holds">{holds.length ? holds.map((one) => shortContent(one.content) || one.alias || one.name.slice(0, 8)).join(" · ") : "holds nothing yet"}</span>
      {waits ? (
        <span class={stage.waiting && !stage.automatic && !stage.promotions.length ? "gate" : "muted small"}>{waits}</span>
      ) : (
        <span class="muted small">{row.message}</span>
      )}
    </>
  );
}

function WarehouseFace({ row }: { row: Row }) {
  return (
    <>
      <span class="title">
        <strong>{row.name}</strong> <Badge severity={row.severity as Severity}>{row.state}</Badge>
      </span>
      <span class="muted small">warehouse of {row.facts["subscriptions"]} subscriptions</span>
      <span class="small">
        {row.facts["freight"] ? `newest ${row.facts["freight"].slice(0, 8)}` : row.message} <Ago at={row.since} />
      </span>
    </>
  );
}
