/** The items of a sealed secret, and which key opens each; never a value. */
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../../api/client";
import { Ago, Badge, Loading, Note } from "../../../parts";
import { openersOf } from "./model";

type Found = { items: Record<string, string>; keys: Schemas["SealingKeyShown"][] };

export function SealedItems({ object }: { object: unknown }) {
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState("");
  const version = JSON.stringify((object as { spec?: unknown }).spec);
  useEffect(() => {
    const told = (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error));
    Promise.all([
      ask<Schemas["Openers"]>("POST", "/api/argosy/v1/sealing/openers", { sealedSecret: object }),
      ask<Schemas["SealingKeys"]>("GET", "/api/argosy/v1/sealing/keys"),
    ]).then(([openers, keys]) => setFound({ items: openers.items, keys: keys.keys }), told);
  }, [version]);
  return (
    <section class="panel stacked" aria-label="Items">
      <h2>Items</h2>
      {problem && <Note severity="broken">{problem}</Note>}
      {!found && !problem && <Loading />}
      {found && (
        <div class="table-box">
          <table>
            <thead>
              <tr>
                <th scope="col">Item</th>
                <th scope="col">Opened by</th>
                <th scope="col">Key created</th>
              </tr>
            </thead>
            <tbody>
              {openersOf(found.items, found.keys).map((one) => (
                <tr key={one.item}>
                  <td class="mono">{one.item}</td>
                  <td>
                    {one.key ? (
                      <>
                        {one.key.name} {one.key.seals ? <Badge severity="ok">newest</Badge> : <Badge severity="busy">older</Badge>}
                      </>
                    ) : (
                      <Badge severity="broken">no key opens it</Badge>
                    )}
                  </td>
                  <td class="tight">
                    <Ago at={one.key?.createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
