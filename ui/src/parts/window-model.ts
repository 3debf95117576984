/** Of a long list what is drawn and what the server is asked for. Rows are counted from 0; heights are in pixels. Pure. */

export interface View {
  /** The first row that is drawn, and the one after the last. */
  first: number;
  last: number;
}

/** Rows that are drawn above and below what is seen: the next key or turn of the wheel finds them there. */
export const BEYOND = 8;
/** Rows of one question; windows begin at multiples of a third of it. */
export const ASKED = 150;
const STEP = ASKED / 3;

/** `above`: how far the first row's top is above the top of what is seen; negative while it is below. */
export function drawnRows(above: number, seen: number, row: number, rows: number): View {
  const first = Math.floor(Math.max(0, above) / row) - BEYOND;
  const last = Math.ceil((Math.max(0, above) + Math.min(seen, seen + above)) / row) + BEYOND;
  const from = Math.min(Math.max(0, first), Math.max(0, rows - BEYOND));
  return { first: from, last: Math.max(from, Math.min(rows, last)) };
}

/** Where the question begins that has what is drawn in its middle: it changes once in so many rows, not at each. */
export function askedFrom(view: View): number {
  const middle = (view.first + view.last) / 2;
  return Math.max(0, Math.floor((middle - STEP) / STEP) * STEP);
}

/** Rows by their place in the whole list; those of the question before stay until they are answered anew. */
export function placedRows<R>(before: ReadonlyMap<number, R>, rows: R[], offset: number): Map<number, R> {
  const after = new Map<number, R>();
  for (const [at, row] of before) if (at < offset || at >= offset + rows.length) after.set(at, row);
  rows.forEach((row, at) => after.set(offset + at, row));
  return after;
}
