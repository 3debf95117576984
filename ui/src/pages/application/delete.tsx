import { useState } from "preact/hooks";

import { Button, Dialog, Note } from "../../parts";
import { deletion, type Propagation, type Shown } from "./model";
import { act } from "./page";

const CHOICES: [Propagation, string, string][] = [
  ["foreground", "Foreground", "delete the resources first; the Application is removed when all of them are gone"],
  ["background", "Background", "remove the Application at once; its resources are deleted in the background"],
  ["none", "Non-cascading", "keep the resources running; they are no longer managed"],
];

/** Names what is lost, and wants the name typed. */
export function DeleteDialog({ app, lacks, onClose }: { app: Shown; lacks: string | undefined; onClose: () => void }) {
  const { row } = app;
  const [propagation, setPropagation] = useState<Propagation>("foreground");
  const [typed, setTyped] = useState("");
  const lost = deletion(app.resources, propagation);
  async function remove(event: SubmitEvent) {
    event.preventDefault();
    const asked = new URLSearchParams({ appNamespace: row.namespace, cascade: String(propagation !== "none") });
    if (propagation !== "none") asked.set("propagationPolicy", propagation);
    if (await act(`${row.name} is being deleted`, "DELETE", `/api/v1/applications/${encodeURIComponent(row.name)}?${asked}`)) onClose();
  }
  return (
    <Dialog title="Delete" onClose={onClose}>
      <form onSubmit={(event) => void remove(event)}>
        <h1>Delete {row.name}</h1>
        <div class="checks" role="radiogroup" aria-label="Deletion policy for its resources">
          {CHOICES.map(([value, title, text]) => (
            <label key={value}>
              <input type="radio" name="propagation" checked={propagation === value} onChange={() => setPropagation(value)} />
              <span>
                {title} <span class="muted">– {text}</span>
              </span>
            </label>
          ))}
        </div>
        <Note severity={lost.length ? "broken" : "attention"}>
          <div>
            {lost.length
              ? `${lost.length} ${lost.length === 1 ? "resource is" : "resources are"} deleted from ${row.cluster}, with everything they own:`
              : "No resource is deleted."}
            <ul>
              {lost.slice(0, 20).map((one) => (
                <li key={one}>{one}</li>
              ))}
              {lost.length > 20 && <li>and {lost.length - 20} more</li>}
            </ul>
          </div>
        </Note>
        <label class="field">
          Type the Application's name to confirm
          <input value={typed} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" type="submit" lacks={lacks} disabled={typed !== row.name}>
            Delete {row.name}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
