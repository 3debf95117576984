/** What the page of one Application makes of the API's answers. Pure. */
import type { Schemas } from "../../api/client";
import { yaml } from "../objects/model";
import { withoutNoise } from "./noise";

export type Shown = Schemas["ApplicationShown"];
export type Resource = Schemas["ResourceShown"];
export const VIEWS = ["overview", "tree", "resources", "diff", "history", "logs"];

/** An item of Argo CD's managed resources; states are JSON as text. */
export interface Managed {
  group?: string;
  kind: string;
  namespace?: string;
  name: string;
  targetState?: string;
  normalizedLiveState?: string;
  predictedLiveState?: string;
  hook?: boolean;
  requiresPruning?: boolean;
}

export type Line = { kind: "same" | "add" | "del" | "gap"; text: string };

export interface Difference {
  key: string;
  what: "created" | "deleted" | "changed";
  lines: Line[];
  of: Reference;
  before: unknown;
  after: unknown;
}

export interface Reference {
  group: string;
  kind: string;
  namespace: string;
  name: string;
}

export function differences(items: Managed[]): Difference[] {
  return items.flatMap((item) => {
    if (item.hook) return [];
    const live = parsed(item.normalizedLiveState);
    const target = live === null ? parsed(item.targetState) : parsed(item.predictedLiveState ?? item.targetState);
    const wanted = parsed(item.targetState) === null ? null : target;
    return difference(item, live, wanted) ?? [];
  });
}

function difference(item: { group?: string; kind: string; namespace?: string; name: string }, before: unknown, after: unknown): Difference | null {
  if (before === null && after === null) return null;
  const [old, young] = [shownYaml(before), shownYaml(after)];
  if (old === young) return null;
  const what = before === null ? "created" : after === null ? "deleted" : "changed";
  const { group = "", kind, namespace = "", name } = item;
  return { key: keyOf(item), what, lines: folded(diff(old.split("\n"), young.split("\n"))), of: { group, kind, namespace, name }, before, after };
}

/** Without the lines that a cluster's bookkeeping and status make. */
export function quiet(found: Difference): Difference {
  const of = (side: unknown) => (isObject(side) ? withoutNoise(side).object : side);
  return difference(found.of, of(found.before), of(found.after)) ?? { ...found, lines: [] };
}

/** An empty object is none. */
export function objectDifference(of: { group?: string; kind: string; namespace?: string; name: string }, before: Json, after: Json): Difference | null {
  const there = (value: Json): unknown => (Object.keys(value).length ? value : null);
  return difference(of, there(before), there(after));
}

/** Of a comparison of two states. */
export function compared(found: Schemas["Comparison"]): Difference[] {
  return found.differing.flatMap((one) => objectDifference(one, one.before, one.after) ?? []);
}

/** One row of two columns: a line that changed stands beside what it was. */
export interface Pair {
  before: Line | null;
  after: Line | null;
}

export function sideBySide(lines: Line[]): Pair[] {
  const pairs: Pair[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at]!;
    if (line.kind === "same" || line.kind === "gap") {
      pairs.push({ before: line, after: line });
      at++;
      continue;
    }
    const block = { del: [] as Line[], add: [] as Line[] };
    for (; at < lines.length && (lines[at]!.kind === "del" || lines[at]!.kind === "add"); at++) block[lines[at]!.kind as "del" | "add"].push(lines[at]!);
    for (let row = 0; row < Math.max(block.del.length, block.add.length); row++) pairs.push({ before: block.del[row] ?? null, after: block.add[row] ?? null });
  }
  return pairs;
}

export function keyOf(item: { group?: string; kind: string; namespace?: string; name: string }): string {
  return `${item.kind}${item.group ? `.${item.group}` : ""} ${item.namespace ? `${item.namespace}/` : ""}${item.name}`;
}

