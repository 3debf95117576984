import { useEffect, useRef, useState } from "preact/hooks";

import { complete, connected, type Watch, watched } from "../../api/stream";
import { Badge, Button, Note } from "../../parts";
import { go, query, withQuery } from "../../router";
import { type Entry, fileOf, kept, type LogLine, linesOf, marked, placeOf, unseen, type Wanted } from "./model";
import "./view.css";

export interface Place {
  application: string;
  appNamespace: string;
  namespace: string;
  kind: string;
  group: string;
  name: string;
}

type Connection = "opening" | "following" | "ended" | "broken";
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
  };
  const { lines, connection, problem } = useLines(wanted);
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
      <Lines lines={shown} search={search} wrap={asked.has("wrap")} follow={wanted.follow} ended={connection === "ended"} />
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

export function Lines(props: { lines: LogLine[]; search: string; wrap: boolean; follow: boolean; ended: boolean }) {
  const { lines, search, wrap, follow, ended } = props;
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (follow && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow]);
  const pods = new Set(lines.map((one) => one.pod));
  return (
    <div
      ref={box}
      class={`log-box${wrap ? " wrapped" : ""}`}
      tabIndex={0}
      role="log"
      aria-label="Lines"
      aria-live="off"
      onScroll={(event) => {
        const found = event.currentTarget;
        atEnd.current = found.scrollHeight - found.scrollTop - found.clientHeight < 40;
      }}
    >
      {lines.map((line, at) => (
        <div key={at} class={`log-line ${line.level}`}>
          <time dateTime={line.at} title={line.at}>
            {line.at.slice(11, 23)}
          </time>
          {pods.size > 1 && <span class="pod">{line.pod}</span>}
          <span class="text">{marked(line.text, search).map((piece) => (piece.hit ? <mark>{piece.text}</mark> : piece.text))}</span>
        </div>
      ))}
      {lines.length === 0 && <p class="muted">{ended ? "No log lines." : "No log lines yet."}</p>}
    </div>
  );
}

function useLines(wanted: Wanted): { lines: LogLine[]; connection: Connection; problem: string } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [state, setState] = useState<"opening" | "following" | "ended">("opening");
  const [problem, setProblem] = useState("");
  const place = placeOf(wanted);
  useEffect(() => {
    let all: LogLine[] = [];
    let before: LogLine[] = [];
    setLines([]);
    setProblem("");
    setState("opening");
    const watch: Watch = {
      place: () => placeOf(wanted, all.at(-1)?.at ?? ""),
      snapshot() {
        before = all;
        setProblem("");
        setState("following");
      },
      patch({ appended = [], ended }) {
        all = kept([...all, ...unseen(linesOf(appended as Entry[]), before)]);
        setLines(all);
        if (!ended) return;
        complete(watch);
        setState("ended");
      },
      refuse(text, status) {
        setProblem(text);
        if (status < 500) setState("ended");
      },
    };
    return watched(watch);
  }, [place]);
  const connection = state === "following" && !connected.value ? "broken" : state;
  return { lines, connection, problem };
}

export function download(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
