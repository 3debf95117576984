/** From the address of the list to the question that the server is asked. Pure. */
import { naturally } from "../../parts/format";
import { ASKED } from "../../parts/window-model";

export const FACETS: Record<string, string> = {
  reason: "Why",
  sync: "Sync",
  health: "Health",
  project: "Project",
  cluster: "Cluster",
  namespace: "Namespace",
  automated: "Automated sync",
  condition: "Condition",
  label: "Label",
};

/** Besides words and filters: what each narrows the list by, how it is written. */
export const NARROWED: Record<string, [title: string, example: string]> = {
  pattern: ["Name matches (regular expression)", "^shop-(test|prod)$"],
  selector: ["Labels (selector)", "team=a,tier in (web,api),!legacy"],
  annotation: ["Annotation", "name, !name or name=value"],
};

/** The server names the parameter of a query; a person sees a field. */
export function readableProblem(problem: string): string {
  return problem.replace(/^query: \w+: /, "");
}

/** The question without its window: where the list is scrolled to is no part of it. */
export function questionOf(query: URLSearchParams): string {
  const asked = new URLSearchParams({ limit: String(ASKED) });
  for (const [name, value] of query) {
    if (name in FACETS || (["search", "sort", ...Object.keys(NARROWED)].includes(name) && value)) asked.append(name, value);
  }
  return `/api/argosy/v1/stream/applications?${asked}`;
}

export const VIEWS = ["list", "tiles", "summary"];

/** What a facet's values are of the whole, the most first. */
export function shares(counts: Record<string, number>, whole: number): { value: string; count: number; share: number }[] {
  return Object.entries(counts)
    .map(([value, count]) => ({ value, count, share: whole > 0 ? count / whole : 0 }))
    .sort((a, b) => b.count - a.count || naturally(a.value, b.value));
}

/** More than these are not selected by one press. */
export const MOST_SELECTED = 500;

export function allOf(question: string): string {
  return question.replace("/stream/", "/").replace(`limit=${ASKED}`, `limit=${MOST_SELECTED}`);
}

export function placeOf(row: { namespace: string; name: string }): string {
  return `/applications/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;
}

export type BulkVerb = "sync" | "refresh" | "hard-refresh" | "delete";
type Target = { namespace: string; name: string; project: string; sync: string };

/** What would come of it, in one sentence. */
export function bulkEffect(verb: BulkVerb, rows: Target[], prune: boolean): string {
  const differ = rows.filter((row) => row.sync === "OutOfSync").length;
  switch (verb) {
    case "sync":
      return `${differ} of ${rows.length} are out of sync and will change${prune ? "; resources no longer in Git are deleted" : "; nothing is deleted"}. Those already in sync run their hooks again.`;
    case "refresh":
      return `${rows.length} are compared with Git again.`;
    case "hard-refresh":
      return `${rows.length} generate their manifests again without the cache and are compared.`;
    case "delete":
      return `${rows.length} are deleted, after all their resources.`;
  }
}

export function bulkRequest(verb: BulkVerb, row: Target, prune: boolean): { method: string; place: string; body?: unknown } {
  const place = `/api/v1/applications/${encodeURIComponent(row.name)}`;
  const asked = `appNamespace=${encodeURIComponent(row.namespace)}`;
  switch (verb) {
    case "sync":
      return { method: "POST", place: `${place}/sync`, body: { appNamespace: row.namespace, project: row.project, prune } };
    case "delete":
      return { method: "DELETE", place: `${place}?${asked}&cascade=true&propagationPolicy=foreground` };
    default:
      return { method: "GET", place: `${place}?${asked}&refresh=${verb === "refresh" ? "normal" : "hard"}` };
  }
}
