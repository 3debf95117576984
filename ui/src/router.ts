/** The address is the state: path and query as signals, links that stay within the page. */
import { computed, signal } from "@preact/signals";

const base = new URL(document.baseURI).pathname.replace(/\/+$/, "");
const address = signal(here());

function here(): string {
  return location.pathname.slice(base.length) + location.search;
}

/** Below the page's base, without the query. */
export const path = computed(() => address.value.split("?")[0] || "/");
export const query = computed(() => new URLSearchParams(address.value.split("?")[1] ?? ""));

export function href(to: string): string {
  return base + to;
}

export function go(to: string, how: "push" | "replace" = "push"): void {
  if (to === address.value) return;
  history[how === "push" ? "pushState" : "replaceState"](null, "", href(to));
  address.value = here();
}

/** The same page with some of the query changed; null takes a value away. */
export function withQuery(changes: Record<string, string | string[] | null>): string {
  const next = new URLSearchParams(query.value);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of value === null ? [] : [value].flat()) next.append(name, one);
  }
  const text = next.toString();
  return path.value + (text ? `?${text}` : "");
}

addEventListener("popstate", () => {
  address.value = here();
});

addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest?.("a");
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  if (!link.pathname.startsWith(`${base}/`) || link.dataset["outside"] !== undefined) return;
  event.preventDefault();
  go(link.pathname.slice(base.length) + link.search);
  document.querySelector("main")?.scrollTo({ top: 0 });
});
