import { useState } from "preact/hooks";

import { Badge, Button, Note } from "../../parts";
import { go, query, withQuery } from "../../router";
import { Lines } from "./lines";
import { fileOf, isCut, type Wanted } from "./model";
import { type Connection, useLines } from "./use-lines";
import "./view.css";

export interface Place {
  application: string;
  appNamespace: string;
  namespace: string;
  kind: string;
  group: string;
  name: string;
}

const TAILS = [100, 1000, 5000];

/** Logs of all Pods below an object, merged by time. What is filtered and followed stands in the address. */
export function LogsView({ place, containers = [] }: { place: Place; containers?: string[] }) {
  const asked = query.value;
  const wanted: Wanted = {
    ...place,
    container: asked.get("container") ?? "",
    filter: asked.get("filter") ?? "",
    previous: asked.get("previous") === "true",
    follow: asked.get("follow") !== "false",
    tail: Number(asked.get("tail")) || 100,
    line: asked.get("line") ?? "",
  };
  const { lines, connection, problem, since } = useLines(wanted);
  const [search, setSearch] = useState("");
  const set = (changes: Record<string, string | null>) => go(withQuery(changes), "replace");
  const shown = asked.get("level") ? lines.filter((one) => one.level !== "info") : lines;
  return (
    <section aria-label="Logs" class="logs">
      <div class="head">
        <label class="search">
          <span class="hidden-but-read">Filter lines</span>
          <input
            type="search"
            data-search
            placeholder="Filter lines… ( / )"
            value={wanted.filter}
            onChange={(event) => set({ filter: event.currentTarget.value || null })}
          />
        </label>
        <label class="search">
          <span class="hidden-but-read">Highlight</span>
          <input type="search" placeholder="Highlight…" value={search} onInput={(event) => setSearch(event.currentTarget.value)} />
        </label>
        {containers.length > 1 && (
          <label>
            Container{" "}
            <select value={wanted.container} onChange={(event) => set({ container: event.currentTarget.value || null })}>
              <option value="">default</option>
              {containers.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
        )}
        <label>
          Last{" "}
          <select value={String(wanted.tail)} onChange={(event) => set({ tail: event.currentTarget.value })}>
            {TAILS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>{" "}
          lines
        </label>
        <Check name="follow" title="Follow" on={wanted.follow} set={(on) => set({ follow: on ? null : "false" })} />
        <Check name="previous" title="Previous container" on={wanted.previous} set={(on) => set({ previous: on ? "true" : null })} />
        <Check name="level" title="Warnings and errors" on={asked.has("level")} set={(on) => set({ level: on ? "warning" : null })} />
        <Check name="wrap" title="Wrap" on={asked.has("wrap")} set={(on) => set({ wrap: on ? "true" : null })} />
        <Connected state={connection} />
        <Button onClick={() => download(fileOf(shown), `${place.name}.log`)}>Download</Button>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {since && (
        <p class="muted">
          Lines since shortly before the linked one{isCut(lines) ? `, the first ${lines.length}` : ""}.{" "}
          <Button onClick={() => set({ line: null })}>Show the last lines</Button>
        </p>
      )}
      <Lines lines={shown} search={search} wrap={asked.has("wrap")} follow={wanted.follow} ended={connection === "ended"} linked={wanted.line} />
    </section>
  );
}

function Check({ name, title, on, set }: { name: string; title: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label>
      <input type="checkbox" name={name} checked={on} onChange={(event) => set(event.currentTarget.checked)} /> {title}
    </label>
  );
}

function Connected({ state }: { state: Connection }) {
  const words = { opening: "connecting", following: "following", ended: "complete", broken: "connection lost, reconnecting" } as const;
  const severity = state === "broken" ? "attention" : state === "ended" ? "ok" : "busy";
  return (
    <span role="status">
      <Badge severity={severity}>{words[state]}</Badge>
    </span>
  );
}

export function download(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
