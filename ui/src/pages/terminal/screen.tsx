/** A shell in a container of a Pod: the screen alone is loaded with this page. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { useEffect, useRef, useState } from "preact/hooks";

import { Badge, Note } from "../../parts";
import { href } from "../../router";
import { type Opened, printed, resized, socketAddress, terminalPlace, typed } from "./model";
import "./screen.css";

const LOOK = { background: "#10151c", foreground: "#e5eaf0", cursor: "#7cb5f2" };
const OUT = "F6";

export function TerminalScreen(opened: Opened) {
  const [state, setState] = useState<"opening" | "open" | "ended">("opening");
  const [problem, setProblem] = useState("");
  const [round, setRound] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const way = useRef<HTMLButtonElement>(null);
  const place = href(terminalPlace(opened));
  useEffect(() => {
    setState("opening");
    setProblem("");
    const screen = new Terminal({ cursorBlink: true, fontSize: 13, fontFamily: "ui-monospace, Menlo, Consolas, monospace", theme: LOOK, screenReaderMode: true, documentOverride: styledDocument() });
    const fit = new FitAddon();
    screen.loadAddon(fit);
    screen.open(box.current!);
    screen.attachCustomKeyEventHandler((event) => {
      if (event.key !== OUT) return true;
      way.current?.focus();
      return false;
    });
    const socket = new WebSocket(socketAddress(location.origin, place));
    const tell = (text: string) => socket.readyState === WebSocket.OPEN && socket.send(text);
    let wasOpen = false;
    socket.onopen = () => {
      wasOpen = true;
      setState("open");
      fit.fit();
      tell(resized(screen.cols, screen.rows));
      screen.focus();
    };
    socket.onmessage = (event) => screen.write(printed(event.data));
    socket.onclose = () => {
      setState("ended");
      if (!wasOpen) void why(place).then(setProblem);
    };
    screen.onData((data) => tell(typed(data)));
    screen.onResize(({ cols, rows }) => tell(resized(cols, rows)));
    const sizes = new ResizeObserver(() => fit.fit());
    sizes.observe(box.current!);
    return () => {
      sizes.disconnect();
      socket.onclose = null;
      socket.close();
      screen.dispose();
    };
  }, [place, round]);
  return (
    <div class="terminal">
      <p class="muted">
        <Badge severity={state === "open" ? "ok" : state === "opening" ? "busy" : "attention"}>{state}</Badge> {opened.container} of {opened.pod}. <kbd>{OUT}</kbd> leaves the
        screen.{" "}
        <button ref={way} type="button" class="button plain" onClick={() => setRound(round + 1)}>
          {state === "ended" ? "Reconnect" : "New session"}
        </button>
      </p>
      {problem && <Note severity="broken">{problem}</Note>}
      <div class="screen" ref={box} />
    </div>
  );
}

/** A web socket does not tell why it was refused; the same question without one does. */
async function why(place: string): Promise<string> {
  try {
    const response = await fetch(place, { credentials: "same-origin" });
    return `The terminal could not be opened: ${(await response.text()).trim() || response.status}`;
  } catch {
    return "The server cannot be reached.";
  }
}

/** The screen writes its own style sheets: they carry the page's nonce, as the policy asks. */
function styledDocument(): Document {
  const nonce = document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? "";
  return new Proxy(document, {
    get(target, name) {
      if (name === "createElement") {
        return (tag: string) => {
          const made = target.createElement(tag);
          if (tag === "style") made.nonce = nonce;
          return made;
        };
      }
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
}
