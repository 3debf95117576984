import { useState } from "preact/hooks";

import { useLacking } from "../../api/rights";
import { Ago, Badge, Button, Dialog, Note, type Severity } from "../../parts";
import { personOf } from "../../parts/format";
import { href } from "../../router";
import { done, StageActions, useLackOfRefresh, useLacks } from "../objects/actions";
import { placeOf } from "../objects/model";
import { WarehouseActions } from "../objects/warehouse-actions";
import { type Pipeline, type Row, shortContent, standingOf, type StageNode, waitsFor } from "./model";

const e = encodeURIComponent;

type StageProps = { pipeline: Pipeline; stage: StageNode; onClose: () => void };

/** One stage: what it holds, what runs and queues, and what can be done. */
export function StagePanel({ pipeline, stage, onClose }: StageProps) {
  const { row } = stage;
  const { severity, word } = standingOf(stage);
  const place = placeOf("stages", row);
  const lacks = useLacks("stages", row, ["promote", "verify", "abort-verification"]);
  const cannotRefresh = useLackOfRefresh("stages", row);
  const verifies = ["Pending", "Running"].includes(stage.verification);
  const called = (name: string) => pipeline.freight.find((one) => one.name === name)?.facts["alias"] || name.slice(0, 8);
  return (
    <Dialog title={`Stage ${row.name}`} onClose={onClose}>
      <div class="body">
        <h1>
          {row.name} <Badge severity={severity}>{word}</Badge>
        </h1>
        {(row.message || waitsFor(stage)) && (
          <Note severity={severity}>{[row.message, waitsFor(stage)].filter(Boolean).join(" – ")}</Note>
        )}
        {stage.onHold.map((one) => (
          <Note key={one.origin} severity="attention">
            <span>
              Auto-promotion from {one.origin} is held at {called(one.freight)}, by {personOf(one.by)} <Ago at={one.since} />. Promote the newest Freight to resume it.
            </span>
          </Note>
        ))}
        <dl class="facts">
          <dt>Current Freight</dt>
          <dd>
            {stage.holds.length === 0 && "none yet"}
            {stage.holds.map((one) => (
              <div key={one.name}>
                <a href={href(`/freight/${e(pipeline.project)}/${e(one.name)}`)}>{one.alias || one.name.slice(0, 12)}</a> <span class="mono">{one.content}</span>
              </div>
            ))}
          </dd>
          <dt>Requested Freight</dt>
          <dd>{stage.takes.map((one) => `${one.warehouse} ${one.direct ? "directly" : `after ${one.stages.join(" and ")}`}`).join(", ")}</dd>
          <dt>Promotion</dt>
          <dd>{stage.controlFlow ? "control flow: passes Freight on" : stage.automatic ? "automatic" : "manual"}</dd>
        </dl>
        {stage.promotions.length > 0 && (
          <section aria-label="Running and queued Promotions">
            <h2>Running and queued</h2>
            <ul class="steps">
              {stage.promotions.map((one) => (
                <li key={one.name}>
                  <Badge severity={one.severity as Severity}>{one.state}</Badge>{" "}
                  <a href={href(`/promotions/${e(pipeline.project)}/${e(one.name)}`)}>{one.name}</a> <span class="muted">step {one.facts["step"]}</span>{" "}
                  <Button kind="plain" lacks={lacks["promote"]} onClick={() => void done(`${placeOf("promotions", one)}/abort`, {})}>
                    Abort
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {!stage.controlFlow && <StageActions row={row} automatic={stage.automatic} onDone={onClose} />}
        <div class="actions">
          <Button lacks={cannotRefresh} onClick={() => void done(`${place}/refresh`, {})}>
            Refresh
          </Button>
          {stage.verification && !verifies && (
            <Button lacks={lacks["verify"]} onClick={() => void done(`${place}/verify`, {})}>
              Verify again
            </Button>
          )}
          {verifies && (
            <Button kind="danger" lacks={lacks["abort-verification"]} onClick={() => void done(`${place}/abort-verification`, {})}>
              Abort verification
            </Button>
          )}
          {stage.holds.length > 0 && <Downstream pipeline={pipeline} stage={stage} />}
          <a class="button usual" href={href(`/stages/${e(pipeline.project)}/${e(row.name)}`)}>
            Details
          </a>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** From here to all stages that follow, which are named before anything is done. */
function Downstream({ pipeline, stage }: { pipeline: Pipeline; stage: StageNode }) {
  const [asks, setAsks] = useState(false);
  const [freight, setFreight] = useState(stage.holds[0]?.name ?? "");
  const following = pipeline.stages.filter((one) => one.takes.some((takes) => takes.stages.includes(stage.row.name)));
  const lacks = useLacking(following.map((one) => ({ resource: "objects", action: "action/promote", object: `kargo.akuity.io/Stage/${one.row.namespace}/${one.row.name}` }))).find(Boolean);
  if (following.length === 0) return null;
  async function promote(event: SubmitEvent) {
    event.preventDefault();
    if (await done(`${placeOf("stages", stage.row)}/promote-downstream`, { freight })) setAsks(false);
  }
  return (
    <>
      <Button lacks={lacks} onClick={() => setAsks(true)}>Promote downstream…</Button>
      {asks && (
        <Dialog title="Promote downstream" onClose={() => setAsks(false)}>
          <form onSubmit={(event) => void promote(event)}>
            <h1>Promote downstream of {stage.row.name}</h1>
            <label class="field">
              Freight
              <select value={freight} onChange={(event) => setFreight(event.currentTarget.value)}>
                {stage.holds.map((one) => (
                  <option key={one.name} value={one.name}>
                    {one.alias || one.name.slice(0, 8)} {shortContent(one.content)}
                  </option>
                ))}
              </select>
            </label>
            <p>A Promotion is created in each of these Stages, if the Freight is available to all of them and you may promote to all:</p>
            <ul>
              {following.map((one) => (
                <li key={one.row.name}>
                  {one.row.name} <span class="muted">currently {one.holds.map((piece) => shortContent(piece.content) || piece.alias).join(" · ") || "no Freight"}</span>
                </li>
              ))}
            </ul>
            <div class="actions">
              <Button onClick={() => setAsks(false)}>Cancel</Button>
              <Button kind="primary" type="submit" lacks={lacks}>
                Promote to {following.length} {following.length === 1 ? "stage" : "stages"}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
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
          {row.facts["subscriptions"]} {row.facts["subscriptions"] === "1" ? "subscription" : "subscriptions"}, newest Freight {row.facts["freight"] || "none"} <Ago at={row.since} />
        </p>
        <div class="actions">
          <WarehouseActions row={row} onDone={onClose} />
          <a class="button usual" href={href(`/warehouses/${e(project)}/${e(row.name)}`)}>
            Details
          </a>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
