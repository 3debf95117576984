/** What a first visit and each later page cost, compressed: `node budgets.mjs DIR`, where DIR has index.html and assets. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";

const KB = 1024;
const BUDGETS = { "script of the first load": 120, "style of the first load": 25, "a later page": 60, "editor and diff": 150, terminal: 60 };
const folder = process.argv[2];
const assets = join(folder, "assets");
const names = readdirSync(assets).filter((one) => /\.(js|css)$/.test(one));
const sizes = new Map(names.map((name) => [name, brotliCompressSync(readFileSync(join(assets, name))).length]));
/** What a script cannot run without: its static imports, and theirs. */
const needed = (name, seen = new Set()) => {
  if (seen.has(name)) return seen;
  seen.add(name);
  const text = readFileSync(join(assets, name), "utf8");
  for (const [, other] of text.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) needed(other, seen);
  return seen;
};
const total = (found) => [...found].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
const index = readFileSync(join(folder, "index.html"), "utf8");
const first = new Set([...index.matchAll(/assets\/([\w.-]+\.js)/g)].flatMap(([, name]) => [...needed(name)]));
const styles = [...index.matchAll(/assets\/([\w.-]+\.css)/g)].map(([, name]) => name);
const later = names.filter((name) => name.endsWith(".js") && !first.has(name));
const without = (name) => [...needed(name)].filter((one) => !first.has(one));

const said = [["script of the first load", total(first), [...first][0]], ["style of the first load", total(styles), styles[0]]];
for (const name of later) {
  // the terminal is opened within a page that is there already: its own file is what it costs
  if (name.startsWith("screen")) said.push(["terminal", sizes.get(name), name]);
  else said.push([name.startsWith("editor") ? "editor and diff" : "a later page", total(without(name)), name]);
}
let wrong = 0;
const largest = {};
for (const [what, size, name] of said) {
  if (!largest[what] || size > largest[what].size) largest[what] = { size, name };
  if (size <= BUDGETS[what] * KB) continue;
  console.error(`${name} costs ${(size / KB).toFixed(1)} kB with what it needs: ${what} may cost ${BUDGETS[what]} kB`);
  wrong = 1;
}
for (const [what, { size, name }] of Object.entries(largest)) console.log(`${what}: ${(size / KB).toFixed(1)} of ${BUDGETS[what]} kB (${name})`);
process.exit(wrong);
