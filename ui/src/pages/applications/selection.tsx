/** What is done with several Applications at once: the total effect is shown before it begins. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { objectOf, useLacking } from "../../api/rights";
import { keyOf } from "../../api/patch";
import { Badge, Button, Dialog, Note } from "../../parts";
import { bulkEffect, type BulkVerb, bulkRequest } from "./model";

type Row = Schemas["ApplicationRow"];
export const selected = signal<ReadonlyMap<string, Row>>(new Map());
const AT_ONCE = 4;
/** Rights in one question. */
const MOST_ASKED = 1000;

export function toggle(row: Row, on: boolean): void {
  const next = new Map(selected.value);
  if (on) next.set(keyOf(row), row);
  else next.delete(keyOf(row));
  selected.value = next;
}

export function selectAll(rows: Row[]): void {
  selected.value = new Map(rows.map((row) => [keyOf(row), row]));
}

export function SelectionBar() {
  const [opened, setOpened] = useState<{ verb: BulkVerb; rows: Row[] } | null>(null);
  const rows = [...selected.value.values()];
  const setVerb = (verb: BulkVerb) => setOpened({ verb, rows });
  if (rows.length === 0 && !opened) return null;
  return (
    <div class="head selection" role="region" aria-label="Selection">
      <strong class="number">{rows.length} selected</strong>
      <div class="actions">
        <Button kind="primary" onClick={() => setVerb("sync")}>
          Sync…
        </Button>
        <Button onClick={() => setVerb("refresh")}>Refresh…</Button>
        <Button onClick={() => setVerb("hard-refresh")}>Hard refresh…</Button>
        <Button kind="danger" onClick={() => setVerb("delete")}>
          Delete…
        </Button>
        <Button kind="plain" onClick={() => (selected.value = new Map())}>
          Clear selection
        </Button>
      </div>
      {opened && <BulkDialog {...opened} onClose={() => setOpened(null)} />}
    </div>
  );
}

type Outcome = { row: Row; problem: string };

function BulkDialog({ verb, rows, onClose }: { verb: BulkVerb; rows: Row[]; onClose: () => void }) {
  const [prune, setPrune] = useState(false);
  const [typed, setTyped] = useState("");
  const [outcomes, setOutcomes] = useState<Outcome[] | null>(null);
  const action = verb.endsWith("refresh") ? "get" : verb;
  const asked = rows.slice(0, MOST_ASKED).map((row) => ({ resource: "applications", action, object: objectOf(row.project, row.namespace, row.name) }));
  const lacks = useLacking(asked);
  const refused = lacks.filter(Boolean).length;
  const wanted = String(rows.length);
  const title = `${verb === "hard-refresh" ? "Hard refresh" : verb[0]!.toUpperCase() + verb.slice(1)} ${rows.length} applications`;
  async function run(event: SubmitEvent) {
    event.preventDefault();
    const queue = [...rows];
    const done: Outcome[] = [];
    setOutcomes([]);
    const worker = async () => {
      for (let row = queue.shift(); row; row = queue.shift()) {
        const { method, place, body } = bulkRequest(verb, row, prune);
        const problem = await ask(method, place, body).then(
          () => "",
          (error: unknown) => (error instanceof Failure ? error.message : String(error)),
        );
        done.push({ row, problem });
        setOutcomes([...done]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    selected.value = new Map(done.filter((one) => one.problem).map((one) => [keyOf(one.row), one.row]));
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void run(event)}>
        <h1>{title}</h1>
        <p>{bulkEffect(verb, rows, prune)}</p>
        {verb === "sync" && (
          <div class="checks">
            <label>
              <input type="checkbox" checked={prune} onChange={(event) => setPrune(event.currentTarget.checked)} />
              <span>
                Prune <span class="muted">– delete resources that are no longer in Git</span>
              </span>
            </label>
          </div>
        )}
        <ul class="steps scrolled">
          {rows.map((row, number) => {
            const outcome = outcomes?.find((one) => one.row === row);
            return (
              <li key={keyOf(row)}>
                {outcome && <Badge severity={outcome.problem ? "broken" : "ok"}>{outcome.problem ? "refused" : "requested"}</Badge>} {row.name}{" "}
                <span class="muted">
                  {row.sync}, {row.health}, to {row.destinationNamespace} of {row.cluster} {outcome?.problem && `– ${outcome.problem}`}
                </span>{" "}
                {!outcomes && lacks[number] && <Badge severity="attention">{lacks[number]}</Badge>}
              </li>
            );
          })}
        </ul>
        {verb === "delete" && !outcomes && (
          <>
            <Note severity="broken">All their resources are deleted with them.</Note>
            <label class="field">
              Type the number of Applications to confirm ({wanted})
              <input value={typed} inputMode="numeric" onInput={(event) => setTyped(event.currentTarget.value)} />
            </label>
          </>
        )}
        <div class="actions">
          <Button onClick={onClose}>{outcomes ? "Close" : "Cancel"}</Button>
          {!outcomes && (
            <Button kind={verb === "delete" ? "danger" : "primary"} type="submit" lacks={refused === rows.length ? lacks[0] : undefined} disabled={verb === "delete" && typed !== wanted}>
              {title}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
