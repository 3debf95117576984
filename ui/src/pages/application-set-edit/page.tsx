import { lazy, Suspense } from "preact/compat";
import { useEffect, useState } from "preact/hooks";
import { parse } from "yaml";

import { ask, Failure } from "../../api/client";
import { objectOf, useLacking } from "../../api/rights";
import { Button, Loading, Note, toast } from "../../parts";
import { go, href } from "../../router";
import { Differences } from "../application/diff";
import { yaml } from "../objects/model";
import { differencesOf, effectOf, type Preview, replaced } from "./model";
import "../application/page.css";
import "../application-edit/page.css";

const Editor = lazy(() => import("../../parts/editor").then((found) => found.Editor));
const e = encodeURIComponent;
type Stored = { metadata: Record<string, unknown>; spec: Record<string, unknown> };

/** The specification of an ApplicationSet: what an edit would create, change and delete is shown before it is saved. */
export function EditApplicationSetPage({ namespace, name }: { namespace: string; name: string }) {
  const [stored, setStored] = useState<Stored | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<Stored>("GET", `/api/v1/applicationsets/${e(name)}?appsetNamespace=${e(namespace)}`).then(setStored, (error: unknown) => setProblem(told(error)));
  }, [namespace, name]);
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/applicationsets")}>ApplicationSets</a> / <a href={href(`/applicationsets/${e(namespace)}/${e(name)}`)}>{name}</a> / edit
        </h1>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {stored ? <Form stored={stored} namespace={namespace} name={name} /> : !problem && <Loading />}
    </>
  );
}

type FormProps = { stored: Stored; namespace: string; name: string };
type Tried = { text: string; preview: Preview };

function Form({ stored, namespace, name }: FormProps) {
  const start = yaml(stored.spec).trimStart();
  const [text, setText] = useState(start);
  const [tried, setTried] = useState<Tried | null>(null);
  const [refusal, setRefusal] = useState("");
  const [busy, setBusy] = useState(false);
  const lacks = useLacks(stored);
  async function doing(what: () => Promise<void>) {
    setBusy(true);
    setRefusal("");
    await what().catch((error: unknown) => setRefusal(told(error)));
    setBusy(false);
  }
  const preview = () =>
    doing(async () => {
      const found = await ask<Preview>("POST", `/api/argosy/v1/applicationsets/${e(namespace)}/${e(name)}/preview`, { spec: parse(text) as object });
      setTried({ text, preview: found });
    });
  const save = () =>
    doing(async () => {
      await ask("POST", "/api/v1/applicationsets?upsert=true", replaced(stored, parse(text)));
      toast("ok", `${name} saved`);
      go(`/applicationsets/${e(namespace)}/${e(name)}`);
    });
  const isTried = tried?.text === text;
  return (
    <>
      <Suspense fallback={<p class="muted">Loading the editor…</p>}>
        <Editor text={text} label="The ApplicationSet's spec as YAML" onChange={setText} />
      </Suspense>
      <div class="head">
        <Button kind={isTried ? "usual" : "primary"} lacks={lacks} disabled={busy} onClick={() => void preview()}>
          {busy ? "Generating…" : "Preview"}
        </Button>
        <Button kind={isTried ? "primary" : "usual"} lacks={lacks} disabled={busy || !isTried || text === start} onClick={() => void save()}>
          Save
        </Button>
        <Button disabled={text === start} onClick={() => setText(start)}>
          Discard changes
        </Button>
        {!isTried && text !== start && <span class="muted">Preview the effect first, then save.</span>}
      </div>
      {refusal && <Note severity="broken">{refusal}</Note>}
      {isTried && <Effect preview={tried.preview} />}
    </>
  );
}

function Effect({ preview }: { preview: Preview }) {
  return (
    <section class="stacked" aria-label="Preview">
      <Note severity={preview.deleted.length ? "broken" : "ok"}>
        {effectOf(preview)}
        {preview.deleted.length > 0 && ". Deleting an Application also deletes its resources, unless the ApplicationSet preserves them."}
      </Note>
      {preview.problems.map((one) => (
        <Note key={one} severity="attention">
          {one}
        </Note>
      ))}
      <Differences found={differencesOf(preview)} />
    </section>
  );
}

/** Why it may not be saved, if it may not. */
function useLacks(stored: Stored): string | undefined {
  const { namespace, name } = stored.metadata;
  const template = stored.spec["template"] as { spec?: { project?: string } } | undefined;
  const object = objectOf(template?.spec?.project || "default", String(namespace), String(name));
  return useLacking([{ resource: "applicationsets", action: "update", object }])[0];
}

function told(error: unknown): string {
  return error instanceof Failure || error instanceof Error ? error.message : String(error);
}
