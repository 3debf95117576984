/** What a person wants to see at home, kept in this browser: `<kind>/<namespace>/<name>`, without a namespace for what is of the whole cluster. Pure. */

export const MOST = 100;

/** From what was stored; what is not a favourite is left out. */
export function favouritesOf(stored: string | null): string[] {
  try {
    const found: unknown = JSON.parse(stored ?? "[]");
    return (Array.isArray(found) ? found : []).filter(isFavourite).slice(0, MOST);
  } catch {
    return [];
  }
}

function isFavourite(given: unknown): given is string {
  return typeof given === "string" && /^[^/]+\/[^/]*\/[^/]+$/.test(given);
}

export function favouriteOf(item: { kind: string; namespace: string; name: string }): string {
  return `${item.kind}/${item.namespace}/${item.name}`;
}

/** With it in front, or without it. */
export function toggled(favourites: string[], one: string): string[] {
  return favourites.includes(one) ? favourites.filter((other) => other !== one) : [one, ...favourites].slice(0, MOST);
}
