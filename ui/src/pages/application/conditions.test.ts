import { expect, test } from "vitest";

import { helpOf, windowsNow } from "./conditions";

test("a condition that is known says what to do, another says nothing of its own", () => {
  expect(helpOf("SharedResourceWarning")).toContain("Another Application");
  expect(helpOf("SomethingNew")).toBe("");
});

test("windows say what they are, which is active and whether a person may sync", () => {
  const deny = { kind: "deny", schedule: "0 22 * * *", duration: "1h", timeZone: "Europe/Berlin" };
  expect(windowsNow({ assignedWindows: null })).toBeNull();
  expect(windowsNow({ assignedWindows: [deny], activeWindows: [deny], canSync: false })).toEqual({
    severity: "attention",
    words: "A sync window blocks all syncs now",
    each: ["denies sync at 0 22 * * * Europe/Berlin for 1h – active now"],
  });
  expect(windowsNow({ assignedWindows: [{ kind: "allow", schedule: "* * * * *", duration: "2h", manualSync: true }], activeWindows: [], canSync: true })?.each).toEqual([
    "allows sync at * * * * * for 2h, manual sync allowed",
  ]);
});
