/** Lines of logs: from the server's stream to what is shown. Pure. */

/** A line as the stream has it. */
export interface Entry {
  at: string;
  pod: string;
  text: string;
}

export interface LogLine {
  at: string;
  pod: string;
  text: string;
  level: Level;
  /** Counts up with each line that comes. */
  number: number;
  /** What names it in an address: its time, its Pod, and which one it is of those with the same time. */
  name: string;
}

export type Level = "error" | "warning" | "info";

/** More lines than these are not kept: the oldest go first. */
export const MOST_LINES = 5000;

const ERROR = /\b(error|err|fatal|panic|critical|exception|traceback)\b|"level":"(error|fatal)"|^[EF]\d{4} /i;
const WARNING = /\b(warn|warning)\b|^W\d{4} /i;

export function levelOf(text: string): Level {
  return ERROR.test(text) ? "error" : WARNING.test(text) ? "warning" : "info";
}

export function linesOf(entries: Entry[]): LogLine[] {
  return entries.map(({ at, pod, text }) => ({ at, pod, text: plain(text), level: levelOf(text), number: 0, name: "" }));
}

/** With names, and numbers that go on after those of the lines before them. */
export function numbered(lines: LogLine[], before: LogLine[]): LogLine[] {
  const next = (before.at(-1)?.number ?? 0) + 1;
  const seen = new Map<string, number>();
  const nameOf = ({ at, pod }: LogLine) => {
    const place = `${at} ${pod}`;
    const nth = (seen.get(place) ?? 0) + 1;
    seen.set(place, nth);
    return nth === 1 ? place : `${place} ${nth}`;
  };
  const first = lines[0]?.at;
  for (let at = before.length - 1; at >= 0 && before[at]?.at === first; at--) nameOf(before[at] as LogLine);
  return lines.map((one, index) => ({ ...one, number: next + index, name: nameOf(one) }));
}

/* eslint-disable no-control-regex */
const SEQUENCES = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[\]P^_X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
/* eslint-enable no-control-regex */

/** Without the colours, links and cursor moves that programs write for terminals; other controls by their pictures. */
export function plain(text: string): string {
  return text.replace(SEQUENCES, "").replace(CONTROLS, (one) => (one === "\u007f" ? "\u2421" : String.fromCharCode(0x2400 + one.charCodeAt(0))));
}

/** `first`: the oldest stay instead, as those around a linked line. */
export function kept(lines: LogLine[], first = false): LogLine[] {
  if (!isCut(lines)) return lines;
  return first ? lines.slice(0, MOST_LINES) : lines.slice(lines.length - MOST_LINES);
}

export function isCut(lines: LogLine[]): boolean {
  return lines.length >= MOST_LINES;
}

/** Seconds of lines that are shown before a linked one. */
const BEFORE = 30;

/** When lines must begin so that the linked one is among them; empty for a name that has no time. */
export function sinceOf(named: string): string {
  const at = Date.parse(named.split(" ")[0] ?? "");
  return Number.isNaN(at) ? "" : new Date(at - BEFORE * 1000).toISOString();
}

/** Of lines that a resumed stream brings, those that were not seen: Pods' lines may come in another order than before. */
export function unseen(lines: LogLine[], seen: LogLine[]): LogLine[] {
  const last = seen.at(-1);
  if (!last) return lines;
  const known = new Set(seen.map(identityOf));
  return lines.filter((one) => one.at > last.at || !known.has(identityOf(one)));
}

function identityOf(line: LogLine): string {
  return `${line.at} ${line.pod} ${line.text}`;
}

/** A text in pieces; those that are what was searched are marked. */
export function marked(text: string, searched: string): { text: string; hit: boolean }[] {
  if (!searched) return [{ text, hit: false }];
  const pieces: { text: string; hit: boolean }[] = [];
  const [whole, wanted] = [text.toLowerCase(), searched.toLowerCase()];
  let from = 0;
  for (let at = whole.indexOf(wanted); at >= 0; at = whole.indexOf(wanted, from)) {
    if (at > from) pieces.push({ text: text.slice(from, at), hit: false });
    pieces.push({ text: text.slice(at, at + wanted.length), hit: true });
    from = at + wanted.length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false });
  return pieces;
}

export interface Wanted {
  application: string;
  appNamespace: string;
  namespace: string;
  kind: string;
  group: string;
  name: string;
  container: string;
  filter: string;
  previous: boolean;
  follow: boolean;
  tail: number;
  /** The name of a linked line. */
  line: string;
}

/** `sinceTime`: of the last line that was seen. */
export function placeOf(wanted: Wanted, sinceTime = sinceOf(wanted.line)): string {
  const asked = new URLSearchParams({ follow: String(wanted.follow) });
  if (sinceTime) asked.set("sinceTime", sinceTime);
  else asked.set("tailLines", String(wanted.tail));
  const named: [string, string][] = [
    ["resourceNamespace", wanted.namespace],
    ["kind", wanted.kind],
    ["group", wanted.group],
    ["resourceName", wanted.name],
    ["container", wanted.container],
    ["filter", wanted.filter],
  ];
  for (const [name, value] of named) if (value) asked.set(name, value);
  if (wanted.previous) asked.set("previous", "true");
  return `/api/argosy/v1/stream/applications/${encodeURIComponent(wanted.appNamespace)}/${encodeURIComponent(wanted.application)}/logs?${asked}`;
}

/** What a download holds. */
export function fileOf(lines: LogLine[]): string {
  const several = new Set(lines.map((one) => one.pod)).size > 1;
  return lines.map((one) => `${one.at} ${several ? `${one.pod} ` : ""}${one.text}\n`).join("");
}
