/** Times and texts for people. Pure: now is handed in. */

const UNITS: [string, number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

export function age(iso: string | undefined, now: number): string {
  if (!iso) return "";
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  if (Number.isNaN(seconds)) return "";
  const text = length(Math.abs(seconds));
  // clocks of two machines, and of a page that counts by the second, differ a little: that is not the future
  if (Math.abs(seconds) < 2) return "now";
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

export function length(seconds: number): string {
  for (const [at, [unit, size]] of UNITS.entries()) {
    if (seconds < size && unit !== "s") continue;
    const whole = Math.floor(seconds / size);
    const next = UNITS[at + 1];
    const rest = next && whole < 10 ? Math.floor((seconds % size) / next[1]) : 0;
    return rest && next ? `${whole}${unit} ${rest}${next[0]}` : `${whole}${unit}`;
  }
  return "0s";
}

/** How long something took. */
export function span(from: string, until: string): string {
  const seconds = Math.round((Date.parse(until) - Date.parse(from)) / 1000);
  return Number.isNaN(seconds) ? "" : length(Math.max(0, seconds));
}

export function shortRevision(revision: string): string {
  return /^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 8) : revision;
}

/** A link that data names: http and https alone, and within this site; anything else is not a link. */
export function safeLink(url: string): string | null {
  try {
    const parsed = new URL(url);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link as `link.argocd.argoproj.io` annotations give it: `title|url`, or an address alone. The title is text. */
export function namedLink(text: string): { title: string; url: string } | null {
  const at = text.indexOf("|");
  const url = safeLink(at < 0 ? text : text.slice(at + 1));
  return url === null ? null : { title: (at < 0 ? "" : text.slice(0, at).trim()) || url, url };
}

/** A sentence of the server with its moments as a person reads them, in the time of this browser. */
export function readable(text: string, locale?: string): string {
  return text.replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (moment) =>
    new Date(moment).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" }),
  );
}

/** A number as people write it: 10,000. */
export function grouped(count: number, locale?: string): string {
  return count.toLocaleString(locale);
}

/** How many rows a list has, and how many of them match. */
export function counted({ matched, total }: { matched: number; total: number }, locale?: string): string {
  return matched === total ? grouped(total, locale) : `${grouped(matched, locale)} of ${grouped(total, locale)}`;
}

/** Who did something, as Kargo writes it: `email:a@b.example`, `kubernetes:admin`, `controller`. */
export function personOf(actor: string): string {
  return actor.replace(/^(email|subject|kubernetes):/, "");
}

/** By name as people count: ns-2 before ns-10. */
export function naturally(a: string, b: string): number {
  return a.localeCompare(b, undefined, { numeric: true });
}
