import { useEffect, useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Ago, Badge, Button, Loading, Note, toast } from "../../parts";
import { href } from "../../router";
import { AccountPage } from "./account";
import { ItemForm, Remover } from "./forms";
import { type Cell, connection, type Item, type Section, SECTIONS } from "./model";
import { ProjectPage } from "./project";
import "./page.css";

/** Rights in one question. */
const MOST_ASKED = 1000;

export function SettingsPage({ place, name }: { place: string; name: string }) {
  const section = SECTIONS.find((one) => one.place === place) ?? SECTIONS[0]!;
  return (
    <>
      <div class="head">
        <h1>Settings</h1>
      </div>
      <nav class="tabs" aria-label="Settings">
        {SECTIONS.map((one) => (
          <a key={one.place} href={href(`/settings/${one.place}`)} aria-current={one === section ? "page" : undefined}>
            {one.title}
          </a>
        ))}
      </nav>
      {name && section.place === "projects" && <ProjectPage key={name} name={name} />}
      {name && section.place === "accounts" && <AccountPage key={name} name={name} />}
      {!(name && ["projects", "accounts"].includes(section.place)) && <List key={section.place} section={section} />}
    </>
  );
}

function List({ section }: { section: Section }) {
  const [items, setItems] = useState<Item[] | null>(null);
  const [problem, setProblem] = useState("");
  const [makes, setMakes] = useState(false);
  const [edits, setEdits] = useState<Item | null>(null);
  const [removes, setRemoves] = useState<Item | null>(null);
  const [lacks] = useLacking(section.creation ? [{ resource: section.creation({}).resource, action: "create" }] : []);
  const load = () =>
    ask<{ items: Item[] | null }>("GET", section.api).then(
      (found) => setItems(found.items ?? []),
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  useEffect(() => void load(), [section]);
  return (
    <>
      <div class="head">
        <p class="muted">{section.about}</p>
        {section.create && (
          <div class="actions">
            <Button kind="primary" lacks={lacks} onClick={() => setMakes(true)}>
              New {section.one}…
            </Button>
          </div>
        )}
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {!items && !problem && <Loading />}
      {items?.length === 0 && <div class="panel">No {section.title.toLowerCase()} yet, or none that you may see.</div>}
      {items && items.length > 0 && <Items section={section} items={items} onEdit={setEdits} onRemove={setRemoves} onTested={() => void load()} />}
      {makes && <ItemForm section={section} onClose={() => setMakes(false)} onDone={() => void load()} />}
      {edits && <ItemForm section={section} item={edits} onClose={() => setEdits(null)} onDone={() => void load()} />}
      {removes && <Remover section={section} item={removes} onClose={() => setRemoves(null)} onDone={() => void load()} />}
    </>
  );
}

type ItemsProps = { section: Section; items: Item[]; onEdit: (item: Item) => void; onRemove: (item: Item) => void; onTested: () => void };

function Items({ section, items, onEdit, onRemove, onTested }: ItemsProps) {
  const few = items.slice(0, MOST_ASKED / 2);
  const lacksRemoval = useLacking(section.removal ? few.map(section.removal) : []);
  const lacksEdit = useLacking(section.edit ? few.map(section.edit.right) : []);
  return (
    <div class="table-box">
      <table>
        <thead>
          <tr>
            {section.columns.map(([title]) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
            {section.remove && <th scope="col">Actions</th>}
          </tr>
        </thead>
        <tbody>
          {items.map((item, number) => (
            <tr key={section.name(item)}>
              {section.columns.map(([title, of], at) => (
                <td key={title}>
                  <Shown cell={of(item)} row={at === 0} />
                </td>
              ))}
              {section.remove && (
                <td class="tight">
                  {section.test && <Test name={section.name(item)} place={section.test(item)} onTested={onTested} />}
                  {section.edit && (
                    <Button kind="plain" lacks={lacksEdit[number]} aria-label={`Edit ${section.name(item)}`} onClick={() => onEdit(item)}>
                      Edit…
                    </Button>
                  )}
                  <Button kind="plain" lacks={lacksRemoval[number]} aria-label={`Remove ${section.name(item)}`} onClick={() => onRemove(item)}>
                    Remove…
                  </Button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Connects now, and says what came of it. */
function Test({ name, place, onTested }: { name: string; place: string; onTested: () => void }) {
  const [busy, setBusy] = useState(false);
  async function test() {
    setBusy(true);
    try {
      const { text, severity, detail } = connection(await ask<Item>("GET", place));
      toast(severity ?? "busy", detail && severity !== "ok" ? `${name}: ${text}: ${detail}` : `${name}: ${text}`);
      onTested();
    } catch (error) {
      toast("broken", error instanceof Failure ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }
  return (
    <Button kind="plain" disabled={busy} aria-label={`Test ${name}`} onClick={() => void test()}>
      {busy ? "Testing…" : "Test"}
    </Button>
  );
}

function Shown({ cell, row }: { cell: Cell; row: boolean }) {
  const inner = cell.severity ? <Badge severity={cell.severity}>{cell.text}</Badge> : cell.text;
  return (
    <>
      {cell.link ? (
        <a href={href(cell.link)} {...(row ? { "data-row": true } : {})}>
          {inner}
        </a>
      ) : (
        <span>{inner}</span>
      )}{" "}
      {cell.at && (
        <span class="muted small">
          <Ago at={cell.at} />
        </span>
      )}
      {cell.detail && <div class="small">{cell.detail}</div>}
    </>
  );
}
