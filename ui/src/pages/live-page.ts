/** One live view a page: it follows the address, and ends with the page. */
import { useEffect, useRef, useState } from "preact/hooks";

import { type Live, live } from "../api/stream";
import { askedFrom, BEYOND, placedRows, type View } from "../parts/window-model";
import { query } from "../router";

export function useLive<T extends object>(place: string): Live<T> | null {
  const [found, setFound] = useState<{ place: string; live: Live<T> } | null>(null);
  useEffect(() => {
    const opened = live<T>(place);
    setFound({ place, live: opened });
    return () => opened.close();
  }, [place]);
  return found?.live ?? null;
}

interface Listed<R> {
  total: number;
  matched: number;
  rows: R[];
  facets: Record<string, Record<string, number>>;
}

export interface Window<P, R> {
  page: P | null;
  problem: string;
  rows: ReadonlyMap<number, R>;
  question: string;
  onView: (view: View) => void;
}

/**
 * A window on a list that may be long: it follows what is seen. `question` is the stream's address without its offset.
 * Rows of the window before stay until those of the next are there, so that nothing flickers.
 */
export function useWindow<R, P extends Listed<R>>(question: string): Window<P, R> {
  const [offset, setOffset] = useState(() => askedFrom({ first: firstRow(), last: firstRow() + BEYOND }));
  const found = useLive<P>(`${question}&offset=${offset}`);
  const kept = useRef<{ question: string; page: P | null; rows: ReadonlyMap<number, R> }>({ question: "", page: null, rows: new Map() });
  const page = found?.value.value ?? null;
  if (page && page !== kept.current.page) {
    const asked = found?.place.split("&offset=")[0] ?? "";
    const from = Number(found?.place.split("&offset=")[1]);
    const before = kept.current.question === asked && kept.current.page?.matched === page.matched ? kept.current.rows : new Map<number, R>();
    kept.current = { question: asked, page, rows: placedRows(before, page.rows, from) };
  }
  const onView = (view: View) => setOffset(askedFrom(view));
  return { page: kept.current.page, problem: found?.problem.value ?? "", rows: kept.current.rows, question, onView };
}

function firstRow(): number {
  return Number(query.value.get("offset")) || 0;
}
