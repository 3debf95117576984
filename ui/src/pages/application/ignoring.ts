/** From a difference to the rule that ignores it: where the two objects differ, as paths that Argo CD's field takes. Pure. */
import { yaml } from "../objects/model";
import type { Reference } from "./model";

type Json = Record<string, unknown>;

/** A place at which two objects differ. Items with a name are found by it, wherever they stand: that takes jq. */
export interface Place {
  /** For people. */
  shown: string;
  pointer: string;
  jq: string;
}

export interface Rule {
  group?: string;
  kind: string;
  name?: string;
  namespace?: string;
  jsonPointers?: string[];
  jqPathExpressions?: string[];
  managedFieldsManagers?: string[];
}

const START: Place = { shown: "", pointer: "", jq: "" };

export function differingPlaces(before: unknown, after: unknown, at: Place = START): Place[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => differingPlaces(before[name], after[name], below(at, name)));
  }
  if (Array.isArray(before) && Array.isArray(after)) return inLists(before, after, at);
  return [at];
}

function inLists(before: unknown[], after: unknown[], at: Place): Place[] {
  const [old, young] = [byName(before), byName(after)];
  if (old && young) {
    const names = [...new Set([...old.keys(), ...young.keys()])];
    return names.flatMap((name) => (old.has(name) && young.has(name) ? differingPlaces(old.get(name), young.get(name), named(at, name)) : [named(at, name)]));
  }
  if (before.length !== after.length) return [at];
  return before.flatMap((one, index) => differingPlaces(one, after[index], item(at, index)));
}

function byName(list: unknown[]): Map<string, unknown> | null {
  const names = list.map((one) => (isObject(one) ? one["name"] : undefined));
  if (!names.every((name) => typeof name === "string") || new Set(names).size < names.length) return null;
  return new Map(list.map((one, at) => [names[at] as string, one]));
}

function below(at: Place, name: string): Place {
  const pointer = at.pointer === NONE ? NONE : `${at.pointer}/${name.replace(/~/g, "~0").replace(/\//g, "~1")}`;
  const plain = /^[A-Za-z_]\w*$/.test(name);
  return { shown: at.shown ? `${at.shown}.${name}` : name, pointer, jq: `${at.jq}${plain ? `.${name}` : `${at.jq ? "" : "."}[${JSON.stringify(name)}]`}` };
}

/** No pointer names an item by what it holds. */
const NONE = "none";

function named(at: Place, name: string): Place {
  return { shown: `${at.shown}[${name}]`, pointer: NONE, jq: `${at.jq}[] | select(.name == ${JSON.stringify(name)}) | ` };
}

function item(at: Place, index: number): Place {
  return { shown: `${at.shown}[${index}]`, pointer: at.pointer === NONE ? NONE : `${at.pointer}/${index}`, jq: `${at.jq}[${index}]` };
}

/** One rule for one object. */
export function ruleFor(of: Reference, places: Place[]): Rule {
  const pointers = places.filter((one) => one.pointer !== NONE).map((one) => one.pointer);
  const expressions = places.filter((one) => one.pointer === NONE).map((one) => one.jq.replace(/ \| $/, ""));
  return {
    ...(of.group ? { group: of.group } : {}),
    kind: of.kind,
    name: of.name,
    ...(of.namespace ? { namespace: of.namespace } : {}),
    ...(pointers.length ? { jsonPointers: pointers } : {}),
    ...(expressions.length ? { jqPathExpressions: expressions } : {}),
  };
}

/** The whole list with the rule in it: one for the same object grows. A merge patch replaces lists, so all are in it. */
export function withRule(rules: Rule[], rule: Rule): Rule[] {
  const same = (one: Rule) => one.kind === rule.kind && (one.group ?? "") === (rule.group ?? "") && one.name === rule.name && (one.namespace ?? "") === (rule.namespace ?? "");
  const at = rules.findIndex(same);
  if (at < 0) return [...rules, rule];
  const old = rules[at]!;
  const joined = (name: "jsonPointers" | "jqPathExpressions") => [...new Set([...(old[name] ?? []), ...(rule[name] ?? [])])];
  const grown: Rule = { ...old, ...(joined("jsonPointers").length ? { jsonPointers: joined("jsonPointers") } : {}), ...(joined("jqPathExpressions").length ? { jqPathExpressions: joined("jqPathExpressions") } : {}) };
  return rules.map((one, index) => (index === at ? grown : one));
}

export function asPatch(rules: Rule[]): { patch: string; text: string } {
  const body = { spec: { ignoreDifferences: rules } };
  return { patch: JSON.stringify(body), text: yaml(body).trimStart() };
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
