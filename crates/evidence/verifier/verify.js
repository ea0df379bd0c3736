// Checks an entry of the audit log in seven steps, as probity-verify does: by its receipt, by the log's key, and by what
// this browser saw of the log before. It needs Web Crypto and nothing else.

/** Where hashes and signatures come from; a test takes away what an older browser lacks. */
export const web = { subtle: globalThis.crypto?.subtle };

/** What does not hold. */
export class Wrong extends Error {
  constructor(message, expected, found) {
    super(message);
    Object.assign(this, { expected, found });
  }
}
/** What could not be done. */
export class Open extends Error {}

export const fail = (message, expected, found) => {
  throw new Wrong(message, expected, found);
};
const open = (message) => {
  throw new Open(message);
};

// --- JSON: what is hashed has one meaning ---

const DEPTH_READ = 140; // A row may be 127 deep, and stands in a line of a bundle.
const DEPTH_ROW = 127;
const DEPTH_MAX = 32; // What applications send.
const U64_MAX = 2n ** 64n - 1n;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** A number as it is written: a double may be another one. */
class Num {
  constructor(text) {
    this.text = text;
    this.whole = /^-?\d{1,20}$/.test(text) && BigInt(text) <= U64_MAX && BigInt(text) >= -(2n ** 63n);
  }
  toString() {
    return String(this.whole ? BigInt(this.text) : Number(this.text));
  }
  /** Whether the canonical form has the same decimal value. */
  get exact() {
    const double = Number(this.text);
    return Number.isFinite(double) && decimal(this.text) === decimal(String(double));
  }
}

function decimal(text) {
  const [, sign, whole, fraction = "", power = 0] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/i.exec(text);
  const all = whole + fraction;
  let [start, end] = [0, all.length];
  while (all[start] === "0") start++;
  while (end > start && all[end - 1] === "0") end--;
  return start === end ? "0" : `${sign}${all.slice(start, end)}e${Number(power) - fraction.length + all.length - end}`;
}

/** Reads JSON: objects as maps, numbers as they are written. Refuses a member given twice, and half a character. */
export function read(text) {
  let at = 0;
  const broken = () => fail(`this is not JSON, from character ${at + 1} on`);
  const next = () => {
    while (" \t\n\r".includes(text[at] ?? "-")) at++;
    return text[at];
  };
  const string = () => {
    if (next() !== '"') broken();
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    let value;
    try {
      value = JSON.parse(text.slice(at, end + 1));
    } catch {
      broken();
    }
    if (/\p{Surrogate}/u.test(value)) fail("a text holds half a character (an unpaired surrogate)");
    at = end + 1;
    return value;
  };
  const list = (end, into, item) => {
    at++;
    if (next() === end) at++;
    else
      for (let mark = ","; mark !== end; at++) {
        if (mark !== ",") broken();
        item();
        mark = next();
      }
    return into;
  };
  const value = (depth) => {
    const first = next();
    if (first === '"') return string();
    if (depth > DEPTH_READ) fail("it is nested too deep");
    const [array, map] = [[], new Map()];
    if (first === "[") return list("]", array, () => array.push(value(depth + 1)));
    const member = () => {
      const name = string();
      if (map.has(name)) fail(`member ${JSON.stringify(name)} is given twice`);
      if (next() !== ":") broken();
      at++;
      map.set(name, value(depth + 1));
    };
    if (first === "{") return list("}", map, member);
    const word = ["null", "true", "false"].find((word) => text.startsWith(word, at));
    NUMBER.lastIndex = at;
    const found = word ?? NUMBER.exec(text)?.[0] ?? broken();
    at += found.length;
    return word ? JSON.parse(word) : new Num(found);
  };
  const whole = value(0);
  return next() === undefined ? whole : broken();
}

/** The canonical form (RFC 8785). */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!(value instanceof Map)) return value instanceof Num ? String(value) : JSON.stringify(value);
  const member = (name) => `${JSON.stringify(name)}:${canonical(value.get(name))}`;
  return `{${[...value.keys()].sort().map(member).join()}}`;
}

