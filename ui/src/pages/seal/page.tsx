import { useEffect, useState } from "preact/hooks";

import { ask, Failure, type Schemas } from "../../api/client";
import { Ago, Badge, Button, Copy, Note } from "../../parts";
import { href } from "../../router";
import { download } from "../logs/view";
import { yaml } from "../objects/model";
import { labelOf, lacks, manifest, type Pair, type Scope, sealed } from "./model";
import "../settings/page.css";

type Key = Schemas["SealingKeyShown"];
const SCOPES: [Scope, string][] = [
  ["strict", "this name in this namespace"],
  ["namespace-wide", "any name in this namespace"],
  ["cluster-wide", "anywhere"],
];

/** Seals values in the browser, and shows the keys that open. */
export function SealPage() {
  const [keys, setKeys] = useState<Key[] | null>(null);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    ask<Schemas["SealingKeys"]>("GET", "/api/argosy/v1/sealing/keys").then(
      (found) => setKeys(found.keys),
      (error: unknown) => setProblem(error instanceof Failure ? error.message : String(error)),
    );
  }, []);
  const sealing = keys?.find((one) => one.seals);
  return (
    <>
      <div class="head">
        <h1>
          <a href={href("/sealedsecrets")}>Sealed secrets</a> / seal
        </h1>
      </div>
      {problem && <Note severity="broken">{problem}</Note>}
      {keys && !sealing && <Note severity="attention">No key yet: the sealing controller creates one when it starts.</Note>}
      {sealing && <Sealing sealing={sealing} />}
      {keys && keys.length > 0 && <Keys keys={keys} />}
    </>
  );
}

function Sealing({ sealing }: { sealing: Key }) {
  const [namespace, setNamespace] = useState("");
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("strict");
  const [pairs, setPairs] = useState<Pair[]>([{ key: "", value: "" }]);
  const [made, setMade] = useState("");
  const missing = lacks(namespace, name, scope, pairs);
  const change = (at: number, pair: Partial<Pair>) => setPairs(pairs.map((one, index) => (index === at ? { ...one, ...pair } : one)));
  async function seal(event: SubmitEvent) {
    event.preventDefault();
    const label = labelOf(scope, namespace, name);
    const encoder = new TextEncoder();
    const items = await Promise.all(
      pairs.map(async (pair): Promise<[string, string]> => [pair.key, await sealed(sealing.publicKey, label, encoder.encode(pair.value))]),
    );
    setMade(yaml(manifest(namespace, name, scope, items)).trimStart());
    setPairs(pairs.map((pair) => ({ ...pair, value: "" })));
  }
  return (
    <section class="panel" aria-label="Seal values">
      <p class="muted">Values are encrypted in this browser; they are not sent anywhere. The result is safe to commit.</p>
      <form class="narrow" autocomplete="off" onSubmit={(event) => void seal(event)}>
        <label class="field">
          Namespace
          <input value={namespace} onInput={(event) => setNamespace(event.currentTarget.value)} />
        </label>
        <label class="field">
          Name
          <input value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <label class="field">
          Scope
          <select value={scope} onChange={(event) => setScope(event.currentTarget.value as Scope)}>
            {SCOPES.map(([value, title]) => (
              <option key={value} value={value}>
                {title} ({value})
              </option>
            ))}
          </select>
        </label>
        {pairs.map((pair, at) => (
          <fieldset key={at} class="pair">
            <legend class="hidden-but-read">Value {at + 1}</legend>
            <input aria-label={`Key ${at + 1}`} placeholder="key" value={pair.key} onInput={(event) => change(at, { key: event.currentTarget.value })} />
            <textarea
              aria-label={`Value ${at + 1}`}
              placeholder="value"
              rows={1}
              spellcheck={false}
              autocomplete="off"
              value={pair.value}
              onInput={(event) => change(at, { value: event.currentTarget.value })}
            />
          </fieldset>
        ))}
        <Button kind="plain" onClick={() => setPairs([...pairs, { key: "", value: "" }])}>
          Add a value
        </Button>
        <Button kind="primary" type="submit" lacks={missing || undefined}>
          Seal
        </Button>
      </form>
      {made && (
        <div class="stacked">
          <h2>
            Sealed <Copy text={made} what="the SealedSecret" /> <Button onClick={() => download(made, `${name}.yaml`)}>Download</Button>
          </h2>
          <pre class="diff" tabIndex={0}>
            {made}
          </pre>
        </div>
      )}
    </section>
  );
}

function Keys({ keys }: { keys: Key[] }) {
  return (
    <section class="stacked" aria-label="Keys">
      <h2>Keys</h2>
      <div class="table-box">
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Use</th>
              <th scope="col">Fingerprint</th>
              <th scope="col">Created</th>
              <th scope="col">Certificate expires</th>
              <th scope="col">Certificate</th>
            </tr>
          </thead>
          <tbody>
            {keys.map((one) => (
              <tr key={one.name}>
                <td>{one.name}</td>
                <td>{one.seals ? <Badge severity="ok">encrypts and decrypts</Badge> : <Badge severity="busy">decrypts</Badge>}</td>
                <td class="mono small">{one.fingerprint}</td>
                <td class="tight">
                  <Ago at={one.createdAt} />
                </td>
                <td class="tight">
                  <Ago at={one.notAfter} />
                </td>
                <td>
                  <Button kind="plain" onClick={() => download(one.certificate, `${one.name}.pem`)}>
                    Download
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
