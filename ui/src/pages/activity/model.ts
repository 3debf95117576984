/** From the address of the activity page to the question that the server is asked. Pure. */

export const VIEWS = ["changes", "events"] as const;
export type View = (typeof VIEWS)[number];
export const FACETS: Record<View, Record<string, string>> = {
  changes: { subject: "User", result: "Result", method: "Action" },
  events: { type: "Type", kind: "Kind", reason: "Reason", namespace: "Namespace" },
};
export const LIMIT = 100;

export function viewOf(query: URLSearchParams): View {
  return query.get("view") === "events" ? "events" : "changes";
}

export function streamOf(query: URLSearchParams): string {
  const view = viewOf(query);
  const asked = new URLSearchParams();
  for (const [name, value] of query) {
    if (name in FACETS[view] || (["search", "offset"].includes(name) && value)) asked.append(name, value);
  }
  asked.set("limit", String(LIMIT));
  return `/api/argosy/v1/stream/${view === "events" ? "events" : "activity"}?${asked}`;
}

/** What a call was, in words: the verb of its name, and whose service it is. */
export function inWords(method: string): string {
  const call = /\.(\w+)Service\/(\w+)$/.exec(method);
  if (!call) return method.toLowerCase();
  const words = (call[2] ?? "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  const service = (call[1] ?? "").replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.includes(service) ? words : `${words} (${service})`;
}

export function objectInWords(object: Record<string, string>): string {
  return Object.values(object).join(" ");
}
