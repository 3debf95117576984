/** Where one goes to sign in, and after it. Pure. */

/** A path of this page alone, never another site. Argo CD's `return_url` is an address of this site. */
export function returnPath(given: string | null, base = ""): string {
  const path = given?.startsWith(`${base}/`) ? given.slice(base.length) : (given ?? "");
  return /^\/(?![/\\])/.test(path) && !path.startsWith("/login") ? path : "/";
}

/** `base`: what all paths of this server begin with. */
export function providerAddress(place: string, back: string, base: string): string {
  return `${base}${place}?return_url=${encodeURIComponent(base + back)}`;
}

/** Between two automatic sign-ins of a tab: who comes back sooner has not been signed in by the first. */
const AGAIN = 60_000;

/** Whether the page goes to the provider by itself: never after a refusal, a sign-out, an ended attempt or a name typed. */
export function goesByItself(automatic: boolean, query: URLSearchParams, last: number | null, now: number): boolean {
  const refused = query.has("has_sso_error") || query.has("signed-out") || query.has("local");
  return automatic && !refused && (last === null || now - last >= AGAIN);
}
