import { useState } from "preact/hooks";

import { Button, Dialog, Note } from "../../parts";
import { done, type Row, useLacks } from "./actions";
import { placeOf } from "./model";

const ACTIVE = new Set(["Pending", "Running"]);

/** Abort one that runs or queues; make one that ended anew. Both need the right to promote to its Stage. */
export function PromotionActions({ row, facts, onDone }: { row: Row; facts: Record<string, string>; onDone: () => void }) {
  const stage = facts["stage"] ?? "";
  const lacks = useLacks("stages", { ...row, name: stage }, ["promote"])["promote"];
  const [asks, setAsks] = useState(false);
  const verb = ACTIVE.has(row.state) ? "abort" : "retry";
  async function act(event: SubmitEvent) {
    event.preventDefault();
    setAsks(false);
    if (await done(`${placeOf("promotions", row)}/${verb}`, {})) onDone();
  }
  return (
    <div class="actions">
      <Button kind={verb === "abort" ? "danger" : "primary"} lacks={lacks} onClick={() => setAsks(true)}>
        {verb === "abort" ? "Abort…" : "Promote again…"}
      </Button>
      {asks && (
        <Dialog title={verb === "abort" ? "Abort" : "Promote again"} onClose={() => setAsks(false)}>
          <form onSubmit={(event) => void act(event)}>
            <h1>{verb === "abort" ? `Abort ${row.name}` : `Promote ${facts["freight"] ?? "the Freight"} to ${stage} again`}</h1>
            {verb === "abort" ? (
              <Note severity="attention">The running step is stopped and no further steps run. Changes that were already pushed or applied are kept.</Note>
            ) : (
              <p>A new Promotion of the same Freight is made, with the steps that {stage} has now.</p>
            )}
            <div class="actions">
              <Button onClick={() => setAsks(false)}>Cancel</Button>
              <Button kind={verb === "abort" ? "danger" : "primary"} type="submit" lacks={lacks}>
                {verb === "abort" ? "Abort" : "Promote again"}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}
