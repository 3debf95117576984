/** Views of lists that a person keeps under a name. Pure. */

export interface View {
  name: string;
  /** A path of this page with its query. */
  to: string;
}

const MOST = 100;

/** From what was stored; what is no view of this page is left out. */
export function viewsOf(stored: string | null): View[] {
  try {
    const found: unknown = JSON.parse(stored ?? "[]");
    return (Array.isArray(found) ? found : []).filter(isView).slice(0, MOST);
  } catch {
    return [];
  }
}

function isView(given: unknown): given is View {
  const { name, to } = (given ?? {}) as Partial<View>;
  return typeof name === "string" && name !== "" && typeof to === "string" && /^\/(?![/\\])/.test(to);
}

/** Another of the same name for the same list takes its place. */
export function withView(views: View[], view: View): View[] {
  const others = views.filter((one) => one.name !== view.name || listOf(one.to) !== listOf(view.to));
  return [...others, view].sort((a, b) => a.name.localeCompare(b.name)).slice(0, MOST);
}

export function withoutView(views: View[], view: View): View[] {
  return views.filter((one) => one.name !== view.name || one.to !== view.to);
}

export function listOf(to: string): string {
  return to.split("?")[0] ?? "";
}

/** Where the list is scrolled to is no part of a view. */
export function keptAddress(path: string, query: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  kept.delete("offset");
  return path + (kept.size ? `?${kept}` : "");
}
