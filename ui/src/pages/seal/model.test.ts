import { constants, createDecipheriv, generateKeyPairSync, privateDecrypt } from "node:crypto";

import { expect, test } from "vitest";

import { bytesOf, labelOf, lacks, manifest, sealed } from "./model";

test("what is sealed here is opened by the key and the label alone", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const value = new TextEncoder().encode("p4ssw0rd ü");
  const item = Buffer.from(bytesOf(await sealed(spki, "shop/db", value)));
  const length = item.readUInt16BE(0);
  expect(length).toBe(256);
  const open = (label: string) => {
    const session = privateDecrypt(
      { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from(label) },
      item.subarray(2, 2 + length),
    );
    const cipher = createDecipheriv("aes-256-gcm", session, Buffer.alloc(12));
    cipher.setAuthTag(item.subarray(-16));
    return Buffer.concat([cipher.update(item.subarray(2 + length, -16)), cipher.final()]).toString();
  };
  expect(open("shop/db")).toBe("p4ssw0rd ü");
  expect(() => open("shop/other")).toThrow();
});

test("two sealings of one value have nothing in common", async () => {
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const spki = publicKey.export({ type: "spki", format: "der" }).toString("base64");
  const value = new TextEncoder().encode("x");
  expect(await sealed(spki, "", value)).not.toBe(await sealed(spki, "", value));
});

test.each([
  ["strict", "n/x"],
  ["namespace-wide", "n"],
  ["cluster-wide", ""],
] as const)("the label of scope %s is %j", (scope, label) => {
  expect(labelOf(scope, "n", "x")).toBe(label);
});

test("what lacks is said", () => {
  const pair = { key: "a", value: "b" };
  expect(lacks("n", "x", "strict", [pair])).toBe("");
  expect(lacks("", "x", "strict", [pair])).toContain("namespace");
  expect(lacks("", "x", "cluster-wide", [pair])).toBe("");
  expect(lacks("n", "x", "strict", [pair, pair])).toContain("same key");
  expect(lacks("n", "x", "strict", [{ key: "a b", value: "c" }])).toContain("a b");
  expect(lacks("n", "x", "strict", [{ key: "a", value: "" }])).toContain("empty");
});

test("the manifest says its scope by upstream's annotation", () => {
  expect(manifest("n", "x", "strict", [["a", "Ag=="]])).toEqual({
    apiVersion: "bitnami.com/v1alpha1",
    kind: "SealedSecret",
    metadata: { name: "x", namespace: "n" },
    spec: { encryptedData: { a: "Ag==" }, template: { metadata: { name: "x", namespace: "n" } } },
  });
  expect(manifest("n", "x", "namespace-wide", [])).toMatchObject({ metadata: { annotations: { "sealedsecrets.bitnami.com/namespace-wide": "true" } } });
});
