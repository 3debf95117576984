/** What the page of one object makes of it as it is stored, kind by kind. Pure. */
import type { Severity } from "../../../parts";

type Json = Record<string, unknown>;

export function at(value: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((found, name) => (found as Json | null | undefined)?.[name as string], value);
}

function list(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : [];
}

function text(value: unknown): string {
  return value === undefined || value === null ? "" : String(value);
}

// ---- promotions

export interface PromotionStep {
  name: string;
  uses: string;
  status: string;
  severity: Severity;
  message: string;
  startedAt: string;
  finishedAt: string;
  errors: number;
  config: unknown;
  output: unknown;
}

const STEP: Record<string, Severity> = { Succeeded: "ok", Running: "busy", Failed: "broken", Errored: "broken", Aborted: "attention", Skipped: "ok" };

export function promotionSteps(promotion: unknown): PromotionStep[] {
  const done = list(at(promotion, "status", "stepExecutionMetadata"));
  const current = Number(at(promotion, "status", "currentStep") ?? -1);
  const running = at(promotion, "status", "phase") === "Running";
  return list(at(promotion, "spec", "steps")).map((step, number) => {
    const name = text(step["as"]) || `step-${number + 1}`;
    const met = done.find((one) => one["alias"] === name) ?? {};
    const status = text(met["status"]) || (running && number === current ? "Running" : "Waiting");
    return {
      name,
      uses: text(step["uses"]) || text(at(step, "task", "name")),
      status,
      severity: STEP[status] ?? "attention",
      message: text(met["message"]),
      startedAt: text(met["startedAt"]),
      finishedAt: text(met["finishedAt"]),
      errors: Number(met["errorCount"] ?? 0),
      config: step["config"] ?? null,
      output: at(promotion, "status", "state", name) ?? null,
    };
  });
}

/** Links to what a step made: pull requests and commits. */
export function linksOf(output: unknown): { title: string; url: string }[] {
  const found: { title: string; url: string }[] = [];
  const request = at(output, "pr", "url") ?? at(output, "prURL");
  if (typeof request === "string") found.push({ title: `pull request ${text(at(output, "pr", "id") ?? "")}`.trim(), url: request });
  const commit = at(output, "commitURL");
  if (typeof commit === "string") found.push({ title: `commit ${text(at(output, "commit")).slice(0, 8)}`, url: commit });
  return found;
}

/** Whether evaluating changed anything. */
export function unlike(written: unknown, evaluated: unknown): boolean {
  return JSON.stringify(written ?? {}) !== JSON.stringify(evaluated ?? {});
}

export interface LogLine {
  at: string;
  of: string;
  word: string;
  severity: Severity;
  message: string;
}

