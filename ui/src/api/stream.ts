/**
 * What the open page shows, live: a snapshot of each window, then patches; all in one connection, since a browser holds
 * few to a host. A lost connection is shown and made again; what was seen stays until the new snapshot is there.
 */
import { type Signal, signal } from "@preact/signals";

import { href } from "../router";
import { ask, type Me, rightsChanged, signInAgain } from "./client";
import { patched } from "./patch";
import { addressOf, told } from "./stream-model";

export const connected = signal(true);

export interface Live<T> {
  /** What it was asked for. */
  place: string;
  value: Signal<T | null>;
  problem: Signal<string>;
  close(): void;
}

export interface Watch {
  /** Asked whenever the connection is made: what resumes names where it was. */
  place(): string;
  snapshot(value: object): void;
  patch(change: Record<string, unknown>): void;
  refuse(problem: string, status: number): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** What is shown no more is given up soon, but not at once: the next page may be about to begin. */
const LEAVING = 1000;
const BUSY = 5000;

const watches = new Set<Watch>();
const refused = new Set<Watch>();
let opened: Watch[] = [];
let source: EventSource | null = null;
let timer = 0;
let dueAt = Infinity;
let wait = FIRST_WAIT;

export function live<T extends object>(place: string): Live<T> {
  const value = signal<T | null>(null);
  const problem = signal("");
  const close = watched({
    place: () => place,
    snapshot(found) {
      value.value = found as T;
      problem.value = "";
    },
    patch(change) {
      if (value.value) value.value = patched(value.value, change);
    },
    refuse(text) {
      problem.value = text;
    },
  });
  return { place, value, problem, close };
}

/** Adds a watch to the tab's one stream, and returns what takes it away. */
export function watched(watch: Watch): () => void {
  watches.add(watch);
  openIn(0);
  return () => {
    if (watches.delete(watch)) openIn(LEAVING);
  };
}

/** A watch that has all it asked for: the connection stays as it is. */
export function complete(watch: Watch): void {
  watches.delete(watch);
}

/** The soonest of what is asked for counts. */
function openIn(milliseconds: number): void {
  const at = performance.now() + milliseconds;
  if (at >= dueAt) return;
  clearTimeout(timer);
  dueAt = at;
  timer = window.setTimeout(open, milliseconds);
}

function open(): void {
  dueAt = Infinity;
  source?.close();
  source = null;
  refused.clear();
  opened = [...watches];
  if (opened.length === 0) return;
  const made = new EventSource(href(addressOf(opened.map((one) => one.place()))));
  source = made;
  const heard = (name: string, act: (watch: Watch, body: Record<string, unknown>) => void) =>
    made.addEventListener(name, (event) => {
      const { number, body } = told((event as MessageEvent<string>).data);
      const watch = opened[number];
      if (source === made && watch && watches.has(watch)) act(watch, body);
    });
  heard("snapshot", (watch, body) => {
    wait = FIRST_WAIT;
    connected.value = true;
    watch.snapshot(body);
  });
  heard("patch", (watch, body) => watch.patch(body));
  heard("refused", (watch, body) => {
    connected.value = true;
    const status = Number(body["status"]);
    refused.add(watch);
    watch.refuse(String(body["message"] ?? ""), status);
    if (status >= 500) openIn(BUSY);
  });
  made.addEventListener("ended", (event) => {
    if (source !== made) return;
    if (told((event as MessageEvent<string>).data).number < 0) signInAgain();
    else openIn(FIRST_WAIT); // what is asked for again is refused with its reason
  });
  made.addEventListener("rights", () => {
    if (source !== made) return;
    rightsChanged.value++;
    if (refused.size > 0) openIn(0); // it may be permitted now
  });
  made.onerror = () => {
    made.close();
    if (source !== made) return;
    source = null;
    void why();
    openIn(wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  };
}

/** An event source does not tell the status it got. */
async function why(): Promise<void> {
  try {
    const found = await ask<Me>("GET", "/api/argosy/v1/me");
    if (!found.signedIn && !found.anonymous) signInAgain();
    else if (wait > 4 * FIRST_WAIT) connected.value = false;
  } catch {
    connected.value = false;
  }
}
