import { expect, test } from "vitest";

import { drawn } from "../application/tree-model";
import { DIFFERENCES, LINES, NODES } from "./samples";

test("every state of a difference, of a line and of a box is shown", () => {
  expect(DIFFERENCES.map((one) => one.what)).toEqual(["changed", "created", "deleted"]);
  expect(new Set(LINES.map((one) => one.level))).toEqual(new Set(["info", "warning", "error"]));
  const boxes = drawn({ nodes: NODES }, "shop", new Set()).placed;
  expect(boxes.some((one) => one.folded.length > 1)).toBe(true);
  expect(new Set(boxes.map((one) => one.health))).toEqual(new Set(["", "Degraded", "Progressing", "Healthy", "Suspended"]));
});
