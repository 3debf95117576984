/** Views of lists that a person keeps under a name. Pure. */

export interface View {
  name: string;
  /** A path of this page with its query. */
  to: string;
  /** Whose it is on the server; absent for one that this browser keeps. */
  project?: string;
  /** Who saved it for the project. */
  by?: string;
}

const MOST = 100;

/** From what was stored; what is not a view of this page is left out. */
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

/** Those of a list: first one's own, then what projects share, by name; what is not a view of this page is left out. */
export function viewsOfList(own: View[], shared: View[], list: string): View[] {
  const all = [...own, ...shared.filter(isView)].filter((one) => listOf(one.to) === list);
  return all.sort((a, b) => Number(Boolean(a.project)) - Number(Boolean(b.project)) || a.name.localeCompare(b.name));
}

/** What stands beside its name: whose it is. */
export function titleOf(view: View): string {
  return view.project ? `of the project ${view.project}${view.by ? `, saved by ${view.by}` : ""}` : "saved in this browser";
}

/** Where the list is scrolled to is no part of a view. */
export function keptAddress(path: string, query: URLSearchParams): string {
  const kept = new URLSearchParams(query);
  kept.delete("offset");
  return path + (kept.size ? `?${kept}` : "");
}