/** Refuses what is nested deeper, and numbers that another reader takes for others; a row may count up to 64 bits. */
export function strict(value, depth = DEPTH_MAX, row = false) {
  if (value instanceof Num && !value.exact && !(row && value.whole)) fail(`number ${value.text.slice(0, 60)} is not exact`);
  if (!(value instanceof Map || Array.isArray(value))) return;
  if (depth === 0) fail("it is nested too deep");
  for (const inner of value.values()) strict(inner, depth - 1, row);
}

/** A whole number from 0 on, of 64 bits. */
export const count = (value) => (value instanceof Num && /^\d+$/.test(value.text) && value.whole ? BigInt(value.text) : fail("a count is not a whole number"));

/** Refuses all but an object with these members. */
export function known(value, needed, others = "") {
  if (!(value instanceof Map)) fail("something is not the object that it must be");
  const names = needed.split(" ").filter(Boolean);
  const missing = names.find((name) => !value.has(name));
  if (missing) fail(`member ${missing} is missing`);
  const strange = [...value.keys()].find((name) => ![...names, ...others.split(" ")].includes(name));
  if (strange !== undefined) fail(`there is a member ${JSON.stringify(strange)}, which an entry does not have`);
}

// --- An entry and its leaf ---

const get = (value, name) => (value instanceof Map ? (value.get(name) ?? undefined) : undefined);
/** What stands at a path such as `actor.name`; null is nothing. */
export const at = (value, path) => path.split(".").reduce(get, value);
const present = (value, names) => new Map(names.split(" ").map((name) => [name, get(value, name)]).filter(([, inner]) => inner !== undefined));

const GONE = ["erased", "pruned"];

/** Reads an entry. What it may say wrongly and still be read, the comparison with its leaf or a hash finds. */
export function entryOf(entry) {
  const text = "description ip user_agent trace_id session_id drag_mode occurred_at";
  known(entry, "id index at recorded_by actor action outcome authority evidence", `target details changes aim erased erased_by pruned tampered ${text}`);
  known(entry.get("recorded_by"), "kind", "id");
  known(entry.get("actor"), "kind", "id name on_behalf_of");
  known(entry.get("evidence"), "leaf", "salt");
  if (at(entry, "target") !== undefined) known(entry.get("target"), "kind", "id");
  if (at(entry, "aim") !== undefined) known(entry.get("aim"), "", "actor input mission");
  strict(at(entry, "details"));
  strict(at(entry, "aim.input"));
  const changes = entry.get("changes") ?? [];
  if (entry.get("changes") === null || !Array.isArray(changes)) fail("changes is not a list");
  for (const change of changes) {
    known(change, "table id version", "digest before after");
    count(change.get("version"));
    for (const image of ["before", "after"]) strict(at(change, image), DEPTH_ROW, true);
  }
  for (const gone of GONE) if (entry.has(gone) && typeof entry.get(gone) !== "boolean") fail(`${gone} is not true or false`);
  const gone = GONE.filter((gone) => entry.get(gone));
  const by = at(entry, "erased_by");
  if (by && gone[0] !== "erased") fail("erased_by is given, and yet it is not shown as erased");
  return { entry, changes, index: count(entry.get("index")), gone: gone[0], by: by && count(by), twice: gone.length > 1, leaf: String(at(entry, "evidence.leaf")) };
}

/** Reads a leaf; one that is not canonical is found by its text. */
function leafOf(text) {
  const leaf = read(text);
  known(leaf, "action actor at authority id outcome payload recorded_by v", "changes target");
  for (const of of ["actor", "recorded_by", "target"]) if (leaf.has(of)) known(leaf.get(of), "kind", "id");
  if (canonical(leaf.get("v")) !== "1") fail("this page does not know leaves of this version", 1, canonical(leaf.get("v")));
  return leaf;
}

const FACTS = "id at recorded_by.kind recorded_by.id actor.kind actor.id action target.kind target.id outcome authority".split(" ");
const OURS = ["actor.id", "target.id"]; // In the leaf where Probity made them, else in the payload.

