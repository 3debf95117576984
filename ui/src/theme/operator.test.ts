import { expect, test } from "vitest";

import { sheetOf } from "./operator";

test("tokens are rules for light and dark, but not for high contrast", () => {
  const sheet = sheetOf({ light: { accent: "#0a6d5a" }, dark: { accent: "#5fd6bd" } });
  expect(sheet).toContain(":root{--accent:#0a6d5a;}");
  expect(sheet).toContain(':root[data-theme="dark"]{--accent:#5fd6bd;}');
  expect(sheet.startsWith("@media not (prefers-contrast:more)")).toBe(true);
});

test.each([{ "accent}*{": "red" }, { accent: "red}*{display:none" }, { accent: "url(https://evil.example)" }])("what is no token is left out: %j", (light) => {
  expect(sheetOf({ light, dark: {} } as unknown as Parameters<typeof sheetOf>[0])).not.toMatch(/evil|\*|display/);
});

test("without tokens there is no sheet", () => {
  expect(sheetOf({ light: {}, dark: {} })).toBe("");
});
