import { useState } from "preact/hooks";

import { Button, Dialog, Note } from "../../parts";
import { shortRevision } from "../../parts/format";
import { Differences, useDifferences } from "./diff";
import { effect, type Options, type Reference, type Shown, syncBody } from "./model";
import { act } from "./page";

const CHOICES: [keyof Options, string, string][] = [
  ["prune", "Prune", "delete resources that are no longer in Git"],
  ["dryRun", "Dry run", "validate against the cluster, change nothing"],
  ["force", "Force", "delete and recreate resources that cannot be updated: their data may be lost"],
  ["replace", "Replace", "overwrite whole resources: fields set by others are lost"],
  ["applyOutOfSyncOnly", "Apply out of sync only", "skip resources that are already in sync"],
];

const DANGEROUS = new Set(["force", "replace"]);
const same = (one: Reference, other: Reference) => one.kind === other.kind && one.group === other.group && one.namespace === other.namespace && one.name === other.name;

/** Shows what would happen before it happens. `only`: those resources, where not all are meant. */
interface SyncProps {
  app: Shown;
  only?: Reference[];
  lacks: string | undefined;
  onClose: () => void;
}

export function SyncDialog({ app, only = [], lacks, onClose }: SyncProps) {
  const { row } = app;
  const concerned = app.resources.filter((one) => only.length === 0 || only.some((chosen) => same(chosen, one)));
  const [options, setOptions] = useState<Options>({ prune: false, dryRun: false, force: false, replace: false, applyOutOfSyncOnly: false });
  const [busy, setBusy] = useState(false);
  const { found: all, problem } = useDifferences(app);
  const found = all?.filter((one) => only.length === 0 || only.some((chosen) => same(chosen, one.of)));
  async function sync(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    const body = syncBody(row.namespace, row.project, options, only);
    if (await act("Sync started", "POST", `/api/v1/applications/${row.name}/sync`, body)) onClose();
    setBusy(false);
  }
  return (
    <Dialog title="Sync" onClose={onClose}>
      <form onSubmit={(event) => void sync(event)}>
        <h1>
          Sync {only.length > 0 && `${only.length} of ${app.resources.length} resources of `}
          {row.name}
        </h1>
        <p>
          To <code>{shortRevision(row.revision) || row.targetRevision}</code> in {row.destinationNamespace} of {row.cluster}:{" "}
          {effect(concerned, options.prune)}.
        </p>
        <div class="checks">
          {CHOICES.map(([name, title, text]) => (
            <label key={name}>
              <input
                type="checkbox"
                checked={options[name]}
                onChange={(event) => setOptions({ ...options, [name]: event.currentTarget.checked })}
              />
              <span>
                {title} <span class="muted">– {text}</span>
              </span>
            </label>
          ))}
        </div>
        {(options.force || options.replace) && (
          <Note severity="broken">This may lose data: {CHOICES.filter(([name]) => DANGEROUS.has(name) && options[name]).map(([, , text]) => text).join("; ")}.</Note>
        )}
        <details>
          <summary>{problem || (found ? `${found.length} ${found.length === 1 ? "difference" : "differences"}` : "Comparing…")}</summary>
          {found && <Differences found={found} />}
        </details>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={lacks} disabled={busy}>
            {options.dryRun ? "Start dry run" : "Sync"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