/** The canonical payload, taken out of what is shown. */
export function payloadOf({ entry, changes }, leaf) {
  const payload = present(entry, "aim description details drag_mode ip occurred_at session_id trace_id user_agent");
  const put = (name, value, needed) => (value.size || needed) && payload.set(name, value);
  put("actor", present(entry.get("actor"), at(leaf, "actor.id") === undefined ? "id name on_behalf_of" : "name on_behalf_of"));
  if (at(leaf, "target.id") === undefined) put("target", present(entry.get("target"), "id"));
  if (payload.has("aim")) put("aim", present(payload.get("aim"), "actor input mission"), true);
  const images = changes.map((change) => present(change, "after before"));
  while (images.at(-1)?.size === 0) images.pop();
  if (images.length) payload.set("changes", images);
  return canonical(payload);
}

/** The canonical list of changes, without the rows. */
const changesOf = (changes) => canonical(changes.map((change) => new Map([["digest", null], ...present(change, "digest id table version")])));

// --- Hashes, keys, checkpoints ---

const bytes = (text) => new TextEncoder().encode(text);
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
const base64 = (data) => btoa(String.fromCharCode(...data));
/** The bytes of base64 in its one spelling. */
function unbase64(text = "") {
  try {
    const data = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
    if (base64(data) === text) return data;
  } catch {}
}
/** A hash in base64, spelt as it must be. */
export const hashOf = (text) => (text?.length === 44 && unbase64(text)?.length === 32 ? text : undefined);
const ELSE = "Use verify.html from a folder of your own, or probity-verify.";

export async function sha256(...parts) {
  if (!web.subtle) open(`This browser hashes only for pages that come over HTTPS, and for local files. ${ELSE}`);
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((offset, part) => (whole.set(part, offset), offset + part.length), 0);
  return new Uint8Array(await web.subtle.digest("SHA-256", whole));
}
const node = async (left, right) => base64(await sha256([1], unbase64(left), unbase64(right)));

const decimalOf = (text = "") => (/^(?:0|[1-9]\d{0,19})$/.test(text) && BigInt(text) <= U64_MAX ? BigInt(text) : undefined);
const isName = (name = "") => name !== "" && !/[\p{White_Space}+\0-\x1f]/u.test(name);

/** Reads a verifier key: NAME+ID+BASE64 (C2SP signed-note). */
export async function keyOf(given) {
  const text = given.trim();
  const [, name, id, encoded] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(text) ?? [];
  const data = unbase64(encoded);
  if (!isName(name) || data?.length !== 33 || data[0] !== 1) open("This is not the verifier key of a log.");
  if (hex(await sha256(bytes(`${name}\n`), data)).slice(0, 8) !== id) open("This key does not have the id that it names: a part of it was changed.");
  return { text, name, signer: `${name}+${id}`, raw: data.subarray(1) };
}

/** Takes a checkpoint, a signed note, apart. */
export function checkpointOf(note) {
  const cut = note.lastIndexOf("\n\n") + 1;
  if (/[\0-\x09\x0b-\x1f]/.test(note) || !note.endsWith("\n") || !cut || note.length < cut + 2) fail("the checkpoint is not a signed note");
  const signatures = note.slice(cut + 1, -1).split("\n").map((line) => {
    const [, name, encoded] = /^\u2014 ([^ ]*) (.*)$/.exec(line) ?? [];
    const data = unbase64(encoded);
    if (!isName(name) || !(data?.length > 4)) fail("the checkpoint has a signature that is none");
    return { signer: `${name}+${hex(data.subarray(0, 4))}`, data: data.subarray(4) };
  });
  const [origin, size, root, ...more] = note.slice(0, cut - 1).split("\n");
  const head = { note, signatures, origin, size: decimalOf(size), root: hashOf(root) };
  if (!origin || head.size === undefined || !head.root || more.includes("") || signatures.length > 100) fail("the checkpoint does not say a log, its size and its root");
  return { ...head, text: note.slice(0, cut) };
}

async function checkSignature({ text, signatures, origin }, key) {
  const own = signatures.filter(({ signer }) => signer === key.signer);
  if (!own.length) fail("the checkpoint is signed by another key", key.signer, signatures.map(({ signer }) => signer).join(", "));
  const unread = (error) => error.name === "NotSupportedError" && open(`This browser has no Ed25519; Chrome 137, Firefox 129 and Safari 17 have. ${ELSE}`);
  const imported = await web.subtle.importKey("raw", key.raw, "Ed25519", false, ["verify"]).catch(unread);
  for (const { data } of own)
    if (!imported || !(await web.subtle.verify("Ed25519", imported, data, bytes(text)))) fail("the signature is not one of this checkpoint by this key", `a signature by ${key.signer}`, base64(data));
  if (origin !== key.name) fail("the checkpoint is of another log than the key", key.name, origin);
}

