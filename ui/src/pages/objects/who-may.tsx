/** Who may do something: by the policy, each with the rule that gives it, and by Kubernetes' own roles. */
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Button, Dialog, Loading, Note } from "../../parts";

type Holding = Schemas["Holding"];

export function WhoMay({ verb, action, object }: { verb: string; action: string; object: string }) {
  const [open, setOpen] = useState(false);
  const [lacks] = useLacking([{ resource: "accounts", action: "get", object: "*" }]);
  return (
    <>
      <Button kind="plain" lacks={lacks} onClick={() => setOpen(true)}>
        Who may {verb}?
      </Button>
      {open && <Holders title={`Who may ${verb}`} action={action} object={object} onClose={() => setOpen(false)} />}
    </>
  );
}

function Holders({ title, action, object, onClose }: { title: string; action: string; object: string; onClose: () => void }) {
  const [found, setFound] = useState<Schemas["Holders"] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const asked = new URLSearchParams({ resource: "objects", action, object });
    ask<Schemas["Holders"]>("GET", `/api/argosy/v1/rights/holders?${asked}`).then(setFound, (error: unknown) =>
      setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [action, object]);
  return (
    <Dialog title={title} onClose={onClose}>
      <form method="dialog">
        <h1>{title}</h1>
        <p class="muted">
          Required permission: <code>objects, {action}, {object}</code>.
        </p>
        {problem && <Note severity="broken">{problem}</Note>}
        {!found && !problem && <Loading />}
        {found && <Some title="In Argosy, by its RBAC policy" none="No subjects in the policy." some={found.policy} />}
        {found && <Some title="With kubectl and kargo, by Kubernetes RBAC" none="No subjects in Kubernetes RBAC." some={found.kubernetes} />}
        <div class="actions">
          <Button kind="primary" type="submit">
            Close
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Some({ title, none, some }: { title: string; none: string; some: Holding[] }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {some.length === 0 && <p>{none}</p>}
      <ul class="steps">
        {some.map((one) => (
          <li key={`${one.subject} ${one.through.join()}`}>
            <strong>{one.subject}</strong> {one.through.length > 0 && <span class="muted">through {one.through.join(", ")}</span>}
            <div class="small mono">{one.rule}</div>
          </li>
        ))}
      </ul>
    </section>
  );
}
