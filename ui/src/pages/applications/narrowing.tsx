/** A regular expression, a label selector, annotations: for who wants more than words and filters. */
import { useEffect, useState } from "preact/hooks";

import { go, query, withQuery } from "../../router";
import { NARROWED } from "./model";

/** What is typed counts when it rests: half an expression is none. */
const RESTS = 400;

export function Narrowing() {
  const used = Object.keys(NARROWED).filter((name) => query.value.get(name));
  const [open, setOpen] = useState(used.length > 0);
  return (
    <details class="narrowing" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Regex, labels, annotations{used.length > 0 && ` (${used.length})`}</summary>
      <div class="fields">
        {Object.entries(NARROWED).map(([name, [title, example]]) => (
          <Narrowed key={name} name={name} title={title} example={example} />
        ))}
      </div>
    </details>
  );
}

function Narrowed({ name, title, example }: { name: string; title: string; example: string }) {
  const inAddress = query.value.get(name) ?? "";
  const [typed, setTyped] = useState(inAddress);
  useEffect(() => setTyped(inAddress), [inAddress]);
  useEffect(() => {
    if (typed.trim() === inAddress) return;
    const timer = setTimeout(() => go(withQuery({ [name]: typed.trim() || null, offset: null }), "replace"), RESTS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="field">
      {title}
      <input type="search" class="mono" value={typed} placeholder={example} spellcheck={false} autocapitalize="off" onInput={(event) => setTyped(event.currentTarget.value)} />
    </label>
  );
}
