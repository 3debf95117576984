/** What a rehearsal came to, in words; and what two of them have in common. Pure. */
import type { Schemas } from "../../api/client";
import type { Severity } from "../../parts";

export type Report = Schemas["Rehearsal"];
export type Environment = Schemas["RehearsedEnvironment"];

const OUTCOMES: Record<string, [Severity, string]> = {
  delivered: ["ok", "delivered"],
  unchanged: ["ok", "nothing changed"],
  waiting: ["attention", "waits for a person"],
  failed: ["broken", "failed"],
  stuck: ["broken", "stuck"],
};

export function outcomeOf(word: string): { severity: Severity; words: string } {
  const [severity, words] = OUTCOMES[word] ?? ["busy", word || "unknown"];
  return { severity, words };
}

/** "2 environments, 3 objects"; "" where nothing changed. */
export function extent(report: Report): string {
  const objects = report.differences.reduce((sum, one) => sum + one.objects.length, 0);
  return objects ? `${counted(report.differences.length, "environment")}, ${counted(objects, "object")}` : "";
}

export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/** Lines of one moment together, so that a reader sees how time passes. */
export function moments(timeline: Report["timeline"]): { after: string; lines: Report["timeline"] }[] {
  const found: { after: string; lines: Report["timeline"] }[] = [];
  for (const line of timeline) {
    const last = found.at(-1);
    if (last?.after === line.after) last.lines.push(line);
    else found.push({ after: line.after, lines: [line] });
  }
  return found;
}

/** Where the page shows what a line is about; "" for what is in another cluster, or has no page. */
export function placeOf(kind: string, namespace: string, name: string, cluster: string): string {
  const places: Record<string, string> = { Application: "applications", Stage: "stages", Rollout: "rollouts", Certificate: "certificates", SealedSecret: "sealedsecrets" };
  const place = places[kind];
  return place && !cluster ? `/${place}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}` : "";
}

export interface Compared {
  title: string;
  left: string;
  right: string;
  same: boolean;
}

/** Two reports side by side; rows that differ are what one looks for. */
export function compare(left: Report, right: Report): Compared[] {
  const rows: [string, string[], string[]][] = [
    ["Outcome", [outcomeOf(left.outcome).words], [outcomeOf(right.outcome).words]],
    ["Why", [left.reason], [right.reason]],
    ["Duration", [left.took], [right.took]],
    ["Proposed", left.changes, right.changes],
    ["Gates", left.gates.map(inWords), right.gates.map(inWords)],
    ["Failures", left.failures.map(inWords), right.failures.map(inWords)],
    ["Assumptions", assumed(left), assumed(right)],
  ];
  for (const name of [...new Set([...environments(left), ...environments(right)])].sort()) rows.push([name, objects(left, name), objects(right, name)]);
  return rows
    .map(([title, one, other]) => ({ title, left: one.join("\n"), right: other.join("\n"), same: one.join("\n") === other.join("\n") }))
    .filter((row) => row.left || row.right);
}

export function inWords(found: Schemas["RehearsedFinding"]): string {
  const place = found.name ? `${found.kind} ${found.namespace}/${found.name}${found.cluster ? ` in ${found.cluster}` : ""}: ` : "";
  return place + found.message;
}

function assumed(report: Report): string[] {
  return report.notes.filter((one) => one.kind === "assumed").map((one) => one.text);
}

function environments(report: Report): string[] {
  return report.differences.map((one) => one.application);
}

function objects(report: Report, application: string): string[] {
  const found = report.differences.filter((one) => one.application === application).flatMap((one) => one.objects);
  return found.map((one) => `${one.change} ${one.kind} ${one.name}${one.lines.length ? `\n${one.lines.slice(2).join("\n")}` : ""}`);
}
