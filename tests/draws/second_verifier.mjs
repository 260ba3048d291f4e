// Runs the scripts of the check page as Node sees them: a line of JSON comes in, a line with what was found goes out.
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const scripts = fileURLToPath(new URL("../../app/static/draw-check/", import.meta.url));
for (const name of ["sha256", "strict-json", "forms", "rule", "verifier", "receipt"])
  vm.runInThisContext(fs.readFileSync(path.join(scripts, `${name}.js`), "utf-8"), `${name}.js`);
const { sha256, rule, verifier, receipt } = vm.runInThisContext("({ sha256, rule, verifier, receipt })");

const bytes = (base64) => (base64 === null ? null : Uint8Array.from(Buffer.from(base64, "base64")));
const each = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

const ANSWERS = {
  verify: ({ files }) => verifier.firstLie(each(files, bytes)),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { ask, ...told } = JSON.parse(line);
  console.log(JSON.stringify(ANSWERS[ask](told)));
}