/** What the steps said and what was told of the Promotion, in the order in which it happened. */
export function logOf(steps: PromotionStep[], events: { type: string; reason: string; message: string; at: string }[]): LogLine[] {
  const went = steps.flatMap((one): LogLine[] => {
    const line = (at: string, word: string, severity: Severity, message: string) => ({ at, of: one.name, word, severity, message });
    const found = one.startedAt ? [line(one.startedAt, "Started", "busy", one.uses)] : [];
    if (one.finishedAt) found.push(line(one.finishedAt, one.status, one.severity, [one.message, one.errors > 0 ? `after ${one.errors} errors` : ""].filter(Boolean).join(", ")));
    else if (one.startedAt && one.message) found.push(line(one.startedAt, one.status, one.severity, one.message));
    return found;
  });
  const told = events.map((one): LogLine => ({ at: one.at, of: "", word: one.reason, severity: one.type === "Warning" ? "attention" : "ok", message: one.message }));
  return [...went, ...told].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

// ---- rollouts

export interface TrackStep {
  title: string;
  detail: string;
  state: "done" | "now" | "next";
}

export function rolloutTrack(rollout: unknown): TrackStep[] {
  const steps = list(at(rollout, "spec", "strategy", "canary", "steps"));
  const index = Number(at(rollout, "status", "currentStepIndex") ?? 0);
  const aborted = at(rollout, "status", "abort") === true;
  return steps.map((step, number) => ({
    ...stepInWords(step),
    state: aborted ? "next" : number < index ? "done" : number === index ? "now" : "next",
  }));
}

export function stepInWords(step: unknown): { title: string; detail: string } {
  const has = (name: string) => at(step, name) !== undefined;
  if (has("setWeight")) return { title: `${text(at(step, "setWeight"))} %`, detail: "weight" };
  if (has("pause")) {
    const duration = text(at(step, "pause", "duration"));
    return { title: duration ? `pause ${/^\d+$/.test(duration) ? `${duration}s` : duration}` : "pause", detail: duration ? "then continues" : "until promoted" };
  }
  if (has("analysis")) return { title: "analysis", detail: list(at(step, "analysis", "templates")).map((one) => text(one["templateName"])).join(", ") };
  if (has("experiment")) return { title: "experiment", detail: list(at(step, "experiment", "templates")).map((one) => text(one["name"])).join(", ") };
  if (has("setCanaryScale")) {
    const [weight, replicas] = [at(step, "setCanaryScale", "weight"), at(step, "setCanaryScale", "replicas")];
    return { title: "canary scale", detail: replicas !== undefined ? `${text(replicas)} pods` : weight !== undefined ? `${text(weight)} %` : "as the weight" };
  }
  if (has("setHeaderRoute")) return { title: "header route", detail: text(at(step, "setHeaderRoute", "name")) };
  if (has("setMirrorRoute")) return { title: "mirror route", detail: text(at(step, "setMirrorRoute", "name")) };
  if (has("replicaProgressThreshold")) return { title: "enough replicas", detail: text(at(step, "replicaProgressThreshold", "value")) };
  if (has("plugin")) return { title: "plug-in", detail: text(at(step, "plugin", "name")) };
  return { title: Object.keys((step as Json | null) ?? {})[0] ?? "step", detail: "" };
}

/** Facts of a Rollout's revisions: hashes, pods and weights. */
export function rolloutFacts(rollout: unknown): [string, string][] {
  const status = at(rollout, "status");
  const stable = text(at(status, "stableRS"));
  const current = text(at(status, "currentPodHash"));
  const weights = at(status, "canary", "weights");
  const found: [string, string][] = [
    ["Stable", stable],
    ["New", current === stable ? "" : current],
    ["Pods", `${text(at(status, "replicas") ?? 0)} in total, ${text(at(status, "updatedReplicas") ?? 0)} updated, ${text(at(status, "availableReplicas") ?? 0)} available`],
    ["Desired traffic", weights ? `${text(at(weights, "canary", "weight"))} % new, ${text(at(weights, "stable", "weight"))} % stable` : ""],
    ["Weight verified", at(weights, "verified") === undefined ? "" : at(weights, "verified") ? "yes" : "not yet"],
    ["Active service", text(at(rollout, "spec", "strategy", "blueGreen", "activeService"))],
    ["Active", text(at(status, "blueGreen", "activeSelector"))],
    ["Preview", text(at(status, "blueGreen", "previewSelector"))],
    ["Aborted", text(at(status, "abortedAt"))],
  ];
  return found.filter(([, value]) => value);
}

/** The share of traffic that is wanted for the new version, in percent; null where nothing says it. */
export function wantedWeight(rollout: unknown): number | null {
  const found = at(rollout, "status", "canary", "weights", "canary", "weight");
  return typeof found === "number" ? found : null;
}

export interface Reported {
  kind: string;
  name: string;
  place: string;
  canary: number;
  stable: number;
}

/** In words: what the routers' objects say, and whether it is what is wanted. */
export function reportedInWords(one: Reported, wanted: number | null): { words: string; severity: Severity } {
  const words = `${one.canary} % new, ${one.stable} % stable`;
  if (wanted === null) return { words, severity: "ok" };
  return one.canary === wanted ? { words: `${words}, as desired`, severity: "ok" } : { words: `${words}, desired are ${wanted} %`, severity: "attention" };
}

// ---- experiments

export interface Version {
  name: string;
  status: string;
  severity: Severity;
  available: number;
  replicas: number;
  weight: string;
  service: string;
  message: string;
  since: string;
}

const VERSION: Record<string, Severity> = { Successful: "ok", Running: "busy", Progressing: "busy", Failed: "broken", Error: "broken" };

/** The versions of an Experiment side by side. */
export function versionsOf(experiment: unknown): Version[] {
  const met = list(at(experiment, "status", "templateStatuses"));
  return list(at(experiment, "spec", "templates")).map((template) => {
    const found = met.find((one) => one["name"] === template["name"]) ?? {};
    const status = text(found["status"]) || "Waiting";
    return {
      name: text(template["name"]),
      status,
      severity: VERSION[status] ?? "busy",
      available: Number(found["availableReplicas"] ?? 0),
      replicas: Number(template["replicas"] ?? 1),
      weight: text(template["weight"]),
      service: text(found["serviceName"]),
      message: text(found["message"]),
      since: text(found["lastTransitionTime"]),
    };
  });
}

/** The analyses of an Experiment: those that have begun name their AnalysisRun. */
export function analysesOf(experiment: unknown): { name: string; run: string; phase: string; message: string; required: boolean }[] {
  const met = list(at(experiment, "status", "analysisRuns"));
  return list(at(experiment, "spec", "analyses")).map((one) => {
    const found = met.find((run) => run["name"] === one["name"]) ?? {};
    return { name: text(one["name"]), run: text(found["analysisRun"]), phase: text(found["phase"]), message: text(found["message"]), required: one["requiredForCompletion"] === true };
  });
}

// ---- analysis

export interface Measured {
  name: string;
  phase: string;
  condition: string;
  message: string;
  points: { at: number; value: number; phase: string }[];
  values: { at: string; value: string; phase: string }[];
  failures: number;
}

export function measured(run: unknown): Measured[] {
  const specs = list(at(run, "spec", "metrics"));
  return list(at(run, "status", "metricResults")).map((result) => {
    const spec = specs.find((one) => one["name"] === result["name"]) ?? {};
    const values = list(result["measurements"]).map((one) => ({
      at: text(one["finishedAt"]) || text(one["startedAt"]),
      value: text(one["value"]),
      phase: text(one["phase"]),
    }));
    return {
      name: text(result["name"]),
      phase: text(result["phase"]),
      condition: [spec["successCondition"] && `success: ${text(spec["successCondition"])}`, spec["failureCondition"] && `failure: ${text(spec["failureCondition"])}`]
        .filter(Boolean)
        .join("; "),
      message: text(result["message"]),
      points: values.flatMap((one) => {
        const value = firstNumber(one.value);
        const time = Date.parse(one.at);
        return value === null || Number.isNaN(time) ? [] : [{ at: time, value, phase: one.phase }];
      }),
      values,
      failures: Number(result["failed"] ?? 0) + Number(result["error"] ?? 0),
    };
  });
}

/** A measurement is a number, or a list whose first item is one. */
export function firstNumber(value: string): number | null {
  const found = Number(value.replace(/^\[/, "").split(/[,\]\s]/)[0]);
  return value.trim() === "" || Number.isNaN(found) ? null : found;
}

/** The number that a condition compares with, to be drawn as a line. */
export function threshold(condition: string): number | null {
  const found = /(?:<=|>=|<|>|==)\s*(-?\d+(?:\.\d+)?)/.exec(condition);
  return found ? Number(found[1]) : null;
}

/** Points within a picture of this size; the limit as a height, if it is to be seen. */
export function plotted(points: Measured["points"], limit: number | null, width: number, height: number): { dots: [number, number, string][]; limit: number | null } {
  const values = [...points.map((one) => one.value), ...(limit === null ? [] : [limit])];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const spread = high - low || 1;
  const y = (value: number) => height - 6 - ((value - low) / spread) * (height - 12);
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 0];
  const x = (time: number) => (last === first ? width / 2 : 6 + ((time - first) / (last - first)) * (width - 12));
  return { dots: points.map((one) => [x(one.at), y(one.value), one.phase]), limit: limit === null ? null : y(limit) };
}

