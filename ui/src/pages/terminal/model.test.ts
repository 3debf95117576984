import { expect, test } from "vitest";

import { containersOf, hindrance, printed, resized, socketAddress, terminalPlace, typed } from "./model";

const OPENED = { pod: "web-1", container: "main", namespace: "shop", application: "web", appNamespace: "argocd", project: "default" };

test("the address names the Pod, its container and whose Application it is", () => {
  expect(terminalPlace(OPENED)).toBe("/terminal?pod=web-1&container=main&namespace=shop&appName=web&appNamespace=argocd&projectName=default");
  expect(terminalPlace({ ...OPENED, pod: "a&container=b" })).toContain("pod=a%26container%3Db&container=main");
});

test.each([
  ["https://argosy.example", "wss://argosy.example/x"],
  ["http://127.0.0.1:8080", "ws://127.0.0.1:8080/x"],
])("of %s the socket is %s", (origin, address) => {
  expect(socketAddress(origin, "/x")).toBe(address);
});

test("what is typed and how large the screen is are told", () => {
  expect(JSON.parse(typed("ls\r"))).toEqual({ operation: "stdin", data: "ls\r" });
  expect(JSON.parse(resized(80, 24))).toEqual({ operation: "resize", cols: 80, rows: 24 });
});

test.each([
  ['{"operation":"stdout","data":"hello"}', "hello"],
  ['{"operation":"other","data":"hello"}', ""],
  ['{"operation":"stdout","data":{"a":1}}', ""],
  ["null", ""],
  ["no JSON", ""],
])("of %s this is printed: %j", (message, text) => {
  expect(printed(message)).toBe(text);
});

test("containers are in the order of the Pod, with whether they run", () => {
  const pod = { spec: { containers: [{ name: "main" }, { name: "side" }] }, status: { containerStatuses: [{ name: "side", state: { running: {} } }, { name: "main", state: { waiting: {} } }] } };
  expect(containersOf(pod)).toEqual([{ name: "main", runs: false }, { name: "side", runs: true }]);
  expect(containersOf(null)).toEqual([]);
});

test("what hinders a terminal is said", () => {
  expect(hindrance(true, true, "exec, create, default/web")).toBe("");
  expect(hindrance(false, true, "")).toContain("exec.enabled");
  expect(hindrance(true, false, "exec, create, default/web")).toContain("exec, create, default/web");
});
