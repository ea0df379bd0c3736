// Runs the verifier of the browser in node: a case a line on standard input, what it says of it a line on standard output.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { Open, Wrong, canonical, check, read, strict, web } from "../verifier/verify.js";
import { checkBundle } from "../verifier/bundle.js";

const subtle = web.subtle;
/** What older browsers and pages over plain HTTP have. */
const lacking = {
  subtle: undefined,
  ed25519: {
    digest: (...args) => subtle.digest(...args),
    importKey: () => Promise.reject(new DOMException("Unrecognized name", "NotSupportedError")),
  },
};
/** What browsers remember, by the names that cases give them. */
const memories = {};
const memory = (name) => {
  const kept = (memories[name] ??= new Map());
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
};

const kinds = {
  json({ text }) {
    const value = read(text);
    strict(value);
    return { canonical: canonical(value) };
  },
  async entry({ entry, receipt, refused, key, browser, proof, eraser }) {
    const why = refused && new (refused.code === "tampered" ? Wrong : Open)(refused.detail);
    const result = await check({ entry, receipt: why ?? receipt, key, memory: browser && memory(browser), proof: () => proof, eraser: eraser && { ...eraser, key } });
    return { holds: result.holds, steps: result.steps };
  },
  async bundle({ file, key }) {
    let seen = 0;
    const result = await checkBundle(new Uint8Array(readFileSync(file)), key, () => seen++);
    return { holds: result.holds, faults: result.faults, notes: result.notes, entries: result.entries, seen };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  web.subtle = given.without ? lacking[given.without] : subtle;
  let said;
  try {
    said = await kinds[given.kind](given);
  } catch (error) {
    said = { refused: error.message, wrong: error.constructor.name };
  }
  console.log(JSON.stringify(said, (_, value) => (typeof value === "bigint" ? String(value) : value)));
}
