import { ask, Failure } from "../../api/client";
import { Ago, Badge, Button, Dialog, Note, type Severity, toast } from "../../parts";
import { href } from "../../router";
import { StageActions } from "../objects/actions";
import { type Pipeline, type Row, type StageNode, waitsFor } from "./model";

const e = encodeURIComponent;

/** Calls Kargo's API. */
async function call(done: string, method: string, place: string): Promise<void> {
  try {
    await ask(method, `/v1beta1/projects/${place}`);
    toast("ok", done);
  } catch (error) {
    toast("broken", error instanceof Failure ? error.message : String(error));
  }
}

type StageProps = { pipeline: Pipeline; stage: StageNode; onClose: () => void };

/** One stage: what it holds, what runs and queues, and what can be done. */
export function StagePanel({ pipeline, stage, onClose }: StageProps) {
  const { row } = stage;
  const place = `${e(pipeline.project)}/stages/${e(row.name)}`;
  return (
    <Dialog title={`Stage ${row.name}`} onClose={onClose}>
      <div class="body">
        <h1>
          {row.name} <Badge severity={row.severity as Severity}>{row.state}</Badge>
        </h1>
        {(row.message || waitsFor(stage)) && (
          <Note severity={row.severity as Severity}>{[row.message, waitsFor(stage)].filter(Boolean).join(" – ")}</Note>
        )}
        <dl class="facts">
          <dt>Holds</dt>
          <dd>
            {stage.holds.length === 0 && "nothing yet"}
            {stage.holds.map((one) => (
              <div key={one.name}>
                <a href={href(`/freight/${e(pipeline.project)}/${e(one.name)}`)}>{one.alias || one.name.slice(0, 12)}</a> <span class="mono">{one.content}</span>
              </div>
            ))}
          </dd>
          <dt>Takes</dt>
          <dd>{stage.takes.map((one) => `${one.warehouse} ${one.direct ? "directly" : `after ${one.stages.join(" and ")}`}`).join(", ")}</dd>
          <dt>Promotion</dt>
          <dd>{stage.controlFlow ? "it only passes Freight on" : stage.automatic ? "by itself" : "by a person"}</dd>
        </dl>
        {stage.promotions.length > 0 && (
          <section aria-label="Promotions that run or queue">
            <h2>Running and queued</h2>
            <ul class="steps">
              {stage.promotions.map((one) => (
                <li key={one.name}>
                  <Badge severity={one.severity as Severity}>{one.state}</Badge>{" "}
                  <a href={href(`/promotions/${e(pipeline.project)}/${e(one.name)}`)}>{one.name}</a> <span class="muted">step {one.facts["step"]}</span>{" "}
                  <Button kind="plain" onClick={() => void call("Asked to abort it", "POST", `${e(pipeline.project)}/promotions/${e(one.name)}/abort`)}>
                    Abort
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {!stage.controlFlow && <StageActions row={row} onDone={onClose} />}
        <div class="actions">
          <Button onClick={() => void call("It is looked at again", "POST", `${place}/refresh`)}>Refresh</Button>
          {stage.holds.length > 0 && (
            <Button onClick={() => void call("The verification begins again", "POST", `${place}/verification`)}>Verify again</Button>
          )}
          <a class="button usual" href={href(`/stages/${e(pipeline.project)}/${e(row.name)}`)}>
            All about it
          </a>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

export function WarehousePanel({ project, row, onClose }: { project: string; row: Row; onClose: () => void }) {
  return (
    <Dialog title={`Warehouse ${row.name}`} onClose={onClose}>
      <div class="body">
        <h1>
          {row.name} <Badge severity={row.severity as Severity}>{row.state}</Badge>
        </h1>
        {row.message && <Note severity={row.severity as Severity}>{row.message}</Note>}
        <p class="muted">
          {row.facts["subscriptions"]} subscriptions, newest Freight {row.facts["freight"] || "none"} <Ago at={row.since} />
        </p>
        <div class="actions">
          <Button onClick={() => void call("It looks for news", "POST", `${e(project)}/warehouses/${e(row.name)}/refresh`)}>Refresh</Button>
          <a class="button usual" href={href(`/warehouses/${e(project)}/${e(row.name)}`)}>
            All about it
          </a>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
