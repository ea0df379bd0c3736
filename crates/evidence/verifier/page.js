// The page verify.html: takes files and text, tells what each is, and checks what is whole.
import { check, element, holds, placeOf, show, storage } from "./verify.js";
import { checkBundle } from "./bundle.js";

const find = (mark) => document.querySelector(`[data-${mark}]`);
const NAMES = { receipt: "a receipt", entry: "an entry", bundle: "a bundle", key: "a key", proof: "a consistency proof" };
const SHOWN_MAX = 10_000; // Lines of a bundle that are listed.
let given = {};

/** What a text is, by how it begins. */
function kindOf(text) {
  if (text.startsWith("c2sp.org/tlog-proof@")) return "receipt";
  if (/^\s*\{"bundle"/.test(text)) return "bundle";
  if (/^\s*[^\s{+]+\+[0-9a-f]{8}\+\S+\s*$/.test(text)) return "key";
  if (/^\s*\{/.test(text)) return /"from_root"/.test(text) ? "proof" : "entry";
  return undefined;
}

async function take(files) {
  const unknown = [];
  for (const file of files) {
    const start = await file.slice(0, 1 << 16).text();
    const kind = kindOf(start);
    // A bundle may be large, and stays bytes.
    if (kind) given[kind] = kind === "bundle" ? new Uint8Array(await file.arrayBuffer()) : await file.text();
    else unknown.push(file.name);
  }
  const there = Object.keys(given).map((kind) => NAMES[kind]);
  const says = [there.length ? `Here: ${there.join(", ")}.` : "Nothing is here yet.", unknown.length ? `Not known what this is: ${unknown.join(", ")}.` : ""];
  const whole = given.key && (given.bundle || (given.receipt && given.entry));
  if (!whole && there.length) says.push(given.key ? "A receipt needs its entry, and an entry its receipt." : "Needs the log's verifier key.");
  find("given").textContent = says.filter(Boolean).join(" ");
  if (whole) await (given.bundle ? bundle() : entry());
}

async function entry() {
  find("bundle").hidden = true;
  find("result").hidden = false;
  show(find("steps"), await check({ ...given, memory: storage(), proof: () => given.proof }));
  remembered();
}

/** What a line of the list says of an entry. */
function entryLine({ number, reading, steps }) {
  const good = holds(steps);
  const says = steps.map(({ state, says }, place) => says && `step ${place + 1} ${state === "wrong" ? "✗" : "–"} ${says}`).filter(Boolean);
  const what = reading.entry ? `${reading.index} ${reading.entry.get("at")} ${reading.entry.get("action")}` : `line ${number}`;
  const item = element("li", {}, `${good === false ? "✗" : good ? "✓" : "–"} ${what}`, says.length ? `: ${says.join("; ")}` : "");
  item.dataset.state = good === false ? "wrong" : good ? "ok" : "open";
  return item;
}

async function bundle() {
  const [list, progress] = [find("entries"), find("progress")];
  find("result").hidden = true;
  find("bundle").hidden = false;
  list.replaceChildren();
  progress.textContent = "Checking…";
  let lines = [];
  let shown = 0;
  const each = (line) => {
    if (shown++ < SHOWN_MAX || line.steps.some(({ state }) => state === "wrong")) lines.push(entryLine(line));
  };
  const result = await checkBundle(given.bundle, given.key, each);
  const head = result.head.map(({ state, says, values }, place) => `step ${place + 5} ${state === "ok" ? "✓" : `– ${says}`} ${values?.key ?? values?.root ?? ""}`);
  const verdict = result.holds ? "This bundle holds" : result.holds === false ? "This bundle does NOT hold" : "Not everything could be checked";
  progress.textContent = `${verdict}: ${result.entries} entries, ${head.join("; ")}.`;
  progress.dataset.state = result.holds ? "ok" : result.holds === false ? "wrong" : "open";
  const faults = result.faults.map(({ line, says }) => element("li", {}, `✗ line ${line}: ${says}`));
  const notes = result.notes.map((note) => element("li", {}, `– not proved: ${note}`));
  list.replaceChildren(...faults, ...notes, ...lines);
}

/** What is kept of the log whose key was given. */
function remembered() {
  const place = placeOf(given.key.split("+")[0].trim());
  const kept = storage()?.getItem(place);
  find("memory").hidden = !kept;
  if (!kept) return;
  const { key, at, note } = JSON.parse(kept);
  find("remembered").textContent = `The log ${note.split("\n")[0]} had ${note.split("\n")[1]} entries on ${at}, and the key ${key}. Forget it only where you know why the key or the log is another one now.`;
  find("forget").onclick = () => {
    storage().removeItem(place);
    find("memory").hidden = true;
  };
}

find("files").onchange = ({ target }) => take([...target.files]);
find("take").onclick = async () => {
  await take([new File([find("text").value], "the text")]);
  find("text").value = "";
};
find("clear").onclick = () => location.reload();
find("drop").ondragover = (event) => {
  event.preventDefault();
  find("drop").classList.add("over");
};
find("drop").ondragleave = () => find("drop").classList.remove("over");
find("drop").ondrop = (event) => {
  event.preventDefault();
  find("drop").classList.remove("over");
  take([...event.dataTransfer.files]);
};
