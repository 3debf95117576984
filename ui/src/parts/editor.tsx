/** An editor of YAML; loaded when it is first opened. */
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { Annotation, EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";

export interface Mark {
  /** Lines from 1. */
  line: number;
  message: string;
}

const FROM_OUTSIDE = Annotation.define<boolean>();
const LOOK = EditorView.theme({
  "&": { backgroundColor: "var(--panel)", color: "var(--text)", border: "1px solid var(--line-strong)", borderRadius: "var(--radius)" },
  "&.cm-focused": { outline: "2px solid var(--accent)" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "12.5px", maxHeight: "70vh", minHeight: "320px" },
  ".cm-gutters": { backgroundColor: "var(--page)", color: "var(--muted)", border: "0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: tags.comment, color: "var(--muted)" },
  { tag: [tags.keyword, tags.labelName, tags.typeName], color: "var(--attention)" },
]);

export function Editor(props: { text: string; label: string; marks?: Mark[]; onChange: (text: string) => void }) {
  const box = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const change = useRef(props.onChange);
  change.current = props.onChange;
  /** What the editor itself told and has not come back yet: it must not be written over what was typed meanwhile. */
  const told = useRef<string[]>([]);
  useEffect(() => {
    const state = EditorState.create({
      doc: props.text,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        indentUnit.of("  "),
        yaml(),
        syntaxHighlighting(COLOURS),
        lintGutter(),
        keymap.of([...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": props.label }),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || update.transactions.some((one) => one.annotation(FROM_OUTSIDE))) return;
          const text = update.state.doc.toString();
          told.current.push(text);
          change.current(text);
        }),
        LOOK,
        EditorView.cspNonce.of(document.querySelector<HTMLMetaElement>('meta[name="style-nonce"]')?.content ?? ""),
      ],
    });
    const made = new EditorView({ state, parent: box.current! });
    view.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const found = view.current;
    const known = told.current.lastIndexOf(props.text);
    if (known >= 0) told.current.splice(0, known + 1);
    if (!found || known >= 0 || found.state.doc.toString() === props.text) return;
    told.current = [];
    found.dispatch({ changes: { from: 0, to: found.state.doc.length, insert: props.text }, annotations: FROM_OUTSIDE.of(true) });
  }, [props.text]);
  useEffect(() => {
    const found = view.current;
    if (!found) return;
    const marks = (props.marks ?? []).map((one): Diagnostic => {
      const line = found.state.doc.line(Math.min(Math.max(one.line, 1), found.state.doc.lines));
      return { from: line.from, to: line.to, severity: "error", message: one.message };
    });
    found.dispatch(setDiagnostics(found.state, marks));
  }, [props.marks, props.text]);
  return <div ref={box} />;
}
