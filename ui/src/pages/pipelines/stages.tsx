/** Stages one below the other: what needs somebody comes first. The picture's equal, for who reads rather than looks. */
import { Badge, Dialog, Button } from "../../parts";
import { href, withQuery } from "../../router";
import { byNeed, commonName, type Fold, tally } from "./folding";
import { isGate, shortContent, standingOf, type StageNode, waitsFor } from "./model";

export function StageTable({ stages }: { stages: StageNode[] }) {
  return (
    <div class="table-box">
      <table aria-label="Stages">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">State</th>
            <th scope="col">Current Freight</th>
            <th scope="col">Why and what next</th>
          </tr>
        </thead>
        <tbody>
          {byNeed(stages).map((stage) => (
            <Line key={stage.row.name} stage={stage} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ stage }: { stage: StageNode }) {
  const { severity, word } = standingOf(stage);
  const held = stage.holds.map((one) => shortContent(one.content) || one.alias || one.name.slice(0, 8)).join(" · ");
  return (
    <tr>
      <td>
        <a href={href(withQuery({ stage: stage.row.name, warehouse: null, fold: null }))} data-row>
          {stage.row.name}
        </a>
      </td>
      <td class="tight">
        <Badge severity={severity}>{word}</Badge>
      </td>
      <td class="mono">{held || <span class="muted">none yet</span>}</td>
      <td class="wide">{isGate(stage) ? <strong>{waitsFor(stage)}</strong> : waitsFor(stage) || stage.row.message}</td>
    </tr>
  );
}

export function Tally({ stages }: { stages: StageNode[] }) {
  const { broken, waits, attention, promoting, well } = tally(stages);
  return (
    <>
      {broken > 0 && <Badge severity="broken">{broken} broken</Badge>} {waits > 0 && <Badge severity="attention">{waits} waiting for you</Badge>}{" "}
      {attention > 0 && <Badge severity="attention">{attention} need attention</Badge>} {promoting > 0 && <Badge severity="busy">{promoting} promoting</Badge>} {well > 0 && <Badge severity="ok">{well} healthy</Badge>}
    </>
  );
}

export function FoldPanel({ fold, onClose }: { fold: Fold; onClose: () => void }) {
  const name = commonName(fold.stages.map((one) => one.row.name));
  return (
    <Dialog title={`${fold.stages.length} stages ${name}`} onClose={onClose}>
      <div class="body">
        <h1>
          {name} <span class="muted">{fold.stages.length} similar Stages</span>
        </h1>
        <p>
          <Tally stages={fold.stages} />
        </p>
        <StageTable stages={fold.stages} />
        <div class="actions">
          <a class="button usual" href={href(withQuery({ fold: null, each: "yes" }))}>
            Show each in the graph
          </a>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
