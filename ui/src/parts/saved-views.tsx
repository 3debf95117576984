/** Views of a list under a name: those that a person keeps in this browser, and those that a project shares on the server. */
import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure, me, type Schemas } from "../api/client";
import { useLacking } from "../api/rights";
import { href, path, query } from "../router";
import { Button, toast } from ".";
import { keptAddress, titleOf, type View, viewsOf, viewsOfList, withoutView, withView } from "./saved-views-model";

type SavedViews = Schemas["SavedViews"];
const PLACE = "argosy.views";
const SHARED = "/api/argosy/v1/views";
const e = encodeURIComponent;
export const views = signal<View[]>(viewsOf(localStorage.getItem(PLACE)));
/** Null until the server was asked. */
export const sharedViews = signal<View[] | null>(null);

function keep(next: View[]): void {
  views.value = next;
  localStorage.setItem(PLACE, JSON.stringify(next));
}

/** Tells whether it was done; a refusal is shown. */
async function share(method: string, place: string, body?: object): Promise<boolean> {
  try {
    sharedViews.value = (await ask<SavedViews>(method, place, body)).views;
    return true;
  } catch (error) {
    toast("broken", error instanceof Failure ? error.message : String(error));
    return false;
  }
}

export function SavedViews() {
  const [naming, setNaming] = useState(false);
  useEffect(() => {
    if (sharedViews.value === null && me.value?.signedIn) void share("GET", SHARED);
  }, []);
  const here = keptAddress(path.value, query.value);
  const known = viewsOfList(views.value, sharedViews.value ?? [], path.value);
  const current = known.find((one) => one.to === here);
  const [lacks] = useLacking(current?.project ? [{ resource: "projects", action: "update", object: current.project }] : []);
  const canSave = here !== path.value && !current;
  if (known.length === 0 && !canSave) return null;
  const forget = async (view: View) => {
    if (!view.project) return keep(withoutView(views.value, view));
    if (await share("DELETE", `${SHARED}/${e(view.project)}/${e(view.name)}`)) toast("ok", `View ${view.name} deleted from project ${view.project}`);
  };
  return (
    <div class="views" role="group" aria-label="Saved views">
      {known.map((one) => (
        <a key={`${one.project ?? ""} ${one.to} ${one.name}`} href={href(one.to)} title={titleOf(one)} aria-current={one === current ? "page" : undefined}>
          {one.name}
          {one.project && <span class="muted small"> {one.project}</span>}
        </a>
      ))}
      {current && (
        <Button kind="plain" lacks={lacks} onClick={() => void forget(current)}>
          Delete view {current.name}
        </Button>
      )}
      {canSave && !naming && (
        <Button kind="plain" onClick={() => setNaming(true)}>
          Save this view…
        </Button>
      )}
      {naming && canSave && <Naming here={here} onDone={() => setNaming(false)} />}
    </div>
  );
}

function Naming({ here, onDone }: { here: string; onDone: () => void }) {
  const projects = useChangeable();
  const save = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const name = String(given.get("name") ?? "").trim();
    const project = String(given.get("project") ?? "");
    if (!name) return;
    if (!project) {
      keep(withView(views.value, { name, to: here }));
      toast("ok", `${name} saved in this browser. To share it, send the page's address.`);
    } else if (await share("POST", SHARED, { project, name, to: here })) {
      toast("ok", `${name} saved for everyone who may see project ${project}`);
    } else return;
    onDone();
  };
  return (
    <form onSubmit={(event) => void save(event)}>
      <input name="name" aria-label="Name of the view" required maxLength={60} autofocus onKeyDown={(event) => event.key === "Escape" && onDone()} />{" "}
      {projects.length > 0 && (
        <>
          <select name="project" aria-label="Visible to">
            <option value="">me, in this browser</option>
            {projects.map((one) => (
              <option key={one} value={one}>
                everyone in project {one}
              </option>
            ))}
          </select>{" "}
        </>
      )}
      <Button kind="primary" type="submit">
        Save
      </Button>
    </form>
  );
}

/** The projects that one may change: for these a view can be saved. */
function useChangeable(): string[] {
  const [found, setFound] = useState<string[]>([]);
  useEffect(() => {
    async function load() {
      const { items } = await ask<{ items?: { metadata: { name: string } }[] | null }>("GET", "/api/v1/projects?fields=items.metadata.name");
      const names = (items ?? []).map((one) => one.metadata.name);
      const rights = names.map((object) => ({ resource: "projects", action: "update", object }));
      const { allowed } = await ask<Schemas["Allowed"]>("POST", "/api/argosy/v1/rights", { rights });
      setFound(names.filter((_, at) => allowed[at]));
    }
    load().catch(() => setFound([]));
  }, []);
  return found;
}
