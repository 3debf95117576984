import { useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../../api/client";
import { useLacking } from "../../../api/rights";
import { Badge, Button, Dialog, Note, severityOf, toast } from "../../../parts";
import { useLive } from "../../live-page";
import { canUndoTo, reportedInWords, type Revision, revisionsOf } from "./model";

const e = encodeURIComponent;

/** The revisions of a Rollout with their Pods, and the way back to one. */
export function Revisions({ namespace, name, wanted }: { namespace: string; name: string; wanted: number | null }) {
  const shown = useLive<Schemas["RolloutDetails"]>(`/api/argosy/v1/stream/rollouts/${e(namespace)}/${e(name)}/details`)?.value.value;
  const [asks, setAsks] = useState<Revision | null>(null);
  const [lacks] = useLacking([{ resource: "objects", action: "action/undo", object: `argoproj.io/Rollout/${namespace}/${name}` }]);
  const revisions = revisionsOf(shown?.info);
  async function undo(event: SubmitEvent) {
    event.preventDefault();
    try {
      await ask("PUT", `/rollouts/api/v1/rollouts/${e(namespace)}/${e(name)}/undo/${asks?.number}`);
      toast("ok", `Rolling back to revision ${asks?.number}`);
    } catch (error) {
      toast("broken", error instanceof Failure ? error.message : String(error));
    }
    setAsks(null);
  }
  return (
    <>
      {shown?.waiting && <Note severity="attention">It waits for {shown.waiting}</Note>}
      {shown && <TrafficNow traffic={shown.traffic} wanted={wanted} />}
      {revisions.map((one) => (
        <article key={one.name} class="stacked">
          <h3>
            revision {one.number} {one.roles.map((role) => <Badge key={role} severity={role === "canary" || role === "preview" ? "busy" : "ok"}>{role}</Badge>)}
            <span class="mono small">{one.images.join(", ")}</span>
            <span class="muted">
              {one.available} of {one.replicas} Pods available
            </span>
            {canUndoTo(one, revisions) && (
              <Button kind="plain" lacks={lacks} onClick={() => setAsks(one)}>
                Roll back…
              </Button>
            )}
          </h3>
          <div>
            {one.pods.map((pod) => (
              <span key={pod.name} title={`${pod.name}: ${pod.ready} ready`}>
                <Badge severity={pod.status === "Running" ? "ok" : severityOf(pod.status)}>{pod.name.split("-").at(-1)}</Badge>{" "}
              </span>
            ))}
          </div>
        </article>
      ))}
      {asks && (
        <Dialog title="Roll back" onClose={() => setAsks(null)}>
          <form onSubmit={(event) => void undo(event)}>
            <h1>
              Roll back to revision {asks.number} of {name}
            </h1>
            <p>
              The Pod template with <code>{asks.images.join(", ")}</code> is restored, and the Rollout starts again from its first step.
            </p>
            <Note severity="attention">If Git manages this Rollout, an automated sync puts Git's version back.</Note>
            <div class="actions">
              <Button onClick={() => setAsks(null)}>Cancel</Button>
              <Button kind="primary" type="submit" lacks={lacks}>
                Go back
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}

/** What the traffic routers' objects say now, beside what is wanted. */
function TrafficNow({ traffic, wanted }: { traffic: Schemas["RolloutDetails"]["traffic"]; wanted: number | null }) {
  if (traffic.length === 0) return null;
  return (
    <section aria-label="Traffic as reported">
      <h3>Traffic as the routers have it</h3>
      <ul class="steps">
        {traffic.map((one) => {
          const { words, severity } = reportedInWords(one, wanted);
          return (
            <li key={`${one.kind}/${one.name}/${one.place}`}>
              <Badge severity={severity}>{`${one.canary} %`}</Badge> {one.kind} {one.name} {one.place && <span class="muted">({one.place})</span>} {words}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
