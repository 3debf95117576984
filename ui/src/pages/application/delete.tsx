import { useState } from "preact/hooks";

import { Button, Dialog, Note } from "../../parts";
import { deletion, type Propagation, type Shown } from "./model";
import { act } from "./page";

const CHOICES: [Propagation, string, string][] = [
  ["foreground", "Delete its resources first", "the Application goes when all of them are gone"],
  ["background", "Delete its resources in the background", "the Application goes at once"],
  ["none", "Leave its resources", "they run on, and nobody follows Git for them"],
];

/** Names what is lost, and wants the name typed. */
export function DeleteDialog({ app, onClose }: { app: Shown; onClose: () => void }) {
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
        <div class="checks" role="radiogroup" aria-label="What becomes of its resources">
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
              ? `${lost.length} ${lost.length === 1 ? "resource is" : "resources are"} deleted from ${row.cluster}, with all that they own and hold:`
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
          Type the Application's name to delete it
          <input value={typed} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" type="submit" disabled={typed !== row.name}>
            Delete {row.name}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
