/** What a condition of an Application means and what to do about it, in our words. Pure. */

const HELP: Record<string, string> = {
  ComparisonError: "What Git says could not be made or compared, so nothing is synced. Mend what the message names; a refresh tries again.",
  InvalidSpecError: "The Application itself asks for something that is not there or not allowed: look at its project, repository and destination.",
  SyncError: "The last sync failed. What was written already stays; it is tried again by a new commit, a retry or a person.",
  DeletionError: "Its resources could not all be deleted, so the Application stays until they are gone.",
  UnknownError: "Something failed that has no name of its own; the message is all that is known.",
  SharedResourceWarning: "Another Application claims the same object: each sync of one undoes the other's. Take it out of one of them.",
  RepeatedResourceWarning: "Git says the same object more than once; the last one counts. Take the others away.",
  ExcludedResourceWarning: "Git says an object of a kind that is excluded by the settings: it is not synced.",
  OrphanedResourceWarning: "The namespace holds objects that no Application claims, and the project wants to be told of them.",
};

export function helpOf(type: string): string {
  return HELP[type] ?? "";
}

interface SyncWindow {
  kind?: string;
  schedule?: string;
  duration?: string;
  manualSync?: boolean;
  timeZone?: string;
}

export interface WindowState {
  activeWindows?: SyncWindow[] | null;
  assignedWindows?: SyncWindow[] | null;
  canSync?: boolean;
}

/** What windows do to a sync now; null where none is assigned. */
export function windowsNow(state: WindowState): { severity: "ok" | "attention"; words: string; each: string[] } | null {
  const assigned = state.assignedWindows ?? [];
  if (assigned.length === 0) return null;
  const active = new Set((state.activeWindows ?? []).map(windowText));
  const each = assigned.map((one) => `${windowText(one)}${active.has(windowText(one)) ? " – active now" : ""}`);
  return state.canSync
    ? { severity: "ok", words: "A person may sync now", each }
    : { severity: "attention", words: "Nobody may sync now: a window forbids it", each };
}

function windowText(one: SyncWindow): string {
  const zone = one.timeZone && one.timeZone !== "UTC" ? ` ${one.timeZone}` : "";
  return `${one.kind === "deny" ? "no sync" : "sync"} at ${one.schedule}${zone} for ${one.duration}${one.manualSync ? ", by hand even so" : ""}`;
}
