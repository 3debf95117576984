import { useEffect, useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Ago, Badge, Button, Dialog, Note, toast } from "../../parts";
import { href } from "../../router";
import { AccountPage } from "./account";
import { type Cell, type FormField, type Item, missing, type Section, SECTIONS } from "./model";
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
      {!items && !problem && <p class="muted">Loading…</p>}
      {items?.length === 0 && <div class="panel">No {section.title.toLowerCase()} yet, or none that you may see.</div>}
      {items && items.length > 0 && <Items section={section} items={items} onRemove={setRemoves} />}
      {makes && <Maker section={section} onClose={() => setMakes(false)} onDone={() => void load()} />}
      {removes && <Remover section={section} item={removes} onClose={() => setRemoves(null)} onDone={() => void load()} />}
    </>
  );
}

function Items({ section, items, onRemove }: { section: Section; items: Item[]; onRemove: (item: Item) => void }) {
  const lacks = useLacking(section.removal ? items.map(section.removal).slice(0, MOST_ASKED) : []);
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
            {section.remove && <th scope="col">Remove</th>}
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
                  <Button kind="plain" lacks={lacks[number]} aria-label={`Remove ${section.name(item)}`} onClick={() => onRemove(item)}>
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

function Maker({ section, onClose, onDone }: { section: Section; onClose: () => void; onDone: () => void }) {
  const [values, setValues] = useState<Record<string, string>>(
    Object.fromEntries(section.fields.filter((one) => one.choices).map((one) => [one.name, one.choices?.[0] ?? ""])),
  );
  const [refusal, setRefusal] = useState("");
  const needed = missing(section.fields, values);
  const [lacks] = useLacking(section.creation && needed.length === 0 ? [section.creation(values)] : []);
  async function make(event: SubmitEvent) {
    event.preventDefault();
    const { place, body } = section.create!(values);
    try {
      await ask("POST", place, body);
      toast("ok", `New ${section.one} created`);
      onDone();
      onClose();
    } catch (error) {
      setRefusal(error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <Dialog title={`New ${section.one}`} onClose={onClose}>
      <form autocomplete="off" onSubmit={(event) => void make(event)}>
        <h1>New {section.one}</h1>
        {section.fields.map((field) => (
          <Input key={field.name} field={field} value={values[field.name] ?? ""} onChange={(value) => setValues({ ...values, [field.name]: value })} />
        ))}
        {refusal && <Note severity="broken">{refusal}</Note>}
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={needed.length ? `required: ${needed.join(", ")}` : lacks}>
            Create
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function Input({ field, value, onChange }: { field: FormField; value: string; onChange: (value: string) => void }) {
  const title = (
    <span>
      {field.title} <span class="muted small">{field.hint}</span>
    </span>
  );
  if (field.kind === "check") {
    return (
      <label>
        <input type="checkbox" checked={value === "true"} onChange={(event) => onChange(String(event.currentTarget.checked))} /> {field.title}
      </label>
    );
  }
  return (
    <label class="field">
      {title}
      {field.kind === "area" ? (
        <textarea rows={4} class="mono" spellcheck={false} value={value} onInput={(event) => onChange(event.currentTarget.value)} />
      ) : field.kind === "choice" ? (
        <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {field.choices?.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      ) : (
        <input
          type={field.kind === "password" ? "password" : "text"}
          autocomplete={field.kind === "password" ? "new-password" : "off"}
          value={value}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </label>
  );
}

type RemoverProps = { section: Section; item: Item; onClose: () => void; onDone: () => void };

function Remover({ section, item, onClose, onDone }: RemoverProps) {
  const [refusal, setRefusal] = useState("");
  const name = section.name(item);
  async function remove(event: SubmitEvent) {
    event.preventDefault();
    try {
      await ask("DELETE", section.remove!(item));
      toast("ok", `${name} removed`);
      onDone();
      onClose();
    } catch (error) {
      setRefusal(error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <Dialog title={`Remove ${section.one}`} onClose={onClose}>
      <form onSubmit={(event) => void remove(event)}>
        <h1>
          Remove the {section.one} {name}
        </h1>
        <Note severity="broken">{section.loses}</Note>
        {refusal && <Note severity="broken">{refusal}</Note>}
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" type="submit">
            Remove
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
