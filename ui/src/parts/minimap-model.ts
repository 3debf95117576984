/** A large picture in small, with the part that is seen. All lengths in pixels. Pure. */

export interface Spot {
  key: string;
  left: number;
  top: number;
  width: number;
  height: number;
  severity: string;
}

export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

export const WIDEST = 180;
export const HIGHEST = 120;

/** How much smaller it is drawn. */
export function scaleOf(width: number, height: number): number {
  return Math.min(WIDEST / Math.max(1, width), HIGHEST / Math.max(1, height));
}

/** Pictures of no more than these are read without one. */
export const FEW = 30;

/** Whether a minimap helps: there is much, and some of it is out of sight. */
export function helps(spots: number, seen: Part, width: number, height: number): boolean {
  return spots > FEW && seen.width > 0 && (width > seen.width * 1.2 || height > seen.height * 1.2);
}

/** Where to scroll, so that the pressed place of the minimap comes into the middle. */
export function scrolledTo(x: number, y: number, scale: number, seen: Part): { left: number; top: number } {
  return { left: Math.max(0, x / scale - seen.width / 2), top: Math.max(0, y / scale - seen.height / 2) };
}
