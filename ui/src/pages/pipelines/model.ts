/** A pipeline as a picture: in layers from left to right, the same for the same pipeline. Pure. */
import type { Schemas } from "../../api/client";
import type { Severity } from "../../parts";

export type Pipeline = Schemas["Pipeline"];
export type StageNode = Schemas["StageNode"];
export type Row = Schemas["ObjectRow"];

export interface Place {
  key: string;
  kind: "warehouse" | "stage";
  name: string;
  column: number;
  row: number;
}

export interface Edge {
  from: string;
  to: string;
}

export interface Picture {
  places: Place[];
  edges: Edge[];
  columns: number;
  rows: number;
}

export function picture(pipeline: Pipeline): Picture {
  const edges = edgesOf(pipeline);
  const keys = [...pipeline.warehouses.map((one) => `warehouse/${one.name}`), ...pipeline.stages.map((one) => `stage/${one.row.name}`)];
  const columns = columnsOf(keys, edges);
  const rows = rowsOf(keys, edges, columns);
  const places = keys.map((key): Place => {
    const [kind, ...name] = key.split("/");
    return { key, kind: kind as Place["kind"], name: name.join("/"), column: columns.get(key) ?? 0, row: rows.get(key) ?? 0 };
  });
  return {
    places,
    edges,
    columns: Math.max(0, ...places.map((one) => one.column + 1)),
    rows: Math.max(0, ...places.map((one) => one.row + 1)),
  };
}

export function edgesOf(pipeline: Pipeline): Edge[] {
  const stages = new Set(pipeline.stages.map((one) => one.row.name));
  const warehouses = new Set(pipeline.warehouses.map((one) => one.name));
  const found = new Map<string, Edge>();
  for (const stage of pipeline.stages) {
    const to = `stage/${stage.row.name}`;
    for (const takes of stage.takes) {
      const from = [
        ...(takes.direct && warehouses.has(takes.warehouse) ? [`warehouse/${takes.warehouse}`] : []),
        ...takes.stages.filter((one) => stages.has(one)).map((one) => `stage/${one}`),
      ];
      for (const one of from) found.set(`${one} ${to}`, { from: one, to });
    }
  }
  return [...found.values()];
}

/** As far right as the longest way to it is; a circle, which is a mistake of the pipeline, ends where it began. */
function columnsOf(keys: string[], edges: Edge[]): Map<string, number> {
  const parents = grouped(edges, (edge) => edge.to, (edge) => edge.from);
  const found = new Map<string, number>();
  const visit = (key: string, above: ReadonlySet<string>): number => {
    const known = found.get(key);
    if (known !== undefined) return known;
    if (above.has(key)) return 0;
    const before = (parents.get(key) ?? []).map((one) => visit(one, new Set([...above, key])));
    const column = key.startsWith("warehouse/") ? 0 : 1 + Math.max(0, ...before);
    found.set(key, column);
    return column;
  };
  for (const key of keys) visit(key, new Set());
  return found;
}

/** Near what each comes from: so edges cross rarely; by name where nothing else says. */
function rowsOf(keys: string[], edges: Edge[], columns: Map<string, number>): Map<string, number> {
  const parents = grouped(edges, (edge) => edge.to, (edge) => edge.from);
  const rows = new Map<string, number>();
  const layers = grouped(keys, (key) => String(columns.get(key)), (key) => key);
  for (const column of [...layers.keys()].map(Number).sort((a, b) => a - b)) {
    const wanted = (key: string) => {
      const above = (parents.get(key) ?? []).flatMap((one) => rows.get(one) ?? []);
      return above.length ? above.reduce((sum, one) => sum + one, 0) / above.length : 0;
    };
    const layer = [...(layers.get(String(column)) ?? [])].sort((a, b) => wanted(a) - wanted(b) || a.localeCompare(b));
    let next = 0;
    for (const key of layer) {
      const row = Math.max(next, Math.round(wanted(key)));
      rows.set(key, row);
      next = row + 1;
    }
  }
  return rows;
}

function grouped<T>(items: Iterable<T>, by: (item: T) => string, of: (item: T) => string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const item of items) found.set(by(item), [...(found.get(by(item)) ?? []), of(item)]);
  return found;
}

/** Contents without the registries and folders in front of names: `shop:1.1.0`. */
export function shortContent(content: string): string {
  return content
    .split(", ")
    .map((one) => one.slice(one.lastIndexOf("/") + 1))
    .join(", ");
}

/** Whether a person is to decide: Freight waits, and nothing promotes it or is promoted already. */
export function isGate(stage: StageNode): boolean {
  return stage.waiting > 0 && !stage.automatic && !stage.controlFlow && stage.promotions.length === 0;
}

/** What its badge says: a gate is nothing that is done with. */
export function standingOf(stage: StageNode): { severity: Severity; word: string } {
  if (stage.row.severity !== "broken" && isGate(stage)) return { severity: "attention", word: "Waiting for you" };
  return { severity: stage.row.severity as Severity, word: stage.row.state };
}

/** What a stage waits for, in one line. */
export function waitsFor(stage: StageNode): string {
  const [runs, ...queued] = stage.promotions;
  if (runs) return `${runs.state === "Running" ? "promoting" : "queued"}${queued.length ? `, ${queued.length} behind it` : ""}`;
  if (stage.controlFlow) return "passes Freight on";
  if (stage.waiting > 0) {
    const content = shortContent(stage.next?.content ?? "");
    const what = stage.next?.alias || content;
    return `${what} ${stage.automatic ? "is promoted automatically" : "waits for a person"}${content && content !== what ? `: ${content}` : ""}`;
  }
  return "";
}

/** Where a piece of Freight is now, stage by stage. */
export function heldIn(pipeline: Pipeline, freight: string): string[] {
  return pipeline.stages.filter((one) => one.holds.some((piece) => piece.name === freight)).map((one) => one.row.name);
}

/** What differs between the contents of two pieces of Freight: artefact by artefact. */
export function contentDiff(before: string, after: string): { artefact: string; before: string; after: string }[] {
  const read = (text: string) =>
    new Map(
      text
        .split(", ")
        .filter(Boolean)
        .map((one): [string, string] => {
          const at = Math.max(one.lastIndexOf(":"), one.lastIndexOf(" "));
          return at > 0 ? [one.slice(0, at), one.slice(at + 1)] : ["commit", one];
        }),
    );
  const [old, young] = [read(before), read(after)];
  return [...new Set([...old.keys(), ...young.keys()])]
    .filter((artefact) => old.get(artefact) !== young.get(artefact))
    .map((artefact) => ({ artefact, before: old.get(artefact) ?? "", after: young.get(artefact) ?? "" }));
}
