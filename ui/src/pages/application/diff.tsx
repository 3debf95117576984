import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Badge, Button, Note, toast } from "../../parts";
import { go, query, withQuery } from "../../router";
import { IgnoreDialog } from "./ignore-dialog";
import { differingPlaces } from "./ignoring";
import { compared, type Difference, differences, type Line, type Managed, quiet, type Shown, sideBySide } from "./model";
import type { Rights } from "./rights";
import { comparison, GIT, LIVE, sidesOf } from "./sides";
import { SyncDialog } from "./sync";

const SEVERITY = { created: "ok", changed: "attention", deleted: "broken" } as const;
const MARK: Record<Line["kind"], string> = { same: " ", add: "+", del: "-", gap: " " };

interface Found {
  found: Difference[] | null;
  problem: string;
}

export function useDifferences(app: Shown, place: string | null = null): Found {
  const [answer, setAnswer] = useState<Found & { place: string | null }>({ found: null, problem: "", place });
  const { namespace, name } = app.row;
  useEffect(() => {
    const usual = `/api/v1/applications/${encodeURIComponent(name)}/managed-resources?appNamespace=${encodeURIComponent(namespace)}`;
    const asked = place
      ? ask<Schemas["Comparison"]>("GET", place).then(compared)
      : ask<{ items: Managed[] | null }>("GET", usual).then((given) => differences(given.items ?? []));
    let isWanted = true;
    asked.then(
      (found) => isWanted && setAnswer({ found, problem: "", place }),
      (error: unknown) => isWanted && setAnswer({ found: null, problem: error instanceof Failure ? error.message : String(error), place }),
    );
    return () => {
      isWanted = false;
    };
  }, [namespace, name, place, app.reconciledAt, app.resourceVersion]);
  return answer.place === place ? answer : { found: null, problem: "" };
}

/** What differs between two states: as a rule what a sync would change, from what lives to what Git says. */
export function DiffView({ app, rights }: { app: Shown; rights: Rights }) {
  const [from, to] = [query.value.get("from") ?? LIVE, query.value.get("to") ?? GIT];
  const place = comparison(app.row.namespace, app.row.name, from, to);
  const { found, problem } = useDifferences(app, from === to ? null : place);
  return (
    <>
      <Sides app={app} from={from} to={to} />
      {from === to ? (
        <p class="muted">Choose two different states to compare.</p>
      ) : problem ? (
        <Note severity="broken">{problem}</Note>
      ) : !found ? (
        <p class="muted">Comparing…</p>
      ) : found.length === 0 ? (
        <Note severity="ok">{place ? "No differences." : "No differences from Git: the Application is in sync."}</Note>
      ) : place ? (
        <Differences found={found} />
      ) : (
        <ToSync app={app} found={found} rights={rights} />
      )}
    </>
  );
}

