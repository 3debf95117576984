/** Everything by keyboard: `/` searches, `g` and a letter goes somewhere, `j` and `k` move through rows, digits choose a view, Ctrl and K open the palette. */
import { signal } from "@preact/signals";

import { go } from "./router";

export const PLACES: [string, string, string][] = [
  ["h", "/", "Home"],
  ["a", "/applications", "Applications"],
  ["p", "/pipelines", "Pipelines"],
  ["d", "/deliveries", "Deliveries"],
  ["e", "/rehearsals", "Rehearsals"],
  ["r", "/rollouts", "Rollouts"],
  ["c", "/certificates", "Certificates"],
  ["s", "/sealedsecrets", "Sealed secrets"],
  ["l", "/activity", "Activity"],
  [",", "/settings", "Settings"],
];
export const helpIsOpen = signal(false);
export const paletteIsOpen = signal(false);
let waitsForPlace = false;

export function moved(rows: number, at: number, key: string): number {
  if (rows === 0) return -1;
  return key === "j" ? Math.min(at + 1, rows - 1) : Math.max(at - 1, 0);
}

/** Where letters are typed or choose something: keys are not ours there. A box that is checked takes none. */
function takesText(target: HTMLElement): boolean {
  return target.matches?.('input:not([type="checkbox"], [type="radio"]), textarea, select');
}

addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  if ((event.ctrlKey || event.metaKey) && event.key === "k") {
    event.preventDefault();
    paletteIsOpen.value = !target.closest?.("dialog") || paletteIsOpen.value;
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest?.("dialog")) return;
  if (target.isContentEditable) return;
  if (takesText(target)) {
    if (event.key === "Escape") target.blur();
    return;
  }
  if (waitsForPlace) {
    waitsForPlace = false;
    const place = PLACES.find(([key]) => key === event.key);
    if (place) go(place[1]);
  } else if (event.key === "g") waitsForPlace = true;
  else if (event.key === "?") helpIsOpen.value = true;
  else if (event.key === "/") {
    event.preventDefault();
    document.querySelector<HTMLInputElement>("input[data-search]")?.focus();
  } else if (/^[1-9]$/.test(event.key)) {
    document.querySelectorAll<HTMLElement>("nav.tabs a")[Number(event.key) - 1]?.click();
  } else if (event.key === "j" || event.key === "k") {
    const links = [...document.querySelectorAll<HTMLElement>("[data-row]")];
    links[moved(links.length, links.indexOf(document.activeElement as HTMLElement), event.key)]?.focus();
  }
});