const LENGTH = "the number of hashes does not fit the size of the log";
const climbed = (place, last) => {
  while (!(place & 1n) && place) [place, last] = [place >> 1n, last >> 1n];
  return [place, last];
};

/** The root that a path leads to (RFC 9162, section 2.1.3.2). */
async function rootOf(index, size, hash, path) {
  if (index >= size) fail("the log was not yet so long", `fewer than ${size}`, index);
  let [place, last] = [index, size - 1n];
  for (const sibling of path) {
    if (!last) fail(LENGTH);
    const right = place & 1n || place === last;
    hash = await (right ? node(sibling, hash) : node(hash, sibling));
    if (right) [place, last] = climbed(place, last);
    [place, last] = [place >> 1n, last >> 1n];
  }
  return last ? fail(LENGTH) : hash;
}

/** Checks that the newer tree extends the older one (RFC 9162, section 2.1.4.2). */
async function checkExtends(older, newer, text) {
  const proof = read(text);
  known(proof, "from to from_root to_root proof");
  const path = proof.get("proof");
  const said = ["from", "to"].map((end) => count(proof.get(end)));
  if (said[0] !== older.size || said[1] !== newer.size) fail("the proof is between other sizes", `${older.size} to ${newer.size}`, said.join(" to "));
  if (proof.get("from_root") !== older.root || proof.get("to_root") !== newer.root) fail("the proof is between other roots");
  if (!Array.isArray(path) || !path.every(hashOf)) fail("the proof is not made of hashes");
  let [place, last] = [older.size - 1n, newer.size - 1n];
  while (place & 1n) [place, last] = [place >> 1n, last >> 1n];
  const rest = [...path];
  let [old, now] = Array(2).fill(older.size & (older.size - 1n) ? rest.shift() : older.root);
  for (const sibling of rest) {
    if (!last) fail(LENGTH);
    const right = place & 1n || place === last;
    now = await (right ? node(sibling, now) : node(now, sibling));
    if (right) {
      old = await node(sibling, old);
      [place, last] = climbed(place, last);
    }
    [place, last] = [place >> 1n, last >> 1n];
  }
  if (last || !old) fail(LENGTH);
  if (old !== older.root) fail("what the log held then was changed or removed: its root of then is another one", older.root, old);
  if (now !== newer.root) fail("the proof does not lead to the newer root", newer.root, now);
}

// --- The steps ---

/** What came of a step: `ok`, `wrong`, or `open` where it could not be done. */
async function settle(run) {
  try {
    return { state: "ok", ...(await run()) };
  } catch (error) {
    if (error instanceof Wrong) return { state: "wrong", says: error.message, expected: error.expected, found: error.found };
    if (error instanceof Open) return { state: "open", says: error.message };
    throw error;
  }
}
const after = (step) => open(`because step ${step} does not hold.`);
/** What a reading gave, or the step that says why there is nothing. */
const of = (reading, step) => (reading.state === "ok" ? reading : after(step));

/** Steps 5 and 6: a checkpoint and its signature. Whatever they say, a path is compared with what stands there. */
export async function headSteps(note, key) {
  const five = await settle(() => ({ head: checkpointOf(note) }));
  const six = await settle(async () => {
    const read = await keyOf(key);
    const { head } = of(five, 5);
    await checkSignature(head, read);
    return { key: read, values: { key: read.signer } };
  });
  if (five.head) five.values = { log: five.head.origin, size: five.head.size, root: five.head.root };
  return [five, six];
}

