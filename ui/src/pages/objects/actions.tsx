import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { type Right, useLacking } from "../../api/rights";
import { Ago, Badge, Button, Dialog, Loading, Note, toast } from "../../parts";
import { certificateVerbs, containersOf, placeOf, rolloutVerbs, type Verb } from "./model";
import { PromotionActions } from "./promotion-actions";
import { SetImage } from "./set-image";
import { WhoMay } from "./who-may";
import { WarehouseActions } from "./warehouse-actions";
import "./details/view.css";

/** What an action needs to know of a row. */
export type Row = Pick<Schemas["ObjectRow"], "namespace" | "name" | "state">;
type Offer = Schemas["Offer"];

const GROUPS: Record<string, string> = {
  rollouts: "argoproj.io/Rollout",
  stages: "kargo.akuity.io/Stage",
  warehouses: "kargo.akuity.io/Warehouse",
  certificates: "cert-manager.io/Certificate",
};

/** What can be done with an object of this kind; a missing right is shown as the reason. */
export function ObjectActions({ kind, row, facts = {}, onDone }: { kind: string; row: Row; facts?: Record<string, string>; onDone: () => void }) {
  if (kind === "rollouts") {
    return (
      <>
        <Verbs kind={kind} verbs={rolloutVerbs(row.state)} row={row} onDone={onDone} />
        <SetImage row={row} containers={containersOf(facts["images"] ?? "")} onDone={onDone} />
      </>
    );
  }
  if (kind === "promotions") return <PromotionActions row={row} facts={facts} onDone={onDone} />;
  if (kind === "warehouses") return <WarehouseActions row={row} onDone={onDone} />;
  if (kind === "certificates") return <Verbs kind={kind} verbs={certificateVerbs(row.state)} row={row} onDone={onDone} />;
  if (kind === "stages") return <StageActions row={row} onDone={onDone} />;
  return null;
}

/** For each action why it is not allowed, if it is not. */
export function useLacks(kind: string, row: Row, actions: string[]): Record<string, string | undefined> {
  const lacks = useLacking(actions.map((action) => rightTo(kind, row, `action/${action}`)));
  return Object.fromEntries(actions.map((action, at) => [action, lacks[at]]));
}

/** Whoever may see an object may have it looked at again. */
export function useLackOfRefresh(kind: string, row: Row): string | undefined {
  return useLacking([rightTo(kind, row, "get")])[0];
}

function rightTo(kind: string, row: Row, action: string): Right {
  return { resource: "objects", action, object: `${GROUPS[kind]}/${row.namespace}/${row.name}` };
}

export async function done(place: string, body: object): Promise<boolean> {
  try {
    const { message } = await ask<Schemas["Done"]>("POST", `/api/argosy/v1/${place}`, body);
    toast("ok", message);
    return true;
  } catch (error) {
    toast("broken", error instanceof Failure ? error.message : String(error));
    return false;
  }
}

function Verbs({ kind, verbs, row, onDone }: { kind: string; verbs: Verb[]; row: Row; onDone: () => void }) {
  const lacks = useLacks(kind, row, verbs.map((verb) => verb.name));
  const [asks, setAsks] = useState<Verb | null>(null);
  async function act(verb: Verb) {
    setAsks(null);
    if (await done(`${placeOf(kind, row)}/${verb.name}`, {})) onDone();
  }
  return (
    <div class="actions">
      {verbs.map((verb) => (
        <Button key={verb.name} kind={verb.kind} lacks={lacks[verb.name]} onClick={() => (verb.effect ? setAsks(verb) : void act(verb))}>
          {verb.title}
          {verb.effect && "…"}
        </Button>
      ))}
      {asks && (
        <Dialog title={asks.title} onClose={() => setAsks(null)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void act(asks);
            }}
          >
            <h1>
              {asks.title} {row.name}
            </h1>
            <p>{asks.effect}</p>
            <div class="actions">
              <Button onClick={() => setAsks(null)}>Cancel</Button>
              <Button kind={asks.kind === "danger" ? "danger" : "primary"} type="submit" lacks={lacks[asks.name]}>
                {asks.title}
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </div>
  );
}

export function StageActions({ row, automatic = false, onDone }: { row: Row; automatic?: boolean; onDone: () => void }) {
  const lacks = useLacks("stages", row, ["promote"]);
  const [open, setOpen] = useState(false);
  return (
    <div class="actions">
      <Button kind="primary" lacks={lacks["promote"]} onClick={() => setOpen(true)}>
        Promote…
      </Button>
      <WhoMay verb="promote" action="action/promote" object={`kargo.akuity.io/Stage/${row.namespace}/${row.name}`} />
      {open && (
        <Promote
          row={row}
          automatic={automatic}
          lacks={lacks["promote"]}
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            onDone();
          }}
        />
      )}
    </div>
  );
}

/** What a person's choice does to automation, which Kargo holds at another piece than the newest. */
function Holding({ offers, chosen, automatic }: { offers: Offer[]; chosen: string; automatic: boolean }) {
  if (!automatic || !chosen) return null;
  const newest = offers.find((one) => one.available)?.name === chosen;
  return (
    <Note severity={newest ? "ok" : "attention"}>
      {newest ? "This is the newest Freight: auto-promotion continues, and any hold ends." : "Auto-promotion is held at this Freight until someone promotes the newest."}
    </Note>
  );
}

