// Moving in lists and opening rows by single keys, looking at a row beside the list, copying.
const all = (where) => [...document.querySelectorAll(where)];
const rows = () => all("tr[data-href]");
const dialog = document.getElementById("keys");
const said = document.getElementById("said");
let peek = null;

const chosen = () => rows().find((row) => row.ariaSelected === "true");
const choose = (row) => {
  if (!row) return;
  for (const other of rows()) other.ariaSelected = other === row ? "true" : "false";
  row.querySelector("a").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  if (peek?.open) show(row.dataset.href);
};
const move = (by) => {
  const list = rows();
  const place = list.indexOf(document.activeElement?.closest("tr[data-href]") ?? chosen());
  choose(list[Math.min(Math.max(place + by, 0), list.length - 1)]);
};

// A page beside the list. The browser parses it as a document of its own, in which nothing runs.
const show = (href) => {
  const asked = new XMLHttpRequest();
  asked.open("GET", href);
  asked.responseType = "document";
  asked.onload = () => {
    const main = asked.response?.querySelector("main");
    if (!main || asked.status !== 200) return void location.assign(href);
    if (!peek) {
      peek = document.createElement("dialog");
      peek.id = "peek";
      document.body.append(peek);
    }
    const close = document.createElement("button");
    close.textContent = "Close";
    close.onclick = () => peek.close();
    const section = document.createElement("section");
    for (const one of main.querySelectorAll("[id]")) one.removeAttribute("id");
    section.append(...main.childNodes);
    peek.replaceChildren(close, section);
    peek.ariaLabel = peek.querySelector("h1")?.textContent ?? "";
    if (!peek.open) peek.show();
    copying(peek);
  };
  asked.onerror = () => location.assign(href);
  asked.send();
};

// A receipt that is pasted into the search is checked on the page of its entry.
const search = document.getElementById("q");
if (search)
  search.onpaste = (event) => {
    const text = event.clipboardData.getData("text").replaceAll("\r\n", "\n");
    const index = /^c2sp\.org\/tlog-proof@v1\n(?:extra .*\n)?index (\d+)\n/.exec(text)?.[1];
    if (!index) return;
    event.preventDefault();
    sessionStorage.setItem("receipt", text);
    location.assign(`/audit/entries/${index}#verify`);
  };

// The list that was looked at last, for going to the neighbours from a page of one.
const list = rows().map((row) => row.dataset.href);
if (list.length) sessionStorage.setItem("list", JSON.stringify({ list, at: location.pathname + location.search, next: all('a[rel="next"]')[0]?.getAttribute("href") }));
const last = JSON.parse(sessionStorage.getItem("list") ?? "null");
const here = last?.list.indexOf(location.pathname) ?? -1;
if (here >= 0) for (const back of all("a[data-list]")) back.href = last.at;
const neighbour = (by) => {
  if (here < 0) return;
  const to = last.list[here + by] ?? (by > 0 ? last.next : last.at);
  if (to) location.assign(to);
};

const keys = {
  j: () => move(1),
  k: () => move(-1),
  o: () => chosen() && (peek?.open ? peek.close() : show(chosen().dataset.href)),
  "[": () => neighbour(-1),
  "]": () => neighbour(1),
  "/": () => {
    const filter = document.querySelector("details.filter");
    if (filter) filter.open = true;
    (filter ?? document).querySelector("input, select")?.focus();
  },
  "?": () => dialog?.showModal(),
};
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && peek?.open) {
    peek.close();
    chosen()?.querySelector("a").focus();
  }
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || dialog?.open) return;
  if (document.documentElement.dataset.keys === "off") return;
  const act = keys[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});
// A click anywhere in a row opens it, unless a text was selected there.
addEventListener("click", (event) => {
  const row = event.target.closest?.("tr[data-href]");
  if (!row || event.target.closest("a, button, input") || !getSelection().isCollapsed) return;
  if (event.metaKey || event.ctrlKey) window.open(row.dataset.href, "_blank", "noopener");
  else location.assign(row.dataset.href);
});

const copying = (within) => {
  for (const one of within.querySelectorAll("[data-copy]")) {
    if (one.closest("tr, .copyable")) continue;
    one.classList.add("copyable");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.onclick = async () => {
      // Nothing that a terminal would obey.
      await navigator.clipboard?.writeText(one.dataset.copy.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, ""));
      button.textContent = "Copied";
      if (said) said.textContent = "Copied";
    };
    one.after(button);
  }
};
if (navigator.clipboard) {
  copying(document);
  // Times stand in the address as the moments that they are.
  for (const link of all("[data-link]")) {
    link.hidden = false;
    link.onclick = async () => {
      await navigator.clipboard.writeText(location.href);
      if (said) said.textContent = "Link copied";
    };
  }
}
