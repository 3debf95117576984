/** The address of the stream of several windows, and what its events say. Pure. */

const STREAM = "/api/argosy/v1/stream";

/** `places` are those of streams of their own. */
export function addressOf(places: string[]): string {
  const asked = places.map((place) => `watch=${encodeURIComponent(place.slice(STREAM.length + 1))}`);
  return `${STREAM}?${asked.join("&")}`;
}

/** The number of the window, -1 for all of them, and what its own stream would say. */
export function told(data: string): { number: number; body: Record<string, unknown> } {
  const [number = -1, body = {}] = JSON.parse(data) as [number?, Record<string, unknown>?];
  return { number, body };
}
