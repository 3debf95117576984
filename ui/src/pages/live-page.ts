/** One live view a page: it follows the address, and ends with the page. */
import { useEffect, useState } from "preact/hooks";

import { type Live, live } from "../api/stream";

export function useLive<T extends object>(place: string): Live<T> | null {
  const [found, setFound] = useState<{ place: string; live: Live<T> } | null>(null);
  useEffect(() => {
    const opened = live<T>(place);
    setFound({ place, live: opened });
    return () => opened.close();
  }, [place]);
  return found?.live ?? null;
}
