import { useEffect, useRef } from "preact/hooks";

import { go, href, withQuery } from "../../router";
import { type LogLine, marked } from "./model";

interface Props {
  lines: LogLine[];
  search: string;
  wrap: boolean;
  follow: boolean;
  ended: boolean;
  /** The line that the address names. */
  linked?: string;
}

/** Lines in a box of their own that stays at its end while it is followed, or else at the line that the address names. */
export function Lines({ lines, search, wrap, follow, ended, linked = "" }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(!linked);
  const shown = useRef("");
  useEffect(() => {
    if (follow && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follow]);
  useEffect(() => {
    const line = linked && linked !== shown.current && box.current?.querySelector("[aria-current]");
    if (!line) return;
    shown.current = linked;
    atEnd.current = false;
    line.scrollIntoView({ block: "center" });
  }, [lines, linked]);
  const pods = new Set(lines.map((one) => one.pod));
  const address = linkTo();
  return (
    <div
      ref={box}
      class={`log-box${wrap ? " wrapped" : ""}`}
      tabIndex={0}
      role="log"
      aria-label="Lines"
      aria-live="off"
      onClick={(event) => {
        const link = (event.target as Element).closest("a");
        if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        shown.current = link.dataset["line"] ?? "";
        go(withQuery({ line: shown.current }), "replace");
      }}
      onKeyDown={(event) => {
        const line = (event.target as Element).closest("a")?.parentElement;
        const next = event.key === "ArrowUp" ? line?.previousElementSibling : event.key === "ArrowDown" ? line?.nextElementSibling : null;
        const link = next?.querySelector("a");
        if (!link) return;
        event.preventDefault();
        link.focus();
      }}
      onScroll={(event) => {
        const found = event.currentTarget;
        atEnd.current = found.scrollHeight - found.scrollTop - found.clientHeight < 40;
      }}
    >
      {lines.map((line, at) => (
        <div key={line.number} class={`log-line ${line.level}`} aria-current={line.name === linked ? "location" : undefined}>
          <a href={address + encodeURIComponent(line.name)} data-line={line.name} tabIndex={line.name === linked || at === lines.length - 1 ? 0 : -1} title={`Link to this line of ${line.at}`}>
            <time dateTime={line.at}>{line.at.slice(11, 23)}</time>
          </a>
          {pods.size > 1 && <span class="pod">{line.pod}</span>}
          <span class="text">{marked(line.text, search).map((piece) => (piece.hit ? <mark>{piece.text}</mark> : piece.text))}</span>
        </div>
      ))}
      {lines.length === 0 && <p class="muted">{ended ? "No log lines." : "No log lines yet."}</p>}
    </div>
  );
}

/** The address of this page, up to the line's name. */
function linkTo(): string {
  const rest = href(withQuery({ line: null }));
  return `${rest}${rest.includes("?") ? "&" : "?"}line=`;
}
