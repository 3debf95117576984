/** From the address of the list to the question that the server is asked. Pure. */

export const LIMIT = 50;
export const FACETS: Record<string, string> = {
  reason: "Why",
  sync: "Sync",
  health: "Health",
  project: "Project",
  cluster: "Cluster",
  namespace: "Namespace",
  automated: "Automated sync",
  label: "Label",
};

export function streamOf(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const [name, value] of query) {
    if (name in FACETS || (["search", "sort", "offset"].includes(name) && value)) asked.append(name, value);
  }
  asked.set("limit", String(LIMIT));
  return `/api/argosy/v1/stream/applications?${asked}`;
}

export function placeOf(row: { namespace: string; name: string }): string {
  return `/applications/${encodeURIComponent(row.namespace)}/${encodeURIComponent(row.name)}`;
}