// ---- conditions, of all kinds

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  since: string;
}

export function conditionsOf(object: unknown): Condition[] {
  return list(at(object, "status", "conditions")).map((one) => ({
    type: text(one["type"]),
    status: text(one["status"]),
    reason: text(one["reason"]),
    message: text(one["message"]),
    since: text(one["lastTransitionTime"]),
  }));
}

/** How much of a certificate's life is over, from 0 to 1, and when it is renewed on the same scale. */
export function lifetime(certificate: unknown, now: number): Lifetime | null {
  const [from = "", until = "", renewal = ""] = ["notBefore", "notAfter", "renewalTime"].map((name) => text(at(certificate, "status", name)));
  return lifetimeOf(from, until, renewal, now);
}

/** Parts of a lifetime, from 0 to 1. */
export interface Lifetime {
  used: number;
  renewal: number;
  days: number;
}

export function lifetimeOf(notBefore: string, notAfter: string, renewalTime: string, now: number): Lifetime | null {
  const [from, until, renewal] = [notBefore, notAfter, renewalTime].map((time) => Date.parse(time)) as [number, number, number];
  if (!from || !until || until <= from) return null;
  const part = (time: number) => Math.min(1, Math.max(0, (time - from) / (until - from)));
  return { used: part(now), renewal: renewal ? part(renewal) : 1, days: Math.floor((until - now) / 86_400_000) };
}

