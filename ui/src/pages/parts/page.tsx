/** All parts of the page in all their states, at `/_parts`: to look at after a change of a style. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Ago, Badge, Button, Copy, Dialog, Facets, Note, Search, type Severity, Sortable, StateBadge, Tabs, toast } from "../../parts";
import { Favourite } from "../../parts/favourites";
import { query } from "../../router";
import { Differences } from "../application/diff";
import { TreePicture } from "../application/tree";
import { drawn } from "../application/tree-model";
import { Lines } from "../logs/lines";
import { Lifetime, Track } from "../objects/details/view";
import { CERTIFICATE, DIFFERENCES, LINES, NODES } from "./samples";
import "../application/page.css";
import "../list.css";

const SEVERITIES: Severity[] = ["ok", "busy", "attention", "broken"];
const KINDS = ["primary", "usual", "danger", "plain"] as const;
const WORDS = ["Synced", "OutOfSync", "Unknown", "Healthy", "Progressing", "Suspended", "Missing", "Degraded", "Running", "Succeeded", "Failed"];
const FACETS = { sync: { Synced: 12, OutOfSync: 3 }, health: { Healthy: 14, Degraded: 1 } };

export function PartsPage() {
  return (
    <>
      <div class="head">
        <h1>Parts</h1>
        <Search label="Search" />
      </div>
      <Part title="Buttons">
        <Buttons />
      </Part>
      <Part title="Badges and notes">
        <p>
          {SEVERITIES.map((one) => (
            <>
              <Badge key={one} severity={one}>
                {one}
              </Badge>{" "}
            </>
          ))}
          {WORDS.map((word) => (
            <>
              <StateBadge key={word} word={word} />{" "}
            </>
          ))}
        </p>
        {SEVERITIES.map((one) => (
          <Note key={one} severity={one}>
            A note that is {one}
          </Note>
        ))}
      </Part>
      <Part title="Tabs">
        <Tabs names={["first", "second", "third"]} chosen={query.value.get("view") ?? "first"} />
      </Part>
      <Part title="Table and filters">
        <Table />
      </Part>
      <Part title="Dialog and messages">
        <Opened />
      </Part>
      <Part title="Fields">
        <Fields />
      </Part>
      <Part title="Track">
        <Track
          steps={[
            { title: "20 %", detail: "weight", state: "done" },
            { title: "Pause", detail: "until a person promotes", state: "now" },
            { title: "100 %", detail: "weight", state: "next" },
          ]}
        />
      </Part>
      <Part title="Timeline">
        <Lifetime object={CERTIFICATE} />
      </Part>
      <Part title="Tree">
        <TreePicture found={drawn({ nodes: NODES }, "shop", new Set())} name="shop" health="Degraded" onChoose={(one) => toast("ok", `${one.title} was chosen`)} />
      </Part>
      <Part title="Differences">
        <Differences found={DIFFERENCES} />
      </Part>
      <Part title="Log">
        <Lines lines={LINES} search="database" wrap={false} follow={false} ended />
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="stacked" aria-label={title}>
      <h2>{title}</h2>
      {children}
    </section>
  );
}

function Buttons() {
  return (
    <>
      {KINDS.map((kind) => (
        <p key={kind}>
          <Button kind={kind}>{kind}</Button>{" "}
          <Button kind={kind} disabled>
            {kind}, disabled
          </Button>{" "}
          <Button kind={kind} lacks="missing permission: applications, sync, default/web">
            {kind}, without the right
          </Button>
        </p>
      ))}
      <p>
        <code>a name to copy</code> <Copy text="a name to copy" what="the name" /> <Favourite of={{ kind: "Application", namespace: "argocd", name: "sample" }} />
      </p>
    </>
  );
}

function Table() {
  const [chosen, setChosen] = useState(true);
  return (
    <div class="list">
      <Facets facets={FACETS} names={{ sync: "Sync", health: "Health" }} />
      <div class="table-box">
        <table>
          <thead>
            <tr>
              <th scope="col">Choose</th>
              <Sortable column="name">Name</Sortable>
              <Sortable column="age">Age</Sortable>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            <tr class={chosen ? "selected" : ""}>
              <td>
                <input type="checkbox" aria-label="Choose web" checked={chosen} onChange={(event) => setChosen(event.currentTarget.checked)} />
              </td>
              <td tabIndex={0} data-row>
                web
              </td>
              <td class="tight">
                <Ago at="2026-01-01T00:00:00Z" />
              </td>
              <td class="wide">a message of some length, which is broken into lines where the column is narrow</td>
            </tr>
            <tr>
              <td>
                <input type="checkbox" aria-label="Choose api" />
              </td>
              <td tabIndex={0} data-row>
                api
              </td>
              <td class="tight">
                <Ago at="2026-01-02T00:00:00Z" />
              </td>
              <td class="wide" />
            </tr>
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Opened() {
  const [open, setOpen] = useState(false);
  return (
    <p>
      <Button onClick={() => setOpen(true)}>Open a dialog…</Button>{" "}
      {SEVERITIES.map((one) => (
        <>
          <Button key={one} onClick={() => toast(one, `A message that is ${one}`)}>
            Message: {one}
          </Button>{" "}
        </>
      ))}
      {open && (
        <Dialog title="Sample" onClose={() => setOpen(false)}>
          <form method="dialog">
            <h1>A dialog</h1>
            <Note severity="attention">What would happen is said before it happens.</Note>
            <div class="actions">
              <Button onClick={() => setOpen(false)}>Cancel</Button>
              <Button kind="danger" type="submit">
                Do it
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </p>
  );
}

function Fields() {
  return (
    <div class="narrow">
      <label class="field">
        Text
        <input value="a value" />
      </label>
      <label class="field">
        Wrong text
        <input value="a wrong value" aria-invalid="true" />
      </label>
      <label class="field">
        Disabled text
        <input value="a value" disabled />
      </label>
      <label class="field">
        Choice
        <select>
          <option>first</option>
          <option>second</option>
        </select>
      </label>
      <label class="field">
        Long text
        <textarea rows={2} value="several lines" />
      </label>
    </div>
  );
}