/** HTML has no other ends of lines than one. The page shows what steers a terminal, or is not seen, as JSON writes it. */
const STEERS = /(?:[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\ud834[\udd73-\udd7a]|\udb40[\udc00-\udc7f]|(?<![^\0-\x7f])[\u200c\u200d])[\u200c\u200d]*/g;
const inHtml = (text) => text.replace(/\r\n?/g, "\n").replace(STEERS, (signs) => signs.replace(/[^]/g, (sign) => `\\u${sign.charCodeAt().toString(16).padStart(4, "0")}`));

/** Why details that are gone cannot be compared. `eraser` is the entry that erased them, with what `check` needs, where it is there. */
async function goneSays({ entry, gone, by }, eraser) {
  const { reading, holds } = eraser ? await check(eraser) : {};
  const did = holds && reading.index === by && reading.changes.some((row) => row.get("table") === "erasures" && row.get("id") === entry.get("id"));
  if (holds === false || (holds && !did)) fail(`entry ${by} does not prove that it erased the details`);
  const whose = did ? "which was checked too and says so" : "says whoever gave this one";
  return `The details were ${gone}${by === undefined ? "" : ` by entry ${by}`}, ${whose}. What is left, the leaf and the list of changed rows, is still proved.`;
}

/** Steps 1 to 4 for an entry that was read; step 5 is told where the checkpoint is in doubt. `shown` is what a page says. */
export async function entrySteps(reading, path, [five, six], shown = [], eraser) {
  const leaf = await settle(() => ({ leaf: leafOf(of(reading, 1).leaf) }));
  const hash = await settle(async () => ({ hash: base64(await sha256([0], bytes(of(reading, 1).leaf))) }));
  const one = await settle(async () => {
    if (reading.state === "wrong") fail(reading.says);
    const { entry, changes, twice } = reading;
    for (const fact of FACTS) {
      const [said, found] = [at(of(leaf, 3).leaf, fact), at(entry, fact)];
      if (said !== found && !(said === undefined && OURS.includes(fact))) fail(`${fact} is shown as something else than the leaf says`, said, found);
    }
    for (const [path, found] of shown) {
      const value = at(entry, path);
      const said = value instanceof Map ? canonical(value) : String(value);
      if (inHtml(said) !== inHtml(found)) fail(`this page shows something else as ${path} than the entry says`, said, found);
    }
    if (twice) fail("it is shown as erased and as pruned, and can be only one");
    const digest = changes.length ? hex(await sha256(bytes(changesOf(changes)))) : undefined;
    if (digest !== at(leaf.leaf, "changes")) fail("the list of changed rows is not the one that the leaf commits to", at(leaf.leaf, "changes"), digest);
    const tampered = at(entry, "tampered");
    if (tampered !== undefined) fail(`whoever gave it says that it was changed by hand: ${tampered}`);
    return { values: { entry: at(entry, "id"), index: reading.index } };
  });
  const two = await settle(async () => {
    const { entry, gone, by } = of(reading, 1);
    const [salt, payload] = [at(entry, "evidence.salt"), payloadOf(reading, of(leaf, 3).leaf)];
    if (salt === undefined && gone && payload === "{}") return { state: "gone", gone, by, says: await goneSays(reading, eraser) };
    if (salt === undefined) fail(gone ? `it is shown as ${gone}, and yet details are shown` : "the salt is missing");
    if (gone) fail(`it is shown as ${gone}, and yet its salt is there`);
    if (!/^[0-9a-f]{32}$/.test(salt)) fail("the salt is not 32 hexadecimal digits", "32 digits, 0 to f", salt);
    const commitment = hex(await sha256(unhex(salt), bytes(payload)));
    const values = { details: payload, salt, commitment };
    return commitment === at(leaf.leaf, "payload") ? { values } : fail("the details are not those that the leaf commits to", at(leaf.leaf, "payload"), commitment);
  });
  const three = await settle(() => {
    if (leaf.state === "wrong") fail(leaf.says, leaf.expected, leaf.found);
    const text = of(reading, 1).leaf;
    if (canonical(of(leaf, 1).leaf) !== text) fail("the leaf is not written in the one form that it can have", canonical(leaf.leaf), text);
    return hash.hash ? { values: { leaf: text, hash: hash.hash } } : open(hash.says);
  });
  const four = await settle(async () => {
    const { index } = of(reading, 1);
    if (path.state === "wrong") fail(path.says);
    if (path.state === "open") open(path.says);
    if (path.index !== index) fail("the receipt is for another entry", index, path.index);
    if (hash.state === "open") open(hash.says);
    const { head } = of(five, 5);
    const root = await rootOf(index, head.size, hash.hash, path.path);
    if (root !== head.root) fail("this entry and the path lead to another root than the checkpoint has: this entry, or another one below a hash of the path, is not what it was when the root was signed", head.root, root);
    return { values: { hashes: path.path.length, root } };
  });
  // Path and checkpoint contradict each other. Where the checkpoint is not signed, it is the one to doubt.
  if (four.state === "wrong" && six.state === "wrong" && five.head && path.index === reading.index) {
    Object.assign(five, { state: "wrong", says: four.says, expected: four.found, found: four.expected });
    Object.assign(four, { state: "open", says: "The path leads to a root, but not to that of the checkpoint; see steps 5 and 6." });
  }
  return [one, two, three, four];
}

/** Takes a receipt (C2SP tlog-proof) apart. */
function receiptOf(text) {
  const cut = text.indexOf("\n\n") + 1;
  const lines = text.slice(0, cut).split("\n").slice(0, -1);
  if (lines.shift() !== "c2sp.org/tlog-proof@v1") fail("this is not a receipt");
  const extra = lines[0]?.startsWith("extra ") ? unbase64(lines.shift().slice(6)) : [];
  const [, index] = /^index (.*)$/.exec(lines.shift()) ?? [];
  if (!extra || decimalOf(index) === undefined || !lines.every(hashOf) || lines.length > 64) fail("the receipt is damaged");
  return { index: decimalOf(index), path: lines, note: text.slice(cut + 1) };
}

/** What a browser remembers of a log: its key and newest checkpoint, and when it saw them. */
export const placeOf = (log) => `probity.log.${log}`;

/** Step 7: the log extends the checkpoint that this browser saw last. `memory` is its storage, `proof` asks for a proof. */
async function seenStep([{ head }, { key }], memory, proof) {
  const place = placeOf(head.origin);
  const now = JSON.stringify({ key: key.text, note: head.note, at: new Date().toISOString() });
  let seen;
  try {
    seen = JSON.parse(memory.getItem(place));
    if (!seen) memory.setItem(place, now);
  } catch {
    open("This browser keeps nothing for this page. Keep a checkpoint yourself, and compare by probity-verify consistency.");
  }
  if (!seen) open("This browser has not seen this log before. It remembers this checkpoint and this key, and compares them the next time.");
  if (seen.key !== key.text) fail(`ALARM: the log's key is another one than on ${seen.at}. Ask whoever runs the log why, by another way than this page`, seen.key, key.text);
  const last = checkpointOf(seen.note);
  const [older, newer] = head.size < last.size ? [head, last] : [last, head];
  if (older.size === newer.size && older.root !== newer.root) fail(`the log had as many entries on ${seen.at}, but others`, last.root, head.root);
  if (older.size && older.size < newer.size) {
    const text = await proof?.(older.size, newer.size);
    if (!text) open(`Needs the proof that ${newer.size} entries extend ${older.size}: probity audit consistency ${older.size} ${newer.size}`);
    await checkExtends(older, newer, text);
  }
  if (newer === head) memory.setItem(place, now);
  return { values: { seen: seen.at, size: last.size, root: last.root } };
}

/** What the steps say together: true, false, or null where one that is needed could not be done. Details that are gone need none. */
export const holds = (steps) => (steps.some(({ state }) => state === "wrong") ? false : steps.slice(0, 6).every(({ state }) => state === "ok" || state === "gone") || null);

/** The seven steps for an entry and its receipt, both as texts, by the log's key. Where there is no receipt, it is why. */
export async function check({ entry, receipt, key, memory, proof, shown, eraser }) {
  const reading = await settle(() => entryOf(read(entry)));
  const path = await settle(() => (receipt instanceof Error ? Promise.reject(receipt) : receiptOf(receipt)));
  const none = { state: "open", says: "because there is no receipt that can be read." };
  const head = path.state === "ok" ? await headSteps(path.note, key) : [none, none];
  const steps = [...(await entrySteps(reading, path, head, shown, eraser)), ...head];
  const good = holds(steps);
  steps.push(await settle(() => (good ? seenStep(head, memory, proof) : open("because a step before it does not hold."))));
  return { reading, steps, holds: good && holds(steps) };
}

// --- What a page shows of it ---

const MARKS = { ok: "✓ holds", wrong: "✗ does not hold", open: "– not done", gone: "– not done" };
const LONG = 40;

/** An element with these children; texts become text, whatever stands in them. */
export function element(name, attributes, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A value, shortened, and a button that copies all of it. */
function valueOf(value) {
  const text = String(value ?? "nothing");
  if (text.length <= LONG) return [element("code", {}, text)];
  const copy = () => navigator.clipboard.writeText(text);
  return [element("code", { title: text }, `${text.slice(0, LONG - 12)}…${text.slice(-8)}`), " ", element("button", { type: "button", onclick: copy }, "Copy")];
}
const listed = (values) => element("dl", {}, ...Object.entries(values).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, ...valueOf(value))]));

