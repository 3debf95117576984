/** A large pipeline in small: stages that are alike stand as one. Pure. */
import { edgesOf, isGate, type Pipeline, type StageNode } from "./model";

/** Pipelines of no more stages are shown as they are. */
export const FEW = 30;
/** So many that are alike are read one by one. */
export const ALIKE = 4;

export interface Fold {
  /** `first`: the first of their names, by which the fold is addressed. */
  first: string;
  stages: StageNode[];
}

/** Stages that take the same from the same and are followed by the same, where there are many. */
export function foldsOf(pipeline: Pipeline): Fold[] {
  if (pipeline.stages.length <= FEW) return [];
  const followers = new Map<string, string[]>();
  for (const { from, to } of edgesOf(pipeline)) followers.set(from, [...(followers.get(from) ?? []), to]);
  const alike = new Map<string, StageNode[]>();
  for (const stage of pipeline.stages) {
    const shape = JSON.stringify([stage.takes, (followers.get(`stage/${stage.row.name}`) ?? []).sort()]);
    alike.get(shape)?.push(stage) ?? alike.set(shape, [stage]);
  }
  return [...alike.values()]
    .filter((stages) => stages.length > ALIKE)
    .map((stages) => ({ first: stages.map((one) => one.row.name).sort()[0] ?? "", stages }));
}

/** The pipeline as it is laid out: of each fold there is the first stage alone. */
export function foldedPipeline(pipeline: Pipeline, folds: Fold[]): Pipeline {
  const hidden = new Map(folds.flatMap((fold) => fold.stages.map((one): [string, string] => [one.row.name, fold.first])));
  const kept = pipeline.stages.filter((one) => (hidden.get(one.row.name) ?? one.row.name) === one.row.name);
  const stages = kept.map((one) => ({
    ...one,
    takes: one.takes.map((takes) => ({ ...takes, stages: [...new Set(takes.stages.map((name) => hidden.get(name) ?? name))] })),
  }));
  return { ...pipeline, stages };
}

/** What the names have in common in front: `prod-cell-1`, `prod-cell-2` are `prod-cell-…`. */
export function commonName(names: string[]): string {
  const [first = "", ...others] = names;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return length === first.length ? first : length > 0 ? `${first.slice(0, length)}…` : `${first} …`;
}

const ORDER: Record<string, number> = { broken: 0, attention: 2, busy: 3, ok: 4 };

/** What needs somebody first: broken ones, gates, then the rest by name. */
export function byNeed(stages: StageNode[]): StageNode[] {
  const rank = (one: StageNode) => (one.row.severity === "broken" ? 0 : isGate(one) ? 1 : (ORDER[one.row.severity] ?? 3));
  return [...stages].sort((a, b) => rank(a) - rank(b) || a.row.name.localeCompare(b.row.name, undefined, { numeric: true }));
}

/** How many are how, the worst first; `waits` are gates. */
export function tally(stages: StageNode[]): { broken: number; waits: number; attention: number; promoting: number; well: number } {
  const found = { broken: 0, waits: 0, attention: 0, promoting: 0, well: 0 };
  for (const one of stages) {
    if (one.row.severity === "broken") found.broken++;
    else if (isGate(one)) found.waits++;
    else if (one.promotions.length > 0) found.promoting++;
    else if (one.row.severity === "attention") found.attention++;
    else found.well++;
  }
  return found;
}

/** The stages in which all the words of a search are: in the name, what it holds, or how it is. */
export function searched(stages: StageNode[], search: string): StageNode[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return stages.filter((one) => {
    const text = [one.row.name, one.row.state, one.row.message, ...one.holds.flatMap((piece) => [piece.alias, piece.content])].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Equal as long as the picture is laid out the same, whatever the stages hold. */
export function shapeOf(pipeline: Pipeline): string {
  return JSON.stringify([pipeline.warehouses.map((one) => one.name), pipeline.stages.map((one) => [one.row.name, one.takes])]);
}
