/** A change on its way: from what the API traces to what a person reads. Pure. */
import type { Schemas } from "../../api/client";
import type { Severity } from "../../parts";

export type Trace = Schemas["Trace"];
export type TracedStage = Schemas["TracedStage"];

const SEVERITY: Record<string, Severity> = { live: "ok", past: "ok", failed: "broken", waiting: "attention" };

/** Where it never was and will hardly be: a newer piece is there. */
export function isPassed(stage: TracedStage): boolean {
  return stage.passedBy !== "";
}

export function severityOf(stage: TracedStage): Severity {
  if (isPassed(stage)) return "ok";
  return SEVERITY[stage.state] ?? "busy";
}

/** What is in it, in short: images by tag, charts by version, commits by their first digits. */
export function contents(trace: Trace): string[] {
  return trace.artefacts.map((one) => {
    const name = (one["repoURL"] ?? "").replace(/\/+$/, "").split("/").at(-1) ?? "";
    const version = one["tag"] || one["version"] || (one["id"] ?? "").slice(0, 8);
    return `${name.replace(/\.git$/, "")} ${version}`.trim();
  });
}

/** The furthest that it got, and what it waits for: the first stage that is not live says so. */
export function standing(trace: Trace): { severity: Severity; words: string; stage: string } {
  const failed = trace.stages.find((one) => one.state === "failed");
  if (failed) return { severity: "broken", words: failed.why, stage: failed.stage };
  const open = trace.stages.filter((one) => !isPassed(one));
  const waits = open.find((one) => one.state === "waiting");
  if (waits) return { severity: "attention", words: `${waits.stage}: it ${waits.why}`.replace("it Promotion", "Promotion"), stage: waits.stage };
  const other = open.find((one) => one.state !== "live" && one.state !== "past");
  if (other) return { severity: "busy", words: `${other.stage}: ${other.why}`, stage: other.stage };
  const newer = trace.stages.find(isPassed);
  if (newer) return { severity: "ok", words: `superseded by the newer ${newer.passedBy}`, stage: newer.stage };
  return { severity: "ok", words: "It has reached every Stage", stage: trace.stages.at(-1)?.stage ?? "" };
}

/** When it came to a stage, by its last promotion that ended well. */
export function arrivedAt(stage: TracedStage): string {
  return stage.promotions.filter((one) => one.phase === "Succeeded").at(-1)?.finishedAt ?? "";
}
