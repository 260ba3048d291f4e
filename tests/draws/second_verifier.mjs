// Runs the scripts of the check page in Node, where they were not made for: a question a line, an answer a line.
import fs from "node:fs";
import path from "node:path";
import { performance } from "node:perf_hooks";
import readline from "node:readline";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const scripts = fileURLToPath(new URL("../../app/static/draw-check/", import.meta.url));
for (const name of ["sha256", "strict-json", "forms", "rule", "verifier", "receipt"])
  vm.runInThisContext(fs.readFileSync(path.join(scripts, `${name}.js`), "utf-8"), `${name}.js`);
const { sha256, rule, verifier, receipt } = vm.runInThisContext("({ sha256, rule, verifier, receipt })");

const bytes = (base64) => (base64 === null ? null : Uint8Array.from(Buffer.from(base64, "base64")));
const each = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
const steps = ({ bytes: told, files, proof, absent, pid, signed = null }) =>
  [...receipt.steps(bytes(told), each(files, bytes), { proof: proof && bytes(proof), absent, pid, signed })].filter((one) => one.name);

function ended(generator) {
  for (;;) {
    const { done, value } = generator.next();
    if (done) return value;
  }
}

function quickest(work) {
  const took = Array.from({ length: 100 }, () => {
    const begun = performance.now();
    work();
    return performance.now() - begun;
  });
  return Math.min(...took);
}

const ANSWERS = {
  verify: ({ files }) => verifier.firstLie(each(files, bytes)),
  checks: ({ files }) => [...verifier.checks(each(files, bytes))].filter((one) => one.name),
  hash: ({ data, times }) => rule.hex(sha256.of(...Array(times).fill(rule.bytes(data)))),
  hmac: ({ key, parts }) => rule.hex(sha256.hmac(rule.bytes(key))(...parts.map(rule.bytes))),
  walk: ({ leaf, index, size, proof }) => {
    const led = rule.walk(rule.bytes(leaf), index, size, proof.map(rule.bytes));
    return led && rule.hex(led);
  },
  root: ({ list }) => rule.hex(ended(rule.root(rule.list(bytes(list))))),
  seedText: ({ draw, round, commit, announcement, sources }) => rule.seedText(draw, round, commit, announcement, sources),
  order: ({ list, seed, most, gone }) => ended(rule.order(rule.list(bytes(list)), rule.bytes(seed), most, new Set(gone)))
    .map((one) => ({ ...one, entry: rule.hex(one.entry), score: rule.hex(one.score) })),
  receipt: steps,
  speed: (told) => {
    const much = new Uint8Array(100000);
    const files = each(told.files, bytes), slip = bytes(told.bytes), proof = bytes(told.proof);
    const one = () => [...receipt.steps(slip, files, { proof, signed: null })];
    return { receipt: quickest(one), hash: quickest(() => sha256.of(much)) };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const { ask, ...told } = JSON.parse(line);
  console.log(JSON.stringify(ANSWERS[ask](told)));
}