function parsed(text: string | undefined): unknown {
  if (!text || text === "null") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function shownYaml(value: unknown): string {
  return value === null ? "" : yaml(value).trimStart().trimEnd();
}

const LONGEST = 4000;

/** The shortest edit by lines (Myers), within what a page can bear; longer texts are shown whole. */
export function diff(before: string[], after: string[]): Line[] {
  const old = before.length === 1 && before[0] === "" ? [] : before;
  const young = after.length === 1 && after[0] === "" ? [] : after;
  let start = 0;
  while (start < old.length && start < young.length && old[start] === young[start]) start++;
  let oldEnd = old.length;
  let youngEnd = young.length;
  while (oldEnd > start && youngEnd > start && old[oldEnd - 1] === young[youngEnd - 1]) {
    oldEnd--;
    youngEnd--;
  }
  const same = (text: string): Line => ({ kind: "same", text });
  const middle = between(old.slice(start, oldEnd), young.slice(start, youngEnd));
  return [...old.slice(0, start).map(same), ...middle, ...old.slice(oldEnd).map(same)];
}

function between(old: string[], young: string[]): Line[] {
  const removed = (): Line[] => old.map((text) => ({ kind: "del", text }));
  const added = (): Line[] => young.map((text) => ({ kind: "add", text }));
  if (old.length * young.length > LONGEST * LONGEST || !old.length || !young.length) return [...removed(), ...added()];
  const width = young.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = young.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        old[i] === young[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < young.length) {
    if (i < old.length && j < young.length && old[i] === young[j]) {
      lines.push({ kind: "same", text: old[i++] ?? "" });
      j++;
    } else if (j >= young.length || (i < old.length && (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)))
      lines.push({ kind: "del", text: old[i++] ?? "" });
    else lines.push({ kind: "add", text: young[j++] ?? "" });
  }
  return lines;
}

const CONTEXT = 3;

/** Of what is the same only some lines around each change. */
export function folded(lines: Line[]): Line[] {
  const near = new Array<boolean>(lines.length).fill(false);
  lines.forEach((line, at) => {
    if (line.kind === "same") return;
    for (let i = Math.max(0, at - CONTEXT); i <= Math.min(lines.length - 1, at + CONTEXT); i++) near[i] = true;
  });
  const shown: Line[] = [];
  let hidden = 0;
  const gap = () => {
    if (hidden) shown.push({ kind: "gap", text: `… ${hidden} unchanged lines` });
    hidden = 0;
  };
  lines.forEach((line, at) => {
    if (near[at]) {
      gap();
      shown.push(line);
    } else hidden++;
  });
  gap();
  return shown;
}

export interface Options {
  prune: boolean;
  dryRun: boolean;
  force: boolean;
  replace: boolean;
  applyOutOfSyncOnly: boolean;
}

/** The body of a sync for Argo CD's API. */
export function syncBody(namespace: string, project: string, options: Options, only: Reference[] = []): object {
  const items = [...(options.replace ? ["Replace=true"] : []), ...(options.applyOutOfSyncOnly ? ["ApplyOutOfSyncOnly=true"] : [])];
  return {
    appNamespace: namespace,
    project,
    prune: options.prune,
    dryRun: options.dryRun,
    strategy: { hook: { force: options.force } },
    ...(items.length ? { syncOptions: { items } } : {}),
    ...(only.length ? { resources: only } : {}),
  };
}

/** What a sync would do, in one line. */
export function effect(resources: Resource[], prune: boolean): string {
  const different = resources.filter((one) => one.sync === "OutOfSync" && !one.pruned).length;
  const pruned = resources.filter((one) => one.pruned).length;
  const parts = [`${different} ${different === 1 ? "resource is" : "resources are"} created or changed`];
  if (pruned) parts.push(prune ? `${pruned} deleted` : `${pruned} would be pruned, but Prune is off`);
  return parts.join(", ");
}

export type Propagation = "foreground" | "background" | "none";

/** What deleting the Application deletes with it, by name; data first. */
export function deletion(resources: Resource[], propagation: Propagation): string[] {
  if (propagation === "none") return [];
  const holds = (one: Resource) => (/^(PersistentVolumeClaim|StatefulSet|Secret|CustomResourceDefinition|Namespace)$/.test(one.kind) ? 0 : 1);
  return [...resources]
    .sort((a, b) => holds(a) - holds(b) || keyOf(a).localeCompare(keyOf(b)))
    .map((one) => keyOf(one));
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** The JSON merge patch (RFC 7386) that turns one object into the other. */
export function mergePatch(before: Json, after: Json): Json {
  const patch: Json = {};
  for (const name of Object.keys(before)) if (!(name in after)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    const old = before[name];
    if (isObject(old) && isObject(value)) {
      const below = mergePatch(old, value);
      if (Object.keys(below).length) patch[name] = below;
    } else if (JSON.stringify(old) !== JSON.stringify(value)) patch[name] = value;
  }
  return patch;
}

/** What a person may edit of a live object: without what the server alone writes. */
export function editable(live: Json): Json {
  const { status: _status, ...rest } = live;
  const metadata = isObject(live["metadata"]) ? { ...live["metadata"] } : {};
  for (const name of ["managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"]) delete metadata[name];
  return { ...rest, metadata };
}
