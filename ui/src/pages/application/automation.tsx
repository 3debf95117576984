/** Whether Git is followed by itself, and the windows in which a sync may be. */
import { useEffect, useState } from "preact/hooks";

import { ask } from "../../api/client";
import { Badge, Button, Dialog } from "../../parts";
import { type WindowState, windowsNow } from "./conditions";
import type { Shown } from "./model";
import { act } from "./page";
import type { Rights } from "./rights";

/** Paused is something else than off: what automation was set to stays in the Application. */
export function AutomationFact({ app, rights }: { app: Shown; rights: Rights }) {
  const [asks, setAsks] = useState(false);
  const { row } = app;
  const policy = (app.spec["syncPolicy"] as { automated?: { enabled?: boolean } } | undefined)?.automated;
  const paused = policy?.enabled === false;
  async function change(event: SubmitEvent) {
    event.preventDefault();
    const patch = JSON.stringify({ spec: { syncPolicy: { automated: { enabled: paused } } } });
    const body = { name: row.name, appNamespace: row.namespace, project: row.project, patch, patchType: "merge" };
    if (await act(paused ? "Automated sync resumed" : "Automated sync paused", "PATCH", `/api/v1/applications/${encodeURIComponent(row.name)}`, body)) setAsks(false);
  }
  return (
    <>
      {row.automated ? "on" : paused ? <Badge severity="attention">paused</Badge> : "off"}{" "}
      {(row.automated || paused) && (
        <Button kind="plain" lacks={rights.update} onClick={() => setAsks(true)}>
          {paused ? "Resume…" : "Pause…"}
        </Button>
      )}
      {asks && (
        <Dialog title={paused ? "Resume automated sync" : "Pause automated sync"} onClose={() => setAsks(false)}>
          <form onSubmit={(event) => void change(event)}>
            <h1>
              {paused ? "Resume" : "Pause"} automated sync of {row.name}
            </h1>
            <p>
              {paused
                ? `The Application syncs automatically again${row.sync === "OutOfSync" ? "; it is out of sync, so it syncs at once" : ""}.`
                : "New commits are detected but not synced until you resume automated sync or sync manually. Drift is not corrected. If this Application is itself managed in Git, the next sync of its manifest resumes it."}
            </p>
            <div class="actions">
              <Button onClick={() => setAsks(false)}>Cancel</Button>
              <Button kind="primary" type="submit" lacks={rights.update}>
                {paused ? "Resume" : "Pause"}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

export function WindowFacts({ app }: { app: Shown }) {
  const [state, setState] = useState<WindowState>({});
  const { namespace, name } = app.row;
  useEffect(() => {
    ask<WindowState>("GET", `/api/v1/applications/${encodeURIComponent(name)}/syncwindows?appNamespace=${encodeURIComponent(namespace)}`).then(setState, () => setState({}));
  }, [namespace, name, app.reconciledAt]);
  const found = windowsNow(state);
  if (!found) return null;
  return (
    <>
      <dt>Sync windows</dt>
      <dd>
        <Badge severity={found.severity}>{found.words}</Badge>
        {found.each.map((one) => (
          <div key={one} class="small">
            {one}
          </div>
        ))}
      </dd>
    </>
  );
}
