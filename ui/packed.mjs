/** Packs what was built, for browsers that take brotli or gzip: `node packed.mjs DIR`; `--check`: unpacked it is the same. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from "node:zlib";

const [folder, check] = process.argv.slice(2);
const SHORTEST = 400;
const packers = {
  ".br": [(content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }), brotliDecompressSync],
  ".gz": [(content) => gzipSync(content, { level: 9 }), gunzipSync],
};
let wrong = 0;
for (const name of readdirSync(folder).filter((one) => /\.(js|css|svg)$/.test(one))) {
  const content = readFileSync(join(folder, name));
  if (content.length < SHORTEST) continue;
  for (const [ending, [pack, unpack]] of Object.entries(packers)) {
    const place = join(folder, name + ending);
    if (!check) writeFileSync(place, pack(content));
    else if (!unpack(readFileSync(place)).equals(content)) wrong += console.error(`${place} is not of today: make ui`) ?? 1;
  }
}
process.exit(wrong ? 1 : 0);