/** Puts what came of the steps into the list that explains them. */
export function show(list, { steps, holds }, entries) {
  const gone = steps.some(({ state }) => state === "gone");
  steps.forEach(({ state, says, expected, found, values, by }, place) => {
    const item = list.querySelector(`[data-step="${place + 1}"]`);
    item.dataset.state = state;
    const differs = state === "wrong" && expected !== found && listed({ expected, found });
    const all = values && element("details", {}, element("summary", {}, "Values"), listed(values));
    const link = entries && by !== undefined && element("a", { href: `${entries}/${by}` }, `Entry ${by}`);
    item.querySelector("output").replaceChildren(element("strong", {}, MARKS[state]), ...[says && `: ${says}`, link && " ", link, differs, all].filter(Boolean));
  });
  const verdict = holds ? `Everything that was checked holds.${gone ? " The details are gone, so they could not be." : ""}` : holds === false ? "This does NOT hold: see what is marked ✗." : "Not everything could be checked: see the steps marked –.";
  const output = list.parentElement.querySelector("[data-verdict]");
  output.dataset.state = holds ? "ok" : holds === false ? "wrong" : "open";
  output.textContent = verdict;
}

/** The browser's storage, where it keeps one for this page. */
export function storage() {
  try {
    return globalThis.localStorage;
  } catch {}
}

