import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Button, Dialog, Loading, Note } from "../../parts";
import { done, type Row, useLackOfRefresh, useLacks } from "./actions";
import { placeOf } from "./model";

/** Looks for news, and makes Freight by hand of what was found. */
export function WarehouseActions({ row, onDone }: { row: Row; onDone: () => void }) {
  const lacks = useLacks("warehouses", row, ["create-freight"]);
  const cannotRefresh = useLackOfRefresh("warehouses", row);
  const [open, setOpen] = useState(false);
  return (
    <div class="actions">
      <Button lacks={cannotRefresh} onClick={() => void done(`${placeOf("warehouses", row)}/refresh`, {})}>Refresh</Button>
      <Button lacks={lacks["create-freight"]} onClick={() => setOpen(true)}>
        Create Freight…
      </Button>
      {open && <MakeFreight row={row} lacks={lacks["create-freight"]} onClose={() => setOpen(false)} onDone={onDone} />}
    </div>
  );
}

function MakeFreight({ row, lacks, onClose, onDone }: { row: Row; lacks: string | undefined; onClose: () => void; onDone: () => void }) {
  const [found, setFound] = useState<Schemas["Artefacts"] | null>(null);
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [alias, setAlias] = useState("");
  const place = placeOf("warehouses", row);
  useEffect(() => {
    ask<Schemas["Artefacts"]>("GET", `/api/argosy/v1/${place}/artefacts`).then(
      (answer) => {
        setFound(answer);
        setChosen(Object.fromEntries(answer.subscriptions.map((one) => [one.key, one.found[0]?.id ?? ""])));
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [place]);
  async function make(event: SubmitEvent) {
    event.preventDefault();
    if (!(await done(`${place}/freight`, { alias, chosen }))) return;
    onClose();
    onDone();
  }
  const lacking = found?.subscriptions.filter((one) => one.found.length === 0) ?? [];
  const isReady = found !== null && found.subscriptions.length > 0 && lacking.length === 0;
  return (
    <Dialog title="Create Freight" onClose={onClose}>
      <form onSubmit={(event) => void make(event)}>
        <h1>Create Freight from {row.name}</h1>
        {problem && <Note severity="broken">{problem}</Note>}
        {!found && !problem && <Loading />}
        {found && (
          <p class="muted">
            Choose one artifact from each repository, as discovered <Ago at={found.discoveredAt} />. Stages that take Freight directly from this Warehouse can use it at once; a Stage with auto-promotion takes it if it is the newest.
          </p>
        )}
        {found?.subscriptions.length === 0 && <Note severity="attention">Nothing discovered yet. Press Refresh; if it fails, the Warehouse shows why.</Note>}
        {found?.subscriptions.map((one) => (
          <label key={one.key} class="field">
            {one.repository}
            <select class="mono" value={chosen[one.key] ?? ""} onChange={(event) => setChosen({ ...chosen, [one.key]: event.currentTarget.value })}>
              {one.found.length === 0 && <option value="">nothing discovered</option>}
              {one.found.map((item) => (
                <option key={item.id} value={item.id}>
                  {/^[0-9a-f]{40}$/.test(item.id) ? item.id.slice(0, 8) : item.id} {item.text}
                </option>
              ))}
            </select>
          </label>
        ))}
        {lacking.length > 0 && <Note severity="attention">Nothing discovered in {lacking.map((one) => one.repository).join(", ")}: Freight needs one from each.</Note>}
        <label class="field">
          Alias (generated if empty)
          <input value={alias} spellcheck={false} onInput={(event) => setAlias(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={lacks} disabled={!isReady}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
