import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";

import { ask, Failure } from "../../api/client";
import { objectOf, useLacking } from "../../api/rights";
import { Button, Loading, Note, toast } from "../../parts";
import { go, href } from "../../router";
import { yaml } from "../objects/model";
import { placeOf } from "../applications/model";
import { type Automation, automationOf, type Field, fieldOf, FIELDS, manifestOf, type Manifest, problemsOf, requestOf, START, targetOf, withAutomation, withField } from "./model";
import { Parameters } from "./parameters";
import { hasSeveral } from "./parameters-model";
import "./page.css";

const Editor = lazy(() => import("../../parts/editor").then((found) => found.Editor));
const AUTOMATION: [Automation, string][] = [
  ["off", "Manual"],
  ["on", "Automatic"],
  ["prune", "Automatic, prune resources"],
  ["heal", "Automatic, self-heal"],
  ["both", "Automatic, prune and self-heal"],
];

export function NewApplicationPage() {
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/applications")}>Applications</a> / new
        </h1>
      </div>
      <Form start={START} existing={false} />
    </>
  );
}

/** The specification of an Application that is there; Git or another Application may be its owner. */
export function EditApplicationPage({ namespace, name }: { namespace: string; name: string }) {
  const [start, setStart] = useState("");
  const [problem, setProblem] = useState("");
  useEffect(() => {
    const place = `/api/v1/applications/${encodeURIComponent(name)}?appNamespace=${encodeURIComponent(namespace)}`;
    ask<Manifest>("GET", place).then(
      (found) =>
        setStart(
          yaml({
            apiVersion: "argoproj.io/v1alpha1",
            kind: "Application",
            metadata: { name: found.metadata.name, namespace: found.metadata.namespace },
            spec: found.spec,
          }).trimStart(),
        ),
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, [namespace, name]);
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/applications")}>Applications</a> / <a href={href(placeOf({ namespace, name }))}>{name}</a> / edit
        </h1>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {start ? <Form start={start} existing /> : !problem && <Loading />}
    </>
  );
}

function Form({ start, existing }: { start: string; existing: boolean }) {
  const [text, setText] = useState(start);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const problems = problemsOf(text);
  const target = targetOf(existing ? start : text);
  const action = existing ? "update" : "create";
  const [lacks] = useLacking(target ? [{ resource: "applications", action, object: objectOf(target.project, target.namespace, target.name) }] : []);
  const readable = problems.every((one) => one.field);
  async function save(event: SubmitEvent) {
    event.preventDefault();
    setBusy(true);
    setRefusal("");
    const { method, place, body } = requestOf(text, existing);
    try {
      await ask(method, place, body);
      const { name, namespace } = manifestOf(text).metadata;
      toast("ok", existing ? `${name} saved` : `${name} created`);
      go(placeOf({ namespace: namespace ?? "argocd", name }));
    } catch (error) {
      setRefusal(error instanceof Failure ? error.message : String(error));
    }
    setBusy(false);
  }
  return (
    <form class="edit" onSubmit={(event) => void save(event)}>
      <div class="fields">
        {FIELDS.map((field) => (
          <Row
            key={field.title}
            field={field}
            value={fieldOf(text, field.path)}
            problem={problems.find((one) => one.field === field.path.join("."))?.message}
            disabled={!readable || (existing && field.title === "Name")}
            onChange={(value) => setText(withField(text, field.path, value))}
          />
        ))}
        <label class="field">
          Automated sync
          <select
            value={automationOf(text)}
            disabled={!readable}
            onChange={(event) => setText(withAutomation(text, event.currentTarget.value as Automation))}
          >
            {AUTOMATION.map(([value, title]) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {!hasSeveral(text) && <Parameters text={text} disabled={!readable} onChange={setText} />}
        {problems.length > 0 && (
          <Note severity="attention">
            <ul>
              {problems.map((one) => (
                <li key={one.field + one.message}>
                  {one.field ? <code>{one.field}</code> : `line ${one.line}`}: {one.message}
                </li>
              ))}
            </ul>
          </Note>
        )}
        {refusal && <Note severity="broken">{refusal}</Note>}
        <div class="buttons">
          <Button kind="primary" type="submit" lacks={lacks} disabled={busy || problems.length > 0}>
            {existing ? "Save" : "Create"}
          </Button>
          <Button disabled={text === start} onClick={() => setText(start)}>
            Discard changes
          </Button>
        </div>
      </div>
      <Suspense fallback={<p class="muted">Loading the editor…</p>}>
        <Editor text={text} label="The Application as YAML" marks={problems} onChange={setText} />
      </Suspense>
    </form>
  );
}

type RowProps = { field: Field; value: string; problem: string | undefined; disabled: boolean; onChange: (value: string) => void };

function Row({ field, value, problem, disabled, onChange }: RowProps) {
  const choices = useChoices(field.from);
  const list = field.from ? `choices-${field.from}` : undefined;
  return (
    <label class="field">
      <span>
        {field.title} <span class="muted small">{field.hint}</span>
      </span>
      <input
        value={value}
        list={list}
        disabled={disabled}
        aria-invalid={problem ? "true" : undefined}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
      {list && (
        <datalist id={list}>
          {choices.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </label>
  );
}

const CHOICES: Record<string, [string, (item: Record<string, unknown>) => unknown]> = {
  projects: ["/api/v1/projects", (item) => (item["metadata"] as { name?: string } | undefined)?.name],
  repositories: ["/api/v1/repositories", (item) => item["repo"]],
  clusters: ["/api/v1/clusters", (item) => item["server"]],
};

function useChoices(from: Field["from"]): string[] {
  const [found, setFound] = useState<string[]>([]);
  useEffect(() => {
    const known = from && CHOICES[from];
    if (!known) return;
    const [place, value] = known;
    ask<{ items: Record<string, unknown>[] | null }>("GET", place).then(
      (answer) => setFound((answer.items ?? []).map((item) => String(value(item) ?? "")).filter(Boolean)),
      () => setFound([]),
    );
  }, [from]);
  return found;
}
