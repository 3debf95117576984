import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Badge, Button, Loading, Note, Search, type Severity, Tabs, Trouble } from "../../parts";
import { Mapped } from "../../parts/minimap";
import type { Spot } from "../../parts/minimap-model";
import { go, href, query, withQuery } from "../../router";
import { useLive } from "../live-page";
import { type Fold, commonName, foldedPipeline, foldsOf, searched, shapeOf } from "./folding";
import { FreightLine } from "./freight";
import { type Pipeline, type Place, picture, type Row, shortContent, standingOf, type StageNode, waitsFor, isGate } from "./model";
import { StagePanel, WarehousePanel } from "./panel";
import { FoldPanel, StageTable, Tally } from "./stages";
import "../list.css";
import "./page.css";

const WIDTH = 212;
const HEIGHT = 108;
const GAP_X = 40;
const GAP_Y = 18;
const SMALLEST = 0.4;
/** A picture that is too wide begins as small as this, so that more of it is seen. */
const LEGIBLE = 0.7;
const VIEWS = ["picture", "list"];

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
      {found?.length === 0 && <div class="panel">No pipelines yet, or none that you may see. A pipeline is a Kargo Project with Warehouses and Stages; apply their manifests to create one.</div>}
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
              {one.broken + one.attention + one.promoting === 0 && <Badge severity="ok">healthy</Badge>}
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
  if (problem) return <Trouble title={project} problem={problem} up={["/pipelines", "All pipelines"]} />;
  if (!pipeline) return <Loading />;
  const stage = pipeline.stages.find((one) => one.row.name === query.value.get("stage"));
  const warehouse = pipeline.warehouses.find((one) => one.name === query.value.get("warehouse"));
  const view = query.value.get("view") ?? VIEWS[0]!;
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/pipelines")}>Pipelines</a> / {project}
        </h1>
        <Search label="Search stages" />
        <span class="muted number">{pipeline.stages.length} stages</span>
        <Lists />
      </div>
      <Tabs names={VIEWS} chosen={view} />
      {pipeline.stages.length === 0 && pipeline.warehouses.length === 0 ? (
        <div class="panel">This project has no Warehouses or Stages yet. Apply a Warehouse and a Stage (kargo.akuity.io/v1alpha1) in its namespace.</div>
      ) : (
        <>
          {view === "list" ? <StageList pipeline={pipeline} /> : <Graph pipeline={pipeline} />}
          <FreightLine pipeline={pipeline} />
        </>
      )}
      {stage && <StagePanel pipeline={pipeline} stage={stage} onClose={() => go(withQuery({ stage: null }))} />}
      {warehouse && <WarehousePanel project={project} row={warehouse} onClose={() => go(withQuery({ warehouse: null }))} />}
    </>
  );
}

function StageList({ pipeline }: { pipeline: Pipeline }) {
  const found = searched(pipeline.stages, query.value.get("search") ?? "");
  return found.length ? <StageTable stages={found} /> : <div class="panel">No Stages match the search.</div>;
}

function Graph({ pipeline }: { pipeline: Pipeline }) {
  const shape = shapeOf(pipeline);
  const each = query.value.has("each");
  const shapes = useMemo(() => {
    const folds = each ? [] : foldsOf(pipeline);
    return { folds: folds.map(({ first, stages }) => ({ first, names: stages.map((one) => one.row.name) })), found: picture(foldedPipeline(pipeline, folds)) };
  }, [shape, each]);
  const { found } = shapes;
  const stages = new Map(pipeline.stages.map((one) => [one.row.name, one]));
  const folds = new Map(
    shapes.folds.map(({ first, names }): [string, Fold] => [first, { first, stages: names.flatMap((name) => stages.get(name) ?? []) }]),
  );
  const search = query.value.get("search") ?? "";
  const sought = search ? new Set(searched(pipeline.stages, search).map((one) => one.row.name)) : null;
  const opened = folds.get(query.value.get("fold") ?? "");
  const section = useRef<HTMLElement>(null);
  const [zoom, setZoom] = useState(1);
  const [width, height] = [found.columns * (WIDTH + GAP_X) - GAP_X, found.rows * (HEIGHT + GAP_Y) - GAP_Y];
  const places = new Map(found.places.map((one) => [one.key, one]));
  const lit = query.value.get("freight") ?? "";
  const spots = found.places.map((one) => spotOf(one, pipeline, stages, folds, zoom));
  const fit = (least: number) => setZoom(Math.min(1, Math.max(least, ((section.current?.clientWidth ?? width) - 40) / width)));
  useLayoutEffect(() => fit(LEGIBLE), [shape, each]);
  return (
    <section ref={section} class="panel graph" aria-label="Pipeline">
      <div class="zoom">
        <Button kind="plain" aria-label="Zoom out" onClick={() => setZoom(Math.max(SMALLEST, zoom - 0.15))}>
          −
        </Button>
        <Button kind="plain" title="Actual size" onClick={() => setZoom(1)}>
          {Math.round(zoom * 100)} %
        </Button>
        <Button kind="plain" aria-label="Zoom in" onClick={() => setZoom(Math.min(1.6, zoom + 0.15))}>
          +
        </Button>
        <Button kind="plain" onClick={() => fit(SMALLEST)}>
          Fit
        </Button>
        {each && (
          <Button kind="plain" onClick={() => go(withQuery({ each: null }), "replace")}>
            Group similar Stages
          </Button>
        )}
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
              <Card key={one.key} place={one} pipeline={pipeline} stage={stages.get(one.name)} fold={folds.get(one.name)} lit={lit} sought={sought} />
            ))}
          </div>
        </div>
      </Mapped>
      {opened && <FoldPanel fold={opened} onClose={() => go(withQuery({ fold: null }))} />}
    </section>
  );
}