function Approve({ row, one, lacks, onDone }: { row: Row; one: Offer; lacks: string | undefined; onDone: () => void }) {
  const [asks, setAsks] = useState(false);
  async function approve() {
    if (await done(`${placeOf("stages", row)}/approve`, { freight: one.name })) onDone();
    setAsks(false);
  }
  if (!asks) {
    return (
      <Button kind="plain" lacks={lacks} onClick={() => setAsks(true)}>
        Approve…
      </Button>
    );
  }
  return (
    <Note severity="attention">
      <span>
        This lets {row.name} use {one.alias || one.name.slice(0, 12)}, although {one.waitsFor || "it is not available yet"}. An approval cannot be undone.
      </span>
      <span class="actions">
        <Button onClick={() => setAsks(false)}>Cancel</Button>
        <Button kind="primary" onClick={() => void approve()}>
          Approve
        </Button>
      </span>
    </Note>
  );
}

function Promote({ row, automatic, lacks, onClose, onDone }: { row: Row; automatic: boolean; lacks: string | undefined; onClose: () => void; onDone: () => void }) {
  const [approved, setApproved] = useState(0);
  const [offers, setOffers] = useState<Offer[] | null>(null);
  const [problem, setProblem] = useState("");
  const [chosen, setChosen] = useState("");
  const place = placeOf("stages", row);
  useEffect(() => {
    ask<Schemas["Offers"]>("GET", `/api/argosy/v1/${place}/freight`).then(
      ({ freight }) => {
        setOffers(freight);
        setChosen(freight.find((one) => one.available && !one.current)?.name ?? "");
      },
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [place, approved]);
  async function promote(event: SubmitEvent) {
    event.preventDefault();
    if (await done(`${place}/promote`, { freight: chosen })) onDone();
  }
  return (
    <Dialog title={`Promote to ${row.name}`} onClose={onClose}>
      <form onSubmit={(event) => void promote(event)}>
        <h1>Promote to {row.name}</h1>
        {problem && <Note severity="broken">{problem}</Note>}
        {!offers && !problem && <Loading />}
        {offers?.length === 0 && <Note severity="attention">No Freight yet. A Warehouse creates it when it finds a new image, chart or commit.</Note>}
        <div class="checks" role="radiogroup" aria-label="Freight">
          {offers?.map((one) => (
            <label key={one.name}>
              <input
                type="radio"
                name="freight"
                value={one.name}
                checked={one.name === chosen}
                disabled={!one.available}
                onChange={() => setChosen(one.name)}
              />
              <span>
                {one.alias || one.name.slice(0, 12)} {one.current && <Badge severity="ok">current</Badge>}{" "}
                {!one.available && <Badge severity="attention">{one.waitsFor || "not available"}</Badge>} <Ago at={one.availableAt} />
                <span class="muted">
                  {" "}
                  {one.content} – discovered <Ago at={one.createdAt} />
                </span>
              </span>
              {!one.available && <Approve row={row} one={one} lacks={lacks} onDone={() => setApproved(approved + 1)} />}
            </label>
          ))}
        </div>
        {offers && <Holding offers={offers} chosen={chosen} automatic={automatic} />}
        {chosen && <PromotionPreview key={chosen} place={place} freight={chosen} />}
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={lacks} disabled={!chosen}>
            Promote
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** What each step would do, asked for: nothing is pushed. */
function PromotionPreview({ place, freight }: { place: string; freight: string }) {
  const [found, setFound] = useState<Schemas["PromotionPreview"] | null>(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  async function preview() {
    setBusy(true);
    try {
      setFound(await ask<Schemas["PromotionPreview"]>("GET", `/api/argosy/v1/${place}/preview/${encodeURIComponent(freight)}`));
    } catch (error) {
      setProblem(error instanceof Failure ? error.message : String(error));
    }
    setBusy(false);
  }
  if (problem) return <Note severity="broken">{problem}</Note>;
  if (!found) {
    return (
      <div>
        <Button disabled={busy} onClick={() => void preview()}>
          {busy ? "Running without pushing…" : "Preview"}
        </Button>
      </div>
    );
  }
  return (
    <section aria-label="Preview">
      <Note severity={found.wouldSucceed ? "ok" : "broken"}>{found.wouldSucceed ? "All steps would succeed." : "The Promotion would fail."}</Note>
      <ol class="promotion">
        {found.steps.map((step) => (
          <li key={step.step}>
            <Badge severity={step.status === "Succeeded" ? "ok" : "attention"}>{step.status}</Badge> <strong>{step.step}</strong> <code>{step.uses}</code>
            {step.effects.length > 0 && <pre class="diff">{step.effects.join("\n")}</pre>}
          </li>
        ))}
      </ol>
      {found.follows.length > 0 && <p class="muted">Then: {found.follows.join("; ")}</p>}
    </section>
  );
}
