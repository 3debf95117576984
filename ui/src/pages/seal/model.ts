/** Sealing in the browser: the value is encrypted here, and only what nobody can read leaves. */

export type Scope = "strict" | "namespace-wide" | "cluster-wide";

const PREFIX = "sealedsecrets.bitnami.com/";

/** What binds an item to its place (spec of sealed-secrets: the label of OAEP). */
export function labelOf(scope: Scope, namespace: string, name: string): string {
  return scope === "cluster-wide" ? "" : scope === "namespace-wide" ? namespace : `${namespace}/${name}`;
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}

export function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Two bytes of length, the session key under RSA-OAEP with SHA-256, the value under AES-GCM with a nonce of zeros: the key is used once. */
export async function sealed(publicKey: string, label: string, value: Uint8Array<ArrayBuffer>): Promise<string> {
  const rsa = await crypto.subtle.importKey("spki", bytesOf(publicKey), { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  const session = crypto.getRandomValues(new Uint8Array(32));
  const aes = await crypto.subtle.importKey("raw", session, "AES-GCM", false, ["encrypt"]);
  const wrapped = new Uint8Array(await crypto.subtle.encrypt({ name: "RSA-OAEP", label: new TextEncoder().encode(label) }, rsa, session));
  const body = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12), tagLength: 128 }, aes, value));
  session.fill(0);
  const item = new Uint8Array(2 + wrapped.length + body.length);
  new DataView(item.buffer).setUint16(0, wrapped.length);
  item.set(wrapped, 2);
  item.set(body, 2 + wrapped.length);
  return base64Of(item);
}

export interface Pair {
  key: string;
  value: string;
}

const NAME = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;
const KEY = /^[A-Za-z0-9._-]+$/;

/** Why nothing can be sealed yet; empty: it can. */
export function lacks(namespace: string, name: string, scope: Scope, pairs: Pair[]): string {
  if (scope !== "cluster-wide" && !NAME.test(namespace)) return "a namespace is required: the value is bound to it";
  if (!NAME.test(name)) return scope === "strict" ? "a name is required: the value is bound to it" : "a name is required";
  const wrong = pairs.find((pair) => !KEY.test(pair.key));
  if (wrong) return wrong.key ? `the key ${wrong.key} may contain only letters, digits, '-', '_' and '.'` : "each value needs a key";
  if (new Set(pairs.map((pair) => pair.key)).size < pairs.length) return "two values have the same key";
  return pairs.some((pair) => !pair.value) ? "a value is empty" : "";
}

/** The manifest, to be committed. */
export function manifest(namespace: string, name: string, scope: Scope, items: [string, string][]): object {
  const annotations = scope === "strict" ? {} : { annotations: { [`${PREFIX}${scope}`]: "true" } };
  const metadata = { name, ...(namespace ? { namespace } : {}), ...annotations };
  return {
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata,
    spec: { encryptedData: Object.fromEntries(items), template: { metadata } },
  };
}
