// Checks an evidence bundle: every entry by steps 1 to 4, its checkpoint by steps 5 and 6, and that it is whole.
import { Wrong, at, count, entryOf, entrySteps, fail, hashOf, headSteps, hex, holds, known, read, sha256, strict } from "./verify.js";

const FORMAT = "probity/bundle@v1";
const LINE_MAX = 16 << 20;
const AT_ONCE = 32; // Entries whose hashes are asked for together.
const OBSERVE = "execution.observe";
const ENDS = [OBSERVE, "execution.complete", "execution.fail", "execution.cancel", "execution.expire"];

/** A time as an entry shows it. */
function isTime(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text) || text < "0001") return false;
  const time = new Date(`${text.slice(0, 23)}Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 23) === text.slice(0, 23);
}

/** Where the lines are, without their ends. */
function* lines(data) {
  for (let start = 0, number = 1; start < data.length; number++) {
    const found = data.indexOf(10, start);
    const end = found < 0 ? data.length : found;
    yield { number, start, end };
    start = end + 1;
  }
}

function textOf(data, { start, end }) {
  if (end - start > LINE_MAX) fail(`longer than ${LINE_MAX} bytes`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data.subarray(start, end));
  } catch {
    return fail("not UTF-8 text");
  }
}

function headerOf(text) {
  const header = read(text);
  known(header, "bundle checkpoint filter created_at");
  if (header.get("bundle") !== FORMAT) fail("this is not the header of a bundle", FORMAT, header.get("bundle"));
  const filter = header.get("filter");
  strict(filter);
  if (!(filter instanceof Map) || !isTime(header.get("created_at"))) fail("the header is damaged");
  return { note: String(header.get("checkpoint")), filter, created: header.get("created_at") };
}

/** An entry with its path, or the trailer. */
function lineOf(text) {
  const line = read(text);
  if (line instanceof Map && line.has("entries")) {
    known(line, "entries digest");
    return { trailer: { entries: count(line.get("entries")), digest: line.get("digest") } };
  }
  known(line, "entry proof");
  const path = line.get("proof");
  if (!Array.isArray(path) || !path.every(hashOf)) fail("the proof is not made of hashes");
  return { entry: line.get("entry"), path };
}

/** Whether all steps of each execution are there: its end says how many it has; of a trace, what follows the end does too. */
class Executions {
  counts = new Map();
  all = undefined;

  take({ entry, changes, gone, leaf }) {
    const own = at(entry, "target.kind") === "execution" ? at(read(leaf), "target.id") : undefined;
    this.alone = this.some && this.alone !== own ? undefined : own;
    this.some = true;
    if (!own || at(entry, "outcome") !== "success") return;
    this.endGone ||= gone && ENDS.includes(at(entry, "action"));
    const made = changes.filter((change) => at(change, "table") === "execution_steps" && String(at(change, "version")) === "1").length;
    const steps = at(entry, "action") === "execution.record" ? undefined : at(entry, "details.steps");
    const said = steps?.text !== undefined && /^\d{1,19}$/.test(String(steps)) ? Number(steps) : undefined;
    if (!made && said === undefined) return;
    const of = this.counts.get(own) ?? { found: 0 };
    of.open ||= at(entry, "action") === OBSERVE;
    of.said = of.open && said !== undefined ? Math.max(of.said ?? 0, said) : (of.said ?? said);
    of.found += made;
    this.counts.set(own, of);
    if (of.said !== of.found) return;
    this.all = of.said;
    if (!of.open) this.counts.delete(own);
  }

  get missing() {
    return [...this.counts].filter(([, { said, found }]) => said !== undefined && said !== found).map(([id, { said, found }]) => ({ id, said, found }));
  }
}

/**
 * Checks a bundle, its bytes; `each` is told of every entry as it comes. All faults are named, not the first one alone.
 */
export async function checkBundle(data, key, each = () => {}) {
  const found = { faults: [], entries: 0, erased: 0, pruned: 0, steps: [], notes: [], first: undefined, last: undefined };
  const executions = new Executions();
  let [header, head, trailer, rising, narrowed, waiting] = [undefined, [], undefined, undefined, false, []];
  const fault = (number, says) => found.faults.push({ line: number, says });
  const guarded = async (number, run) => {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      fault(number, error.message);
    }
  };
  const checked = async () => {
    for (const { number, reading, steps } of await Promise.all(waiting)) {
      const wrong = steps.findIndex(({ state }) => state === "wrong");
      if (wrong >= 0) fault(number, `entry ${reading.index ?? "?"}: step ${wrong + 1}: ${steps[wrong].says}`);
      else executions.take(reading);
      each({ number, reading, steps });
    }
    waiting = [];
  };
  const order = (index) => {
    if (found.last !== undefined) {
      if (index === found.last) fail(`entry ${index} comes twice`);
      if (rising !== undefined && rising !== index > found.last) fail(`entry ${index} after entry ${found.last} is out of order`);
      rising = index > found.last;
    }
    found.first ??= index;
    found.last = index;
  };
  const body = async ({ number, start, end }) => {
    if (trailer) fail("a line after the trailer");
    const line = lineOf(textOf(data, { start, end }));
    if (line.trailer) {
      trailer = line.trailer;
      if (trailer.entries !== BigInt(found.entries)) fail(`the trailer says ${trailer.entries} entries, and there are ${found.entries}`);
      if (trailer.digest !== hex(await sha256(data.subarray(0, start)))) fail("the digest in the trailer is not that of the lines before it");
      return;
    }
    found.entries++;
    const reading = { state: "ok" };
    try {
      Object.assign(reading, entryOf(line.entry));
      order(reading.index);
      if (reading.gone) found[reading.gone]++;
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      Object.assign(reading, { state: "wrong", says: error.message });
    }
    const path = { state: "ok", index: reading.index, path: line.path };
    waiting.push(entrySteps(reading, path, head).then((steps) => ({ number, reading, steps })));
    if (waiting.length === AT_ONCE) await checked();
  };
  let number = 0;
  for (const line of lines(data)) {
    number = line.number;
    if (number > 1) await guarded(number, () => body(line));
    else {
      header = await guarded(1, () => headerOf(textOf(data, line)));
      if (!header) break;
      narrowed = [...header.filter.keys()].some((name) => name !== "target" && name !== "target_kind");
      head = await headSteps(header.note, key);
    }
  }
  await checked();
  if (!number) fault(1, "the bundle is empty");
  else if (header && !trailer) fault(number, "the bundle ends without its trailer: it was cut short");
  for (const { id, said, found: there } of executions.missing) {
    const says = `execution ${id} has ${said} steps, as its end says, and here are ${there}`;
    if (executions.alone && !narrowed) fault(number, `${says}: entries of it were left out`);
    else found.notes.push(says);
  }
  if (executions.alone && executions.all === undefined && !executions.missing.length)
    found.notes.push(`how many steps execution ${executions.alone} has: ${executions.endGone ? "what its end says is erased or pruned" : "its end is not here"}`);
  const size = head[0]?.head?.size;
  const gaps = found.entries > 1 && (rising ? found.last - found.first : found.first - found.last) !== BigInt(found.entries - 1);
  if (BigInt(found.entries) !== size) found.notes.push("that nothing else matches what was asked for");
  for (const gone of ["erased", "pruned"]) if (found[gone]) found.notes.push(`the details of ${found[gone]} entries, which are ${gone}: their leaves and lists of changes are proved`);
  head.forEach(({ state, says }, place) => state === "wrong" && fault(1, `the checkpoint: step ${place + 5}: ${says}`));
  found.faults.sort((one, other) => one.line - other.line);
  return { ...found, head, header, gaps, whole: BigInt(found.entries) === size, holds: found.faults.length ? false : holds(head) };
}
