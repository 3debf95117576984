import { useMemo, useState } from "preact/hooks";

import { Loading, Note, Search, type Severity, severityOf } from "../../parts";
import { Mapped } from "../../parts/minimap";
import type { Spot } from "../../parts/minimap-model";
import { go, query, withQuery } from "../../router";
import { useLive } from "../live-page";
import { LAYOUTS, laidOut } from "./layouts";
import type { Shown } from "./model";
import { ObjectPanel } from "./object-panel";
import { TreeFilters } from "./tree-filter-fields";
import { known, narrowed, narrowingOf } from "./tree-filters";
import { addressOf, drawn, type Drawn, type KeyedTree, listed, nodeOf, type Placed, type Tree } from "./tree-model";

const WIDTH = 212;
const HEIGHT = 46;
const GAP_X = 40;
const GAP_Y = 10;
const MARGIN = 4;
/** Of the second line of a box. */
const LETTERS = 35;

function useTree(app: Shown): { tree: Tree | null; problem: string } {
  const { namespace, name } = app.row;
  const found = useLive<KeyedTree>(`/api/argosy/v1/stream/applications/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/tree`);
  const keyed = found?.value.value ?? null;
  const tree = useMemo(() => keyed && listed(keyed), [keyed]);
  return { tree, problem: found?.problem.value ?? "" };
}

export function TreeView({ app }: { app: Shown }) {
  const { tree, problem } = useTree(app);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const layout = query.value.get("layout") ?? "owners";
  const whole = useMemo(() => tree && known(tree, app.resources), [tree, app.resources]);
  const found = useMemo(
    () => (whole ? drawn(narrowed({ ...laidOut(whole, layout), orphanedNodes: whole.orphanedNodes ?? [] }, narrowingOf(query.value)), app.row.name, open) : null),
    [whole, layout, open, query.value, app.row.name],
  );
  const chosen = whole && nodeOf(whole, query.value.get("node"));
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!found || !whole) return <Loading />;
  const choose = (one: Placed) => (one.node && one.node.kind !== "Node" ? go(withQuery({ node: addressOf(one.node), view: "tree" })) : one.folded.length && setOpen(new Set([...open, one.key])));
  return (
    <>
      <div class="head">
        <Search label="Search the tree" />
        <label>
          Show{" "}
          <select value={layout} onChange={(event) => go(withQuery({ layout: event.currentTarget.value === "owners" ? null : event.currentTarget.value }), "replace")}>
            {Object.entries(LAYOUTS).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <TreeFilters tree={whole} />
        {layout === "traffic" && found.placed.length === 1 && <span class="muted">No network resources: there is no Ingress, Service or Pod behind a Service.</span>}
        {found.left > 0 && <span class="muted">{found.left} more are not shown: search for them</span>}
      </div>
      <TreePicture found={found} name={app.row.name} health={app.row.health} onChoose={choose} />
      {chosen && <ObjectPanel app={app} node={chosen} onClose={() => go(withQuery({ node: null, tab: null }))} />}
    </>
  );
}

/** `health`: of the Application, which is the first box. */
export function TreePicture({ found, name, health, onChoose }: { found: Drawn; name: string; health: string; onChoose: (one: Placed) => void }) {
  const width = found.columns * (WIDTH + GAP_X) - GAP_X + 2 * MARGIN;
  const height = found.rows * (HEIGHT + GAP_Y) + 2 * MARGIN;
  return (
    <Mapped class="tree panel" label={`The tree of ${name}`} width={width} height={height} spots={found.placed.map((one) => spot(one, health))}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={`Resources of ${name}`}>
        {found.placed.map((one) => (
          <Edge key={`edge ${one.key}`} one={one} parent={found.placed.find((other) => other.key === one.parent && other !== one)} />
        ))}
        {found.placed.map((one) => (
          <Box key={one.key} one={one} ofApplication={health} onChoose={() => onChoose(one)} />
        ))}
      </svg>
    </Mapped>
  );
}

function healthOf(one: Placed, ofApplication: string): string {
  return one.column === 0 ? ofApplication : one.health;
}

function spot(one: Placed, ofApplication: string): Spot {
  const [left, top] = place(one);
  const health = healthOf(one, ofApplication);
  const severity = severityIn(health, one.node?.sync ?? "");
  return { key: one.key, left, top, width: WIDTH, height: HEIGHT, severity: severity === "none" ? "" : severity };
}

/** The worse of both. */
function severityIn(health: string, sync: string): Severity | "none" {
  const found = health ? severityOf(health) : "none";
  return sync === "OutOfSync" && found !== "broken" ? "attention" : found;
}

function place(one: Placed): [number, number] {
  return [MARGIN + one.column * (WIDTH + GAP_X), MARGIN + one.row * (HEIGHT + GAP_Y)];
}

function Edge({ one, parent }: { one: Placed; parent: Placed | undefined }) {
  if (!parent) return null;
  const [x1, y1] = place(parent);
  const [x2, y2] = place(one);
  const [left, from, to] = [x1 + WIDTH, y1 + HEIGHT / 2, y2 + HEIGHT / 2];
  const middle = left + GAP_X / 2;
  return <path class="edge" d={`M${left} ${from}H${middle}V${to}H${x2}`} />;
}

function Box({ one, ofApplication, onChoose }: { one: Placed; ofApplication: string; onChoose: () => void }) {
  const [x, y] = place(one);
  const root = one.column === 0;
  const health = healthOf(one, ofApplication);
  const sync = one.node?.sync ?? "";
  const severity = severityIn(health, sync);
  const states = [health, sync, one.node?.orphaned ? "orphaned" : ""].filter(Boolean);
  const kind = root ? "Application" : one.node ? one.node.kind : "click to show all";
  const below = [clipped(kind, Math.max(8, LETTERS - states.join(" · ").length - 3)), ...states].join(" · ");
  const press = root ? {} : { role: "button" as const, tabindex: 0, onClick: onChoose, onKeyDown: (event: KeyboardEvent) => pressed(event) && onChoose() };
  return (
    <g class={`box ${severity}${one.node?.orphaned ? " orphaned" : ""}`} transform={`translate(${x} ${y})`} data-row={root ? undefined : ""} {...press}>
      <title>{[`${one.title} ${kind}`, ...states, one.node?.health?.message].filter(Boolean).join(", ")}</title>
      <rect width={WIDTH} height={HEIGHT} rx={6} />
      <rect class="state" width={5} height={HEIGHT} rx={2} />
      <text x={14} y={19}>{`${clipped(one.title, 27)} `}</text>
      <text class="below" x={14} y={36}>{below}</text>
    </g>
  );
}

/** As a button is: by Enter or the space bar, which does not scroll then. */
function pressed(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" && event.key !== " ") return false;
  event.preventDefault();
  return true;
}

function clipped(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
