import { useState } from "preact/hooks";

import { Button, Dialog, Note } from "../../parts";
import { done, type Row, useLacks } from "./actions";
import { placeOf } from "./model";

/** New image for one container: the Rollout's steps begin with it. */
export function SetImage({ row, containers, onDone }: { row: Row; containers: [name: string, image: string][]; onDone: () => void }) {
  const lacks = useLacks("rollouts", row, ["set-image"]);
  const [open, setOpen] = useState(false);
  if (containers.length === 0) return null;
  return (
    <div class="actions">
      <Button lacks={lacks["set-image"]} onClick={() => setOpen(true)}>
        Set image…
      </Button>
      {open && <Asked row={row} lacks={lacks["set-image"]} containers={containers} onClose={() => setOpen(false)} onDone={onDone} />}
    </div>
  );
}

interface AskedProps {
  row: Row;
  containers: [string, string][];
  lacks: string | undefined;
  onClose: () => void;
  onDone: () => void;
}

function Asked({ row, containers, lacks, onClose, onDone }: AskedProps) {
  const [container, setContainer] = useState(containers[0]![0]);
  const present = containers.find(([name]) => name === container)?.[1] ?? "";
  const [image, setImage] = useState(present);
  async function set(event: SubmitEvent) {
    event.preventDefault();
    if (!(await done(`${placeOf("rollouts", row)}/set-image`, { container, image: image.trim() }))) return;
    onClose();
    onDone();
  }
  return (
    <Dialog title="Set image" onClose={onClose}>
      <form onSubmit={(event) => void set(event)}>
        <h1>New image for {row.name}</h1>
        <label class="field">
          Container
          <select
            value={container}
            onChange={(event) => {
              setContainer(event.currentTarget.value);
              setImage(containers.find(([name]) => name === event.currentTarget.value)?.[1] ?? "");
            }}
          >
            {containers.map(([name]) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          Image
          <input class="mono" value={image} spellcheck={false} onInput={(event) => setImage(event.currentTarget.value)} />
        </label>
        <p>
          From <code>{present}</code> to <code>{image.trim() || "…"}</code>: new Pods are created, and the Rollout starts again from its first step.
        </p>
        <Note severity="attention">If Git manages this Rollout, the next sync puts Git's image back.</Note>
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={lacks} disabled={!image.trim() || image.trim() === present}>
            Set image
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
