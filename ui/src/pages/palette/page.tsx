/** Everything by a few letters: pages, saved views, themes, and what the server finds. A combobox by the ARIA practices. */
import { useEffect, useState } from "preact/hooks";

import { ask } from "../../api/client";
import { PLACES } from "../../keyboard";
import { Dialog } from "../../parts";
import { sharedViews, views } from "../../parts/saved-views";
import { go } from "../../router";
import { chooseTheme, THEMES } from "../../theme/chosen";
import { KINDS } from "../objects/model";
import { SECTIONS } from "../settings/model";
import { answers, type Command, commandsOf, movedBy, type Row } from "./model";
import "./page.css";

const FOUND_IN: [string, string][] = [["applications", "Application"], ...Object.entries(KINDS).map(([place, kind]): [string, string] => [place, kind.title])];
const OF_EACH = 5;
const SETTLED = 200;

function commands(): Command[] {
  return [
    ...PLACES.map(([, to, title]) => ({ title, kind: "page", to })),
    ...Object.entries(KINDS).map(([place, kind]) => ({ title: `All ${kind.title.toLowerCase()}`, kind: "list", to: `/${place}` })),
    { title: "New application", kind: "action", to: "/applications/new" },
    { title: "Seal a value", kind: "action", to: "/seal" },
    ...SECTIONS.map((one) => ({ title: one.title, kind: "settings", to: `/settings/${one.place}` })),
    ...[...views.value, ...(sharedViews.value ?? [])].map((one) => ({ title: one.name, kind: "saved view", to: one.to })),
    ...Object.entries(THEMES).map(([theme, title]) => ({ title: `Theme: ${title}`, kind: "action", to: "", run: () => chooseTheme(theme) })),
  ];
}

/** What the server has of this name, once the typing pauses; a kind that one may not see adds nothing. */
function useFound(typed: string): Command[] {
  const [found, setFound] = useState<{ typed: string; commands: Command[] }>({ typed: "", commands: [] });
  useEffect(() => {
    const wanted = typed.trim();
    if (wanted.length < 2) return;
    let gone = false;
    const timer = setTimeout(() => {
      const asked = new URLSearchParams({ search: wanted, limit: String(OF_EACH) });
      const each = FOUND_IN.map(([place, kind]) =>
        ask<{ rows: Row[] }>("GET", `/api/argosy/v1/${place}?${asked}`).then(
          ({ rows }) => commandsOf(place, kind, rows),
          () => [],
        ),
      );
      void Promise.all(each).then((all) => !gone && setFound({ typed: wanted, commands: all.flat() }));
    }, SETTLED);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [typed]);
  return found.typed === typed.trim() ? found.commands : [];
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = useFound(typed);
  const all = answers(commands(), found, typed);
  const current = Math.min(at, all.length - 1);
  const choose = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    if (command.run) command.run();
    else go(command.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") choose(all[current]);
    else if (/^(ArrowDown|ArrowUp)$/.test(event.key)) setAt(movedBy(event.key, current, all.length));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={onClose}>
      <div class="body palette">
        <input
          role="combobox"
          aria-label="Go to a page, an object or a view"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={all.length ? `palette-${current}` : undefined}
          aria-autocomplete="list"
          placeholder="Go to…"
          autofocus
          autocomplete="off"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
        <ul id="palette-list" role="listbox" aria-label="Results">
          {all.map((one, number) => (
            <li
              key={`${one.kind} ${one.title} ${one.to}`}
              id={`palette-${number}`}
              role="option"
              aria-selected={number === current}
              ref={(element) => {
                if (number === current) element?.scrollIntoView({ block: "nearest" });
              }}
              onClick={() => choose(one)}
            >
              <span>{one.title}</span> <span class="muted small">{one.kind}</span>
            </li>
          ))}
        </ul>
        {all.length === 0 && <p class="muted">No results.</p>}
      </div>
    </Dialog>
  );
}
