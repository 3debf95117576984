/** What the server shows, live: a snapshot, then patches; a lost connection is shown and made again. */
import { type Signal, signal } from "@preact/signals";

import { href } from "../router";
import { signInAgain } from "./client";
import { patched } from "./patch";

export const connected = signal(true);

export interface Live<T> {
  /** What it was asked for. */
  place: string;
  value: Signal<T | null>;
  problem: Signal<string>;
  close(): void;
}

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

export function live<T extends object>(place: string): Live<T> {
  const value = signal<T | null>(null);
  const problem = signal("");
  let source: EventSource | null = null;
  let wait = FIRST_WAIT;
  let timer = 0;
  let closed = false;

  function open(): void {
    source = new EventSource(href(place));
    source.addEventListener("snapshot", (event) => {
      value.value = JSON.parse((event as MessageEvent<string>).data) as T;
      problem.value = "";
      wait = FIRST_WAIT;
      connected.value = true;
    });
    source.addEventListener("patch", (event) => {
      if (value.value) value.value = patched(value.value, JSON.parse((event as MessageEvent<string>).data));
    });
    source.addEventListener("ended", () => {
      source?.close();
      signInAgain();
    });
    source.onerror = () => {
      source?.close();
      if (closed) return;
      void why();
      timer = window.setTimeout(open, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  /** An event source does not tell the status it got. */
  async function why(): Promise<void> {
    try {
      const response = await fetch(href(place.replace("/stream/", "/")), { credentials: "same-origin" });
      connected.value = response.status < 500;
      if (response.status === 401) {
        close();
        signInAgain();
      } else if (!response.ok) {
        const body = (await response.json()) as { error?: { message?: string } };
        problem.value = body.error?.message ?? `The server answered ${response.status}`;
        if (response.status < 500) close();
      }
    } catch {
      connected.value = false;
    }
  }

  function close(): void {
    closed = true;
    clearTimeout(timer);
    source?.close();
  }

  open();
  return { place, value, problem, close };
}
