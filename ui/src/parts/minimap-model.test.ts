import { expect, test } from "vitest";

import { FEW, helps, HIGHEST, scaleOf, scrolledTo, WIDEST } from "./minimap-model";

const seen = { left: 0, top: 0, width: 800, height: 400 };

test("the whole picture fits into the minimap", () => {
  for (const [width, height] of [[5000, 300], [300, 9000], [1, 1]] as const) {
    const scale = scaleOf(width, height);
    expect(width * scale).toBeLessThanOrEqual(WIDEST + 1e-9);
    expect(height * scale).toBeLessThanOrEqual(HIGHEST + 1e-9);
  }
});

test("there is none for a few, where the whole picture is seen, or where nothing was measured yet", () => {
  expect(helps(FEW + 1, seen, 700, 3800)).toBe(true);
  expect(helps(FEW, seen, 700, 3800)).toBe(false);
  expect(helps(FEW + 1, seen, 700, 380)).toBe(false);
  expect(helps(FEW + 1, { ...seen, width: 0 }, 700, 3800)).toBe(false);
});

test("what is pressed comes into the middle, and never beyond the beginning", () => {
  expect(scrolledTo(90, 60, 0.1, seen)).toEqual({ left: 500, top: 400 });
  expect(scrolledTo(1, 1, 0.1, seen)).toEqual({ left: 0, top: 0 });
});
