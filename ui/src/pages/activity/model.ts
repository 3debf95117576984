/** From the address of the activity page to the question that the server is asked. Pure. */

export const FACETS: Record<string, string> = { subject: "User", result: "Result", method: "Action" };
export const LIMIT = 100;

export function streamOf(query: URLSearchParams): string {
  const asked = new URLSearchParams();
  for (const [name, value] of query) {
    if (name in FACETS || (["search", "offset"].includes(name) && value)) asked.append(name, value);
  }
  asked.set("limit", String(LIMIT));
  return `/api/argosy/v1/stream/activity?${asked}`;
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
