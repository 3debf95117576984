/** The small set of parts that every page is made of. */
import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import "./parts.css";
import { go, href, query, withQuery } from "../router";
import { age, grouped, naturally } from "./format";

export type Severity = "ok" | "busy" | "attention" | "broken";

// ---- time that counts on by itself

export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 1000);

export function Ago({ at }: { at: string | undefined }) {
  if (!at) return null;
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {age(at, now.value)}
    </time>
  );
}

// ---- state: icon, word and colour, never colour alone

const SHAPES: Record<Severity, string> = {
  ok: "M3 8l3.5 3.5L13 5",
  busy: "M8 2a6 6 0 1 1-6 6",
  attention: "M8 3v6M8 12v.5",
  broken: "M4 4l8 8M12 4l-8 8",
};

export function Badge({ severity, children }: { severity: Severity; children: ComponentChildren }) {
  return (
    <span class={`badge ${severity}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPES[severity]} fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" />
      </svg>
      {children}
    </span>
  );
}

const OF_WORD: Record<string, Severity> = {
  Synced: "ok",
  Healthy: "ok",
  Succeeded: "ok",
  Hydrated: "ok",
  OutOfSync: "attention",
  Suspended: "attention",
  Missing: "attention",
  Progressing: "busy",
  Running: "busy",
  Terminating: "busy",
  Degraded: "broken",
  Failed: "broken",
  Error: "broken",
  SyncFailed: "broken",
};

export function severityOf(word: string): Severity {
  return OF_WORD[word] ?? "busy";
}

export function StateBadge({ word }: { word: string }) {
  return word ? <Badge severity={severityOf(word)}>{word}</Badge> : null;
}

export function Note({ severity, children }: { severity: Severity; children: ComponentChildren }) {
  return <div class={`note ${severity}`}>{children}</div>;
}

/** Longer than this, and the server is said to be slow. */
const SLOW = 5000;

export function Loading() {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), SLOW);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p class="muted">
      Loading…{slow && <span role="status"> The server is taking longer than usual. The answer is shown as soon as it comes.</span>}
    </p>
  );
}

// ---- things to press

type ButtonProps = JSX.HTMLAttributes<HTMLButtonElement> & {
  kind?: "primary" | "danger" | "plain" | "usual";
  disabled?: boolean;
  type?: "button" | "submit";
  /** Why it cannot be pressed; shown, and read out. */
  lacks?: string | undefined;
};

export function Button({ kind = "usual", lacks, children, disabled, type = "button", ...rest }: ButtonProps) {
  return (
    <button {...rest} type={type} class={`button ${kind}`} disabled={disabled || Boolean(lacks)} title={lacks}>
      {children}
      {lacks && <span class="hidden-but-read">: {lacks}</span>}
    </button>
  );
}

export function Copy({ text, what }: { text: string; what: string }) {
  return (
    <button
      type="button"
      class="copy"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void navigator.clipboard.writeText(text).then(() => toast("ok", `Copied ${what}`))}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="M5 5V2h9v9h-3M2 5h9v9H2z" fill="none" stroke="currentColor" stroke-width="1.5" />
      </svg>
    </button>
  );
}

// ---- what just happened

const toasts = signal<{ id: number; severity: Severity; text: string }[]>([]);
let lastToast = 0;

export function toast(severity: Severity, text: string): void {
  const id = ++lastToast;
  toasts.value = [...toasts.value.slice(-3), { id, severity, text }];
  setTimeout(
    () => {
      toasts.value = toasts.value.filter((one) => one.id !== id);
    },
    severity === "broken" ? 15_000 : 5000,
  );
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((one) => (
        <Note key={one.id} severity={one.severity}>
          {one.text}
        </Note>
      ))}
    </div>
  );
}

// ---- a question before something is done

export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ComponentChildren }) {
  const found = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    found.current?.showModal();
    // a form begins at its first field; what is to be read first begins at its top
    if (!found.current?.querySelector("input, select, textarea")) found.current?.focus();
  }, []);
  return (
    <dialog ref={found} aria-label={title} tabIndex={-1} onClose={onClose} onCancel={onClose}>
      {children}
    </dialog>
  );
}

// ---- navigation within a page

export function Tabs({ names, chosen }: { names: string[]; chosen: string }) {
  return (
    <nav class="tabs" aria-label="Views">
      {names.map((name) => (
        <a
          key={name}
          href={href(withQuery({ view: name === names[0] ? null : name }))}
          aria-current={name === chosen ? "page" : undefined}
        >
          {name[0]?.toUpperCase() + name.slice(1)}
        </a>
      ))}
    </nav>
  );
}

/** `usual`: how the list is sorted when the address does not say it. */
export function Sortable({ column, usual = "name", children }: { column: string; usual?: string; children: ComponentChildren }) {
  const sort = query.value.get("sort") ?? usual;
  const order = sort === column ? "ascending" : sort === `-${column}` ? "descending" : "none";
  return (
    <th scope="col" aria-sort={order}>
      <button type="button" onClick={() => go(withQuery({ sort: order === "ascending" ? `-${column}` : column, offset: null }), "replace")}>
        {children}
      </button>
    </th>
  );
}

/** Where filters stand beside the list; elsewhere they are opened by a press. */
const WIDE = matchMedia("(min-width: 1001px)");

/** What cannot be shown, why, and where to go instead. The server does not tell what is absent from what one may not see. */
export function Trouble({ title, problem, up }: { title: string; problem: string; up: [place: string, words: string] }) {
  const refused = /permission denied|not found/i.test(problem);
  return (
    <>
      <div class="head">
        <h1>{title}</h1>
      </div>
      <Note severity="broken">
        <span>
          <strong>{problem}</strong>
          {refused && " – it does not exist, or you may not see it. Check the spelling, or ask for permission to view it."}
        </span>
      </Note>
      <p>
        <a href={href(up[0])}>{up[1]}</a>
      </p>
    </>
  );
}

/** Filters of a list with counts; what is chosen stands in the address. */
export function Facets({ facets, names }: { facets: Record<string, Record<string, number>>; names: Record<string, string> }) {
  const chosen = Object.keys(names).reduce((count, name) => count + query.value.getAll(name).length, 0);
  if (chosen === 0 && !Object.keys(names).some((name) => Object.keys(facets[name] ?? {}).length > 1)) return null;
  return (
    <details class="facets-box" open={WIDE.matches}>
      <summary>Filters{chosen > 0 && ` (${chosen})`}</summary>
      <div class="facets" role="group" aria-label="Filters">
      {Object.entries(names).map(([name, title]) => {
        const chosen = query.value.getAll(name);
        const values = Object.keys(facets[name] ?? {}).sort((a, b) => (facets[name]?.[b] ?? 0) - (facets[name]?.[a] ?? 0) || naturally(a, b));
        const all = [...values, ...chosen.filter((one) => !values.includes(one))];
        if (all.length < 2 && chosen.length === 0) return null;
        return (
          <fieldset key={name}>
            <legend>{title}</legend>
            {all.slice(0, 12).map((value) => (
              <label key={value}>
                <input
                  type="checkbox"
                  checked={chosen.includes(value)}
                  onChange={(event) => {
                    const next = event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value);
                    go(withQuery({ [name]: next, offset: null }), "replace");
                  }}
                />
                <span>{value || "(none)"}</span>
                <span class="number">{grouped(facets[name]?.[value] ?? 0)}</span>
              </label>
            ))}
          </fieldset>
        );
      })}
    </div>
    </details>
  );
}

export function Search({ label }: { label: string }) {
  return (
    <label class="search">
      <span class="hidden-but-read">{label}</span>
      <input
        type="search"
        data-search
        placeholder={`${label} ( / )`}
        value={query.value.get("search") ?? ""}
        onInput={(event) => go(withQuery({ search: event.currentTarget.value || null, offset: null }), "replace")}
      />
    </label>
  );
}

export function Pages({ matched, offset, limit }: { matched: number; offset: number; limit: number }) {
  if (matched <= limit && offset === 0) return null;
  const last = Math.min(offset + limit, matched);
  const to = (start: number) => href(withQuery({ offset: start > 0 ? String(start) : null }));
  return (
    <nav class="head" aria-label="Pagination">
      <span class="muted number">
        {grouped(offset + 1)}–{grouped(last)} of {grouped(matched)}
      </span>
      {offset > 0 && <a href={to(Math.max(0, offset - limit))}>Previous</a>}
      {last < matched && <a href={to(offset + limit)}>Next</a>}
    </nav>
  );
}