// ---- ApplicationSets

export interface Generated {
  namespace: string;
  name: string;
  sync: string;
  health: string;
  step: string;
  progress: string;
  message: string;
}

/** The Applications of a set, those that are not well first, each with its part in a RollingSync. */
export function generated(set: unknown): Generated[] {
  const namespace = text(at(set, "metadata", "namespace"));
  const progress = new Map(list(at(set, "status", "applicationStatus")).map((one) => [text(one["application"]), one]));
  const found = list(at(set, "status", "resources")).map((one): Generated => {
    const step = progress.get(text(one["name"]));
    return {
      namespace: text(one["namespace"]) || namespace,
      name: text(one["name"]),
      sync: text(one["status"]),
      health: text(at(one, "health", "status")),
      step: text(step?.["step"]),
      progress: text(step?.["status"]),
      message: text(step?.["message"]) || text(at(one, "health", "message")),
    };
  });
  const rank = (one: Generated) => (one.health === "Degraded" ? 0 : one.health !== "Healthy" ? 1 : one.sync !== "Synced" ? 2 : 3);
  return found.sort((a, b) => rank(a) - rank(b) || Number(a.step) - Number(b.step) || a.name.localeCompare(b.name));
}

/** Of each step of a RollingSync how many of its Applications are done. */
export function rollingSteps(set: unknown): { step: string; done: number; all: number }[] {
  const steps = new Map<string, { done: number; all: number }>();
  for (const one of generated(set)) {
    if (!one.step) continue;
    const found = steps.get(one.step) ?? { done: 0, all: 0 };
    steps.set(one.step, { done: found.done + (one.progress === "Healthy" ? 1 : 0), all: found.all + 1 });
  }
  return [...steps].map(([step, found]) => ({ step, ...found })).sort((a, b) => Number(a.step) - Number(b.step));
}

// ---- revisions of a Rollout, as the dashboard's API tells them

export interface Revision {
  name: string;
  number: number;
  roles: string[];
  status: string;
  images: string[];
  available: number;
  replicas: number;
  pods: { name: string; status: string; ready: string }[];
}

export function revisionsOf(info: unknown): Revision[] {
  return list(at(info, "replicaSets"))
    .map((one) => ({
      name: text(at(one, "objectMeta", "name")),
      number: Number(one["revision"] ?? 0),
      roles: ["stable", "canary", "active", "preview", "ping", "pong"].filter((role) => one[role] === true),
      status: text(one["status"]),
      images: (one["images"] as string[] | undefined) ?? [],
      available: Number(one["available"] ?? 0),
      replicas: Number(one["replicas"] ?? 0),
      pods: list(one["pods"]).map((pod) => ({ name: text(at(pod, "objectMeta", "name")), status: text(pod["status"]), ready: text(pod["ready"]) })),
    }))
    .sort((a, b) => b.number - a.number);
}

/** One may go back to a revision that neither gets traffic nor is the newest. */
export function canUndoTo(revision: Revision, all: Revision[]): boolean {
  return revision.number > 0 && revision.number < Math.max(...all.map((one) => one.number));
}

// ---- sealed secrets

/** Each item with the key that opens it; those that none opens first. */
export function openersOf<K extends { fingerprint: string }>(items: Record<string, string>, keys: K[]): { item: string; key: K | undefined }[] {
  return Object.entries(items)
    .map(([item, fingerprint]) => ({ item, key: keys.find((one) => fingerprint && one.fingerprint === fingerprint) }))
    .sort((a, b) => Number(Boolean(a.key)) - Number(Boolean(b.key)) || a.item.localeCompare(b.item));
}
