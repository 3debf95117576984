/** What a condition of an Application means and what to do about it, in our words. Pure. */

const HELP: Record<string, string> = {
  ComparisonError: "The manifests could not be generated or compared, so nothing is synced. Fix what the message names, then press Refresh.",
  InvalidSpecError: "The Application refers to something that does not exist or is not permitted. Check its project, repository and destination.",
  SyncError: "The last sync failed. Resources it had already applied stay. A new commit, a retry or a manual sync tries again.",
  DeletionError: "Some resources could not be deleted. The Application stays until they are gone.",
  UnknownError: "An unexpected error. The message has all that is known.",
  SharedResourceWarning: "Another Application manages the same resource, so each sync of one undoes the other. Remove it from one of them.",
  RepeatedResourceWarning: "The manifests define the same resource more than once; the last definition is used. Remove the duplicates.",
  ExcludedResourceWarning: "The manifests contain a resource of a kind that the settings exclude. It is not synced.",
  OrphanedResourceWarning: "The namespace contains resources that no Application manages, and the project warns about them.",
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
    ? { severity: "ok", words: "Manual sync is allowed now", each }
    : { severity: "attention", words: "A sync window blocks all syncs now", each };
}

function windowText(one: SyncWindow): string {
  const zone = one.timeZone && one.timeZone !== "UTC" ? ` ${one.timeZone}` : "";
  return `${one.kind === "deny" ? "denies sync" : "allows sync"} at ${one.schedule}${zone} for ${one.duration}${one.manualSync ? ", manual sync allowed" : ""}`;
}