const here = globalThis.document?.querySelector("[data-verify]");
/** The receipt of this entry that was pasted into the search. */
let pasted;

/** "Verify here" on the page of an entry: what the page shows, and what the server gives as evidence of it. */
async function verifyHere() {
  const text = async (path) => {
    const answer = await fetch(path);
    if (answer.ok) return answer.text();
    const { code, detail } = await answer.json().catch(() => ({}));
    throw new (code === "tampered" ? Wrong : Open)(detail?.replace(/\x60/g, "") ?? `the server answered ${answer.status} for ${path}`);
  };
  const { entry, receipt, key, consistency, entries } = here.dataset;
  const shown = [...document.querySelectorAll("[data-shown]")].map((one) => [one.dataset.shown, one.getAttribute("datetime") ?? one.textContent]);
  const proof = (from, to) => text(`${consistency}?from=${from}&to=${to}`);
  const both = async (entry, receipt) => ({ entry: await text(entry), receipt: await text(receipt).catch((why) => why), key });
  try {
    const given = await both(entry, receipt);
    if (pasted) given.receipt = pasted;
    const [, by] = /"erased":true,"erased_by":(\d+)/.exec(given.entry) ?? [];
    const eraser = by && (await both(`/v1${entries}/${by}`, `/v1${entries}/${by}/receipt`).catch(() => {}));
    show(here.querySelector("[data-steps]"), await check({ ...given, memory: storage(), proof, shown, eraser }), entries);
    if (pasted) here.querySelector("[data-verdict]").prepend("By the receipt that was pasted: ");
  } catch (error) {
    here.querySelector("[data-verdict]").textContent = `Not checked: ${error.message}.`;
  }
}

const button = here?.querySelector("[data-start]");
if (button) {
  Object.assign(button, { hidden: false, onclick: verifyHere });
  const receipt = sessionStorage.getItem("receipt");
  sessionStorage.removeItem("receipt");
  if (receipt?.includes(`\nindex ${here.dataset.entry.split("/").pop()}\n`)) pasted = receipt;
  if (pasted) verifyHere();
}
