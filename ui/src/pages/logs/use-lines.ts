import { useEffect, useRef, useState } from "preact/hooks";

import { complete, connected, type Watch, watched } from "../../api/stream";
import { type Entry, kept, type LogLine, linesOf, numbered, placeOf, unseen, type Wanted } from "./model";

export type Connection = "opening" | "following" | "ended" | "broken";

/** The lines that an address asks for, as the stream brings them. */
export function useLines(wanted: Wanted): { lines: LogLine[]; connection: Connection; problem: string; since: string } {
  const [lines, setLines] = useState<LogLine[]>([]);
  const [state, setState] = useState<"opening" | "following" | "ended">("opening");
  const [problem, setProblem] = useState("");
  // A line that is linked while the logs are shown is among them: only one that was followed here decides what is read.
  const since = useRef(wanted.line);
  if (!wanted.line) since.current = "";
  const asked = { ...wanted, line: since.current };
  const place = placeOf(asked);
  useEffect(() => {
    let all: LogLine[] = [];
    let before: LogLine[] = [];
    setLines([]);
    setProblem("");
    setState("opening");
    const watch: Watch = {
      place: () => placeOf(asked, all.at(-1)?.at),
      snapshot() {
        before = all;
        setProblem("");
        setState("following");
      },
      patch({ appended = [], ended }) {
        all = kept([...all, ...numbered(unseen(linesOf(appended as Entry[]), before), all)], Boolean(since.current));
        setLines(all);
        if (!ended) return;
        complete(watch);
        setState("ended");
      },
      refuse(text, status) {
        setProblem(text);
        if (status < 500) setState("ended");
      },
    };
    return watched(watch);
  }, [place]);
  const connection = state === "following" && !connected.value ? "broken" : state;
  return { lines, connection, problem, since: since.current };
}
