/** A table of which only the rows that are seen are in the document, however many there are. */
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

import { go, query, withQuery } from "../router";
import { drawnRows, type View } from "./window-model";

const USUAL_ROW = 56;
const AT_FIRST: View = { first: 0, last: 40 };
const SETTLED = 300;

interface Props<R> {
  label: string;
  /** For what a style sheet says of this table alone. */
  name?: string;
  head: ComponentChildren;
  columns: number;
  matched: number;
  /** Rows by their place; what is not there yet is drawn as waiting. */
  rows: ReadonlyMap<number, R>;
  /** Another question begins at the top. */
  question: string;
  onView: (view: View) => void;
  draw: (row: R, at: number) => ComponentChildren;
}

/** The first row that is seen stands in the address, as `offset`. */
export function VirtualTable<R>({ label, name = "", head, columns, matched, rows, question, onView, draw }: Props<R>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const height = useRef(USUAL_ROW);
  const [view, setView] = useState(AT_FIRST);
  const last = useRef(view);
  const measure = () => {
    if (!body.current) return;
    const drawn = body.current.querySelector<HTMLElement>("tr[data-drawn]");
    if (drawn?.offsetHeight) height.current = drawn.offsetHeight;
    const top = body.current.getBoundingClientRect().top;
    const next = drawnRows(-top, innerHeight, height.current, matched);
    if (next.first === last.current.first && next.last === last.current.last) return;
    last.current = next;
    setView(next);
    onView(next);
  };
  useLayoutEffect(measure, [matched, rows]);
  useEffect(() => {
    let waits = 0;
    let settled = 0;
    const scrolled = () => {
      if (!waits) {
        waits = requestAnimationFrame(() => {
          waits = 0;
          measure();
        });
      }
      clearTimeout(settled);
      settled = window.setTimeout(() => remember(body.current, height.current), SETTLED);
    };
    addEventListener("scroll", scrolled, { passive: true });
    addEventListener("resize", scrolled);
    return () => {
      removeEventListener("scroll", scrolled);
      removeEventListener("resize", scrolled);
      cancelAnimationFrame(waits);
      clearTimeout(settled);
    };
  }, [matched]);
  useEffect(() => {
    const wanted = Number(query.value.get("offset")) || 0;
    if (!body.current) return;
    const top = body.current.getBoundingClientRect().top + scrollY;
    if (wanted > 0) scrollTo({ top: top + wanted * height.current });
    else if (scrollY > top) scrollTo({ top: 0 });
  }, [question]);
  const shown: ComponentChildren[] = [];
  for (let at = view.first; at < Math.min(view.last, matched); at++) {
    const row = rows.get(at);
    shown.push(row === undefined ? <Waiting key={`waits ${at}`} columns={columns} at={at} /> : draw(row, at));
  }
  const below = matched - Math.min(view.last, matched);
  return (
    <div class="table-box">
      <table class={`virtual ${name}`} aria-label={label} aria-rowcount={matched + 1}>
        <thead>
          <tr aria-rowindex={1}>{head}</tr>
        </thead>
        <tbody ref={body}>
          {view.first > 0 && <Space columns={columns} height={view.first * height.current} />}
          {shown}
          {below > 0 && <Space columns={columns} height={below * height.current} />}
        </tbody>
      </table>
    </div>
  );
}

function remember(body: HTMLElement | null, row: number): void {
  if (!body) return;
  const offset = Math.max(0, Math.round(-body.getBoundingClientRect().top / row));
  if (offset !== (Number(query.value.get("offset")) || 0)) go(withQuery({ offset: offset ? String(offset) : null }), "replace");
}

function Space({ columns, height }: { columns: number; height: number }) {
  return (
    <tr class="space" aria-hidden="true">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function Waiting({ columns, at }: { columns: number; at: number }) {
  return (
    <tr aria-rowindex={at + 2} data-drawn>
      <td colSpan={columns}>
        <div class="cell muted">…</div>
      </td>
    </tr>
  );
}
