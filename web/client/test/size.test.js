import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

async function size(file) {
  const entry = new URL(`../${file}`, import.meta.url).pathname;
  const built = await build({ entryPoints: [entry], bundle: true, minify: true, format: "esm", write: false });
  return gzipSync(built.outputFiles[0].contents, { level: 9 }).length;
}

// All of it: what a page loads, with the hub that another page would have in a SharedWorker.
test("the client is at most 3 KB, minified and gzipped", async () => {
  const bytes = await size("index.js");
  assert.ok(bytes <= 3 * 1024, `${bytes} bytes`);
});