function Sides({ app, from, to }: { app: Shown; from: string; to: string }) {
  const sides = sidesOf(app.history, app.row.targetRevision, [from, to]);
  const [typed, setTyped] = useState("");
  const choose = (side: "from" | "to", value: string) => go(withQuery({ [side]: value === (side === "from" ? LIVE : GIT) ? null : value }), "replace");
  function compareRevision(event: SubmitEvent) {
    event.preventDefault();
    if (!typed.trim()) return;
    choose("to", `revision:${typed.trim()}`);
    setTyped("");
  }
  return (
    <div class="head sides">
      {(["from", "to"] as const).map((side) => (
        <label key={side}>
          {side === "from" ? "From" : "to"}{" "}
          <select aria-label={`Compare ${side}`} value={side === "from" ? from : to} onChange={(event) => choose(side, event.currentTarget.value)}>
            {sides.map((one) => (
              <option key={one.value} value={one.value}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
      ))}
      <form onSubmit={compareRevision}>
        <input aria-label="Compare with another revision" placeholder="another commit, branch or tag" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />{" "}
        <Button type="submit" disabled={!typed.trim()}>
          Compare
        </Button>
      </form>
      <label>
        <input type="checkbox" checked={query.value.has("sides")} onChange={(event) => go(withQuery({ sides: event.currentTarget.checked ? "yes" : null }), "replace")} /> side by side
      </label>
      <AllFields />
    </div>
  );
}

/** Each can be chosen for a sync of its own, or be ignored. */
function ToSync({ app, found, rights }: { app: Shown; found: Difference[]; rights: Rights }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [syncs, setSyncs] = useState(false);
  const [ignoring, setIgnoring] = useState<Difference | null>(null);
  const toggle = (key: string, on: boolean) => setChosen(new Set(on ? [...chosen, key] : [...chosen].filter((one) => one !== key)));
  const of = found.filter((one) => chosen.has(one.key));
  return (
    <>
      <div class="head">
        <span class="muted number">
          {found.length} {found.length === 1 ? "object differs" : "objects differ"}
        </span>
        <Button lacks={rights.sync} disabled={of.length === 0} onClick={() => (of.length ? setSyncs(true) : toast("attention", "Nothing selected"))}>
          Sync selected ({of.length})…
        </Button>
      </div>
      <Differences
        found={found}
        before={(one) => <input type="checkbox" aria-label={`Select ${one.key}`} checked={chosen.has(one.key)} onChange={(event) => toggle(one.key, event.currentTarget.checked)} />}
        beside={(one) =>
          one.what === "changed" && (
            <Button kind="plain" onClick={() => setIgnoring(one)}>
              Ignore…
            </Button>
          )
        }
      />
      {syncs && <SyncDialog app={app} lacks={rights.sync} only={of.map((one) => one.of)} onClose={() => setSyncs(false)} />}
      {ignoring && <IgnoreDialog app={app} difference={ignoring} rights={rights} onClose={() => setIgnoring(null)} />}
    </>
  );
}

/** The switch for what a cluster adds; folded as a rule. */
export function AllFields() {
  return (
    <label>
      <input type="checkbox" checked={query.value.has("whole")} onChange={(event) => go(withQuery({ whole: event.currentTarget.checked ? "yes" : null }), "replace")} /> all fields
    </label>
  );
}

interface Props {
  found: Difference[];
  before?: (one: Difference) => ComponentChildren;
  beside?: (one: Difference) => ComponentChildren;
}

export function Differences({ found, before, beside }: Props) {
  const isWhole = query.value.has("whole");
  return (
    <div class="differences">
      {(isWhole ? found : found.map(quiet)).map((one) => (
        <section key={one.key} class="panel" aria-label={one.key}>
          <h2>
            {before?.(one)}
            <Badge severity={SEVERITY[one.what]}>{one.what}</Badge> {one.key}
            {beside && <span class="beside">{beside(one)}</span>}
          </h2>
          {one.what === "changed" && <p class="muted small">{whyOf(one)}</p>}
          {one.lines.length === 0 && <p class="muted small">Only the status or what the API server keeps for itself differs: show all fields to see it.</p>}
          {query.value.has("sides") ? <TwoColumns lines={one.lines} /> : <OneColumn lines={one.lines} />}
        </section>
      ))}
    </div>
  );
}

const MOST_NAMED = 4;

/** In one line: in which fields. */
function whyOf(one: Difference): string {
  const places = differingPlaces(one.before, one.after).map((place) => place.shown);
  const more = places.length - MOST_NAMED;
  return `differs in ${places.slice(0, MOST_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function OneColumn({ lines }: { lines: Line[] }) {
  return (
    <pre class="diff" tabIndex={0}>
      {lines.map((line, at) => (
        <span key={at} class={`line ${line.kind}`}>
          {MARK[line.kind]} {line.text}
          {"\n"}
        </span>
      ))}
    </pre>
  );
}

function TwoColumns({ lines }: { lines: Line[] }) {
  return (
    <table class="diff columns" tabIndex={0}>
      <thead class="hidden-but-read">
        <tr>
          <th scope="col">before</th>
          <th scope="col">after</th>
        </tr>
      </thead>
      <tbody>
        {sideBySide(lines).map((pair, at) => (
          <tr key={at}>
            {[pair.before, pair.after].map((line, side) => (
              <td key={side} class={`line ${line?.kind ?? "gap"}`}>
                {line ? `${MARK[line.kind]} ${line.text}` : ""}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
