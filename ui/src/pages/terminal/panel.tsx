/** The terminal of a Pod, once it is known that one may have it, and in which containers. */
import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Loading, Note } from "../../parts";
import { containersOf, hindrance, type Opened } from "./model";

const TerminalScreen = lazy(() => import("./screen").then((found) => found.TerminalScreen));

type Props = Omit<Opened, "container"> & { pod: string; manifest: string };

export function TerminalPanel({ manifest, ...place }: Props) {
  const [hinders, setHinders] = useState<string | null>(null);
  const [containers, setContainers] = useState<{ name: string; runs: boolean }[]>([]);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    const object = place.appNamespace === "argocd" ? `${place.project}/${place.application}` : `${place.project}/${place.appNamespace}/${place.application}`;
    const rights = [{ resource: "exec", action: "create", object }];
    Promise.all([
      ask<{ execEnabled?: boolean }>("GET", "/api/v1/settings"),
      ask<Schemas["Allowed"]>("POST", "/api/argosy/v1/rights", { rights }),
      ask<{ manifest?: string }>("GET", manifest),
    ]).then(
      ([settings, { allowed }, live]) => {
        const found = containersOf(JSON.parse(live.manifest || "null"));
        setContainers(found);
        setChosen(found.find((one) => one.runs)?.name ?? "");
        setHinders(hindrance(settings.execEnabled === true, allowed[0] === true, `exec, create, ${object}`) || (found.some((one) => one.runs) ? "" : "None of its containers is running."));
      },
      (error: unknown) => setHinders(error instanceof Failure ? error.message : String(error)),
    );
  }, [manifest]);
  if (hinders === null) return <Loading />;
  if (hinders) return <Note severity="attention">{hinders}</Note>;
  return (
    <>
      {containers.length > 1 && (
        <label>
          Container{" "}
          <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            {containers.map((one) => (
              <option key={one.name} value={one.name} disabled={!one.runs}>
                {one.name}
                {one.runs ? "" : " (not running)"}
              </option>
            ))}
          </select>
        </label>
      )}
      <Suspense fallback={<p class="muted">Loading the terminal…</p>}>
        <TerminalScreen {...place} container={chosen} />
      </Suspense>
    </>
  );
}
