/** Which two states of an Application the diff compares: both stand in the address as `from` and `to`. Pure. */
import { shortRevision } from "../../parts/format";

export const LIVE = "live";
export const GIT = "git";

export interface Side {
  value: string;
  title: string;
}

interface Entry {
  id: number;
  revisions: string[];
}

/** What can be chosen; a revision that the address names is among them. */
export function sidesOf(history: Entry[], targetRevision: string, chosen: string[]): Side[] {
  const known = [
    { value: LIVE, title: "live state" },
    { value: GIT, title: `target state in Git (${targetRevision})` },
    ...history.map((one) => ({ value: `history:${one.id}`, title: `deployment ${one.id} (${one.revisions.map(shortRevision).join(", ")})` })),
  ];
  const others = chosen.filter((value) => value && !known.some((one) => one.value === value));
  return [...known, ...[...new Set(others)].map((value) => ({ value, title: `revision ${shortRevision(value.replace(/^revision:/, ""))}` }))];
}

/** Null for the usual question, which is asked otherwise: from what lives to what Git says. */
export function comparison(namespace: string, name: string, from: string, to: string): string | null {
  if (from === LIVE && to === GIT) return null;
  const asked = new URLSearchParams({ from, to });
  return `/api/argosy/v1/applications/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/compare?${asked}`;
}
