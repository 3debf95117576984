/** Source parameters, by its kind: the form changes the same text that the editor shows. */
import { useState } from "preact/hooks";

import { KINDS, kindOf, type Parameter, PARAMETERS, parameterOf, type SourceKind, withParameter } from "./parameters-model";

export function Parameters({ text, disabled, onChange }: { text: string; disabled: boolean; onChange: (text: string) => void }) {
  const [chosen, setChosen] = useState<SourceKind | "">("");
  const kind = chosen || kindOf(text);
  return (
    <fieldset class="parameters" disabled={disabled}>
      <legend>Source parameters</legend>
      <label class="field">
        Tool
        <select value={kind} onChange={(event) => setChosen(event.currentTarget.value as SourceKind | "")}>
          <option value="">detected from the files</option>
          {Object.entries(KINDS).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {kind && PARAMETERS[kind].map((one) => <Row key={one.path.join(".")} parameter={one} text={text} onChange={onChange} />)}
    </fieldset>
  );
}

function Row({ parameter, text, onChange }: { parameter: Parameter; text: string; onChange: (text: string) => void }) {
  const value = parameterOf(text, parameter);
  /** What is typed stays as it is typed until the field is left: a line that is begun is not a parameter yet. */
  const [typed, setTyped] = useState<string | null>(null);
  const told = (given: string) => {
    setTyped(given);
    onChange(withParameter(text, parameter, given));
  };
  if (parameter.shape === "switch") {
    return (
      <label>
        <input type="checkbox" checked={value === "true"} onChange={(event) => onChange(withParameter(text, parameter, String(event.currentTarget.checked)))} />{" "}
        {parameter.title}
      </label>
    );
  }
  const shared = { value: typed ?? value, onBlur: () => setTyped(null) };
  return (
    <label class="field">
      <span>
        {parameter.title} <span class="muted small">{parameter.hint}</span>
      </span>
      {parameter.shape === "text" ? (
        <input {...shared} onInput={(event) => told(event.currentTarget.value)} />
      ) : (
        <textarea rows={3} class="mono" {...shared} onInput={(event) => told(event.currentTarget.value)} />
      )}
    </label>
  );
}
