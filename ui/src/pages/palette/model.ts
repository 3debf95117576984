/** The command palette: what can be gone to or done, and what of it a person means by what they type. Pure. */

export interface Command {
  title: string;
  /** What it is, such as a page, an Application, a saved view. */
  kind: string;
  /** Where it leads; empty for what is done on the spot. */
  to: string;
  run?: () => void;
}

export interface Row {
  kind?: string;
  namespace: string;
  name: string;
}

export const MOST = 30;
const WORDS_BEFORE = /(?:^|[\s/._-])$/;

/** How well a text answers; null: not at all. Letters in their order, best in one piece and at the beginning of a word. */
export function score(title: string, typed: string): number | null {
  const [text, wanted] = [title.toLowerCase(), typed.toLowerCase().replace(/\s+/g, "")];
  if (!wanted) return 0;
  const whole = text.replace(/\s+/g, "").indexOf(wanted);
  if (whole >= 0) return 1000 - whole - text.length / 100;
  let found = 0;
  let at = 0;
  for (const letter of wanted) {
    const next = text.indexOf(letter, at);
    if (next < 0) return null;
    const begins = WORDS_BEFORE.test(text.slice(0, next)) || /[A-Z]/.test(title[next] ?? "");
    found += next === at ? 3 : begins ? 2 : 0;
    at = next + 1;
  }
  return found - text.length / 100;
}

/** The best first; of equals those that come first. What the server found for this text is taken whole, after the rest. */
export function answers(commands: Command[], found: Command[], typed: string): Command[] {
  const ranked = commands
    .map((command, at) => ({ command, at, score: score(command.title, typed) }))
    .filter((one): one is typeof one & { score: number } => one.score !== null)
    .sort((a, b) => b.score - a.score || a.at - b.at)
    .map((one) => one.command);
  return [...ranked, ...found].slice(0, MOST);
}

/** Rows of the server's lists as commands. */
export function commandsOf(place: string, kind: string, rows: Row[]): Command[] {
  return rows.map((row) => ({
    title: row.namespace ? `${row.name} in ${row.namespace}` : row.name,
    kind,
    to: `/${place}/${encodeURIComponent(row.namespace || "-")}/${encodeURIComponent(row.name)}`,
  }));
}

export function movedBy(key: string, at: number, count: number): number {
  if (count === 0) return -1;
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return at;
}
