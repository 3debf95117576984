/** Views that a person keeps in this browser: filters, search and order of a list under a name. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";

import { href, path, query } from "../router";
import { Button, toast } from ".";
import { keptAddress, listOf, type View, viewsOf, withoutView, withView } from "./saved-views-model";

const PLACE = "argosy.views";
export const views = signal<View[]>(viewsOf(localStorage.getItem(PLACE)));

function keep(next: View[]): void {
  views.value = next;
  localStorage.setItem(PLACE, JSON.stringify(next));
}

export function SavedViews() {
  const [naming, setNaming] = useState(false);
  const here = keptAddress(path.value, query.value);
  const known = views.value.filter((one) => listOf(one.to) === path.value);
  const current = known.find((one) => one.to === here);
  const canSave = here !== path.value && !current;
  if (known.length === 0 && !canSave) return null;
  const save = (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    if (!name) return;
    keep(withView(views.value, { name, to: here }));
    setNaming(false);
    toast("ok", `${name} is kept in this browser; the address shows the same to others`);
  };
  return (
    <div class="views" role="group" aria-label="Saved views">
      {known.map((one) => (
        <a key={one.to} href={href(one.to)} aria-current={one === current ? "page" : undefined}>
          {one.name}
        </a>
      ))}
      {current && (
        <Button kind="plain" onClick={() => keep(withoutView(views.value, current))}>
          Forget {current.name}
        </Button>
      )}
      {canSave && !naming && (
        <Button kind="plain" onClick={() => setNaming(true)}>
          Save this view…
        </Button>
      )}
      {naming && canSave && (
        <form onSubmit={save}>
          <input name="name" aria-label="Name of the view" required maxLength={60} autofocus onKeyDown={(event) => event.key === "Escape" && setNaming(false)} />{" "}
          <Button kind="primary" type="submit">
            Save
          </Button>
        </form>
      )}
    </div>
  );
}
