import { useState } from "preact/hooks";

import { Button, Copy, Dialog, Note } from "../../parts";
import { asPatch, differingPlaces, type Rule, ruleFor, withRule } from "./ignoring";
import type { Difference, Shown } from "./model";
import { act } from "./page";
import type { Rights } from "./rights";

/** "Ignore this", as a patch to commit to where the Application is kept. */
export function IgnoreDialog({ app, difference, rights, onClose }: { app: Shown; difference: Difference; rights: Rights; onClose: () => void }) {
  const places = differingPlaces(difference.before, difference.after);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(places.map((one) => one.shown)));
  const toggle = (shown: string, on: boolean) => setChosen(new Set(on ? [...chosen, shown] : [...chosen].filter((one) => one !== shown)));
  const kept = (app.spec["ignoreDifferences"] ?? []) as Rule[];
  const rule = ruleFor(difference.of, places.filter((one) => chosen.has(one.shown)));
  const { patch, text } = asPatch(withRule(kept, rule));
  async function apply() {
    const body = { appNamespace: app.row.namespace, name: app.row.name, project: app.row.project, patch, patchType: "merge" };
    if (await act("Difference ignored", "PATCH", `/api/v1/applications/${encodeURIComponent(app.row.name)}`, body)) onClose();
  }
  return (
    <Dialog title="Ignore a difference" onClose={onClose}>
      <div class="body">
        <h1>Ignore differences in {difference.key}</h1>
        <div class="checks" role="group" aria-label="Fields">
          {places.map((one) => (
            <label key={one.shown}>
              <input type="checkbox" checked={chosen.has(one.shown)} onChange={(event) => toggle(one.shown, event.currentTarget.checked)} />
              <code>{one.shown}</code>
            </label>
          ))}
        </div>
        <Note severity="attention">
          Ignored fields are not compared, so they do not make the Application OutOfSync. A sync still writes Git's value unless the sync option RespectIgnoreDifferences=true is set.
        </Note>
        {chosen.size > 0 && (
          <>
            <h2>
              Patch to commit to the Application's manifest <Copy text={text} what="the patch" />
            </h2>
            <pre class="diff" tabIndex={0}>
              {text}
            </pre>
          </>
        )}
        <div class="actions">
          <Button lacks={rights.update} disabled={chosen.size === 0} onClick={() => void apply()}>
            Apply now, without a commit
          </Button>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