function spotOf(place: Place, pipeline: Pipeline, stages: Map<string, StageNode>, folds: Map<string, Fold>, zoom: number): Spot {
  const [left, top] = corner(place);
  const stage = place.kind === "stage" ? stages.get(place.name) : undefined;
  const fold = stage && folds.get(place.name);
  const severity = fold ? severityOfAll(fold) : stage ? standingOf(stage).severity : pipeline.warehouses.find((one) => one.name === place.name)?.severity;
  return { key: place.key, left: left * zoom, top: top * zoom, width: WIDTH * zoom, height: HEIGHT * zoom, severity: severity ?? "" };
}

const WORST: Severity[] = ["broken", "attention", "busy", "ok"];

function severityOfAll(fold: Fold): Severity {
  const found = new Set(fold.stages.map((one) => standingOf(one).severity));
  return WORST.find((one) => found.has(one)) ?? "ok";
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

interface CardProps {
  place: Place;
  pipeline: Pipeline;
  stage: StageNode | undefined;
  fold: Fold | undefined;
  lit: string;
  /** Names of the stages that a search found; null without one. */
  sought: Set<string> | null;
}

function Card({ place, pipeline, stage, fold, lit, sought }: CardProps) {
  const [left, top] = corner(place);
  const at = { left: `${left}px`, top: `${top}px`, width: `${WIDTH}px`, height: `${HEIGHT}px` };
  if (stage && place.kind === "stage") {
    const all = fold?.stages ?? [stage];
    const on = lit && all.some((one) => one.holds.some((piece) => piece.name === lit));
    const dim = sought && !all.some((one) => sought.has(one.row.name));
    const marks = `${on ? " lit" : ""}${dim ? " dim" : ""}`;
    if (fold) {
      return (
        <a class={`node fold ${severityOfAll(fold)}${marks}`} style={at} href={href(withQuery({ fold: fold.first, stage: null, warehouse: null }))} data-row>
          <FoldFace fold={fold} />
        </a>
      );
    }
    return (
      <a class={`node ${standingOf(stage).severity}${marks}`} style={at} href={href(withQuery({ stage: place.name, warehouse: null }))} data-row>
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

function FoldFace({ fold }: { fold: Fold }) {
  const held = new Set(fold.stages.flatMap((one) => one.holds.map((piece) => shortContent(piece.content) || piece.alias || piece.name.slice(0, 8))));
  return (
    <>
      <span class="title">
        <strong>{commonName(fold.stages.map((one) => one.row.name))}</strong> <span class="number">{fold.stages.length} stages</span>
      </span>
      <span class="holds">{held.size === 0 ? "no Freight yet" : held.size <= 2 ? [...held].join(" · ") : `${held.size} different versions`}</span>
      <span>
        <Tally stages={fold.stages} />
      </span>
    </>
  );
}

function StageFace({ stage }: { stage: StageNode }) {
  const { row, holds } = stage;
  const waits = waitsFor(stage);
  const { severity, word } = standingOf(stage);
  return (
    <>
      <span class="title">
        <strong title={row.name}>{row.name}</strong> <Badge severity={severity}>{word}</Badge>
      </span>
      <span class="holds">{holds.length ? holds.map((one) => shortContent(one.content) || one.alias || one.name.slice(0, 8)).join(" · ") : "no Freight yet"}</span>
      {waits ? (
        <span class={isGate(stage) ? "gate" : "muted small"}>{waits}</span>
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
      <span class="muted small">watches {row.facts["subscriptions"] === "1" ? "one repository" : `${row.facts["subscriptions"]} repositories`}</span>
      <span class="small">
        {row.facts["freight"] ? `newest ${row.facts["freight"].slice(0, 8)}` : row.message} <Ago at={row.since} />
      </span>
    </>
  );
}
