/** The forms in which an item of the settings is made, edited and removed. */
import { useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { useLacking } from "../../api/rights";
import { Button, Dialog, Note, toast } from "../../parts";
import { type FormField, type Item, missing, type Section } from "./model";

type FormProps = { section: Section; item?: Item; onClose: () => void; onDone: () => void };

/** `item`: the one to edit; without it a new one is made. */
export function ItemForm({ section, item, onClose, onDone }: FormProps) {
  const editing = item ? section.edit : undefined;
  const [values, setValues] = useState<Record<string, string>>(() => startOf(section, item));
  const [refusal, setRefusal] = useState("");
  const fields = editing ? section.fields.filter((one) => editing.fields.includes(one.name)) : section.fields;
  const needed = missing(fields, values);
  const [lacksCreation] = useLacking(!item && section.creation && needed.length === 0 ? [section.creation(values)] : []);
  const [lacksEdit] = useLacking(item && editing ? [editing.right(item)] : []);
  const lacks = item ? lacksEdit : lacksCreation;
  const title = item ? `Edit ${section.name(item)}` : `New ${section.one}`;
  async function save(event: SubmitEvent) {
    event.preventDefault();
    try {
      if (item && editing) {
        const { place, body } = editing.request(item, values);
        await ask("PUT", place, body);
      } else {
        const { place, body } = section.create!(values);
        await ask("POST", place, body);
      }
      toast("ok", item ? `${section.name(item)} saved` : `New ${section.one} created`);
      onDone();
      onClose();
    } catch (error) {
      setRefusal(error instanceof Failure ? error.message : String(error));
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form autocomplete="off" onSubmit={(event) => void save(event)}>
        <h1>{title}</h1>
        {editing?.note && <Note severity="attention">{editing.note}</Note>}
        {fields.map((field) => (
          <Input key={field.name} field={field} value={values[field.name] ?? ""} onChange={(value) => setValues({ ...values, [field.name]: value })} />
        ))}
        {refusal && <Note severity="broken">{refusal}</Note>}
        <div class="actions">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" lacks={needed.length ? `required: ${needed.join(", ")}` : lacks}>
            {item ? "Save" : "Create"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function startOf(section: Section, item: Item | undefined): Record<string, string> {
  const chosen = Object.fromEntries(section.fields.filter((one) => one.choices).map((one) => [one.name, one.choices?.[0] ?? ""]));
  return item && section.edit ? { ...chosen, ...section.edit.values(item) } : chosen;
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

export function Remover({ section, item, onClose, onDone }: RemoverProps) {
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
