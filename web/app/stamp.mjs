// Writes down what the build was made from, so that a test which has no Node can tell whether ../dist
// belongs to these sources. built_test.go computes the same.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const sources = readdirSync("src", { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile())
  .map((e) => `${e.parentPath}/${e.name}`);
const files = [...sources, "index.html", "package-lock.json", "tsconfig.json", "vite.config.ts"].sort();

const hash = createHash("sha256");
for (const name of files) {
  const content = readFileSync(name);
  hash.update(`${name} ${content.length}\n`).update(content);
}
writeFileSync("built-from.txt", `${hash.digest("hex")}\n`);
