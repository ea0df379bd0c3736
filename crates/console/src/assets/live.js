// What is new in a list, as it comes. One stream a browser: the page that is looked at and holds the lock has it, and tells
// the others. It says only that there is something new; the rows come from the server as it shows them to this reader.
const bar = document.querySelector("[data-stream]");
const rows = document.getElementById("rows");
if (bar && rows && "locks" in navigator) {
  const [state, button] = [bar.querySelector(".state"), bar.querySelector("button")];
  const said = document.getElementById("said");
  const channel = new BroadcastChannel("probity-live");
  const hrefs = (within) => [...within.querySelectorAll("tr[data-href]")].map((row) => row.dataset.href);
  let [waiting, asking, again, saidAt, last, release, source] = [null, false, false, 0, null, null, null];
  const words = { lost: "The server does not answer; trying again", ended: "The session has ended; load the page again to sign in" };
  bar.hidden = false;

  const say = (text) => {
    if (!said || Date.now() - saidAt < 5000) return;
    saidAt = Date.now();
    said.textContent = text;
  };
  const put = () => {
    if (!waiting) return;
    const known = new Set(hrefs(rows));
    const fresh = waiting;
    waiting = null;
    for (const row of fresh.querySelectorAll("tr[data-href]")) if (!known.has(row.dataset.href)) row.dataset.new = "";
    rows.replaceChildren(...fresh.childNodes);
    button.hidden = true;
  };
  const look = () => {
    if (asking) return void (again = true);
    asking = true;
    const asked = new XMLHttpRequest();
    asked.open("GET", location.href);
    asked.responseType = "document";
    asked.onloadend = () => {
      const fresh = asked.status === 200 && asked.response?.getElementById("rows");
      // Another page came in its place: the one to sign in by.
      if (asked.status === 200 && !fresh) all("ended");
      if (fresh) {
        const known = new Set(hrefs(rows));
        const count = hrefs(fresh).filter((href) => !known.has(href)).length;
        if (count) {
          waiting = fresh;
          // Who is reading further down, or is somewhere in the list by key, is not pushed around.
          if (scrollY < 80 && !rows.contains(document.activeElement)) put();
          else {
            button.textContent = `${count} new`;
            button.hidden = false;
          }
          say(`${count} new`);
        }
      }
      setTimeout(() => {
        asking = false;
        if (again) look();
        again = false;
      }, 1000);
    };
    asked.send();
  };
  button.onclick = () => {
    put();
    scrollTo(0, 0);
  };
  const tell = (what) => {
    state.textContent = words[what] ?? "Live";
    if (what === "new") look();
    if (what === "ended") end();
  };
  const all = (what) => {
    tell(what);
    channel.postMessage(what);
  };
  channel.onmessage = (event) => tell(event.data);
  const stream = () => {
    source = new EventSource(last === null ? bar.dataset.stream : `${bar.dataset.stream}?after=${last}`);
    // Whatever came before the stream was there, when the page was loaded or while the server was away.
    source.onopen = () => all("new");
    source.addEventListener("activity", (event) => {
      last = event.lastEventId;
      all("new");
    });
    source.onerror = () => {
      all("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      // The server answered with a problem. The page says whether the session has ended; else it is asked again, later.
      look();
      setTimeout(() => source && stream(), 5000);
    };
  };
  const begin = () => {
    if (document.hidden || release) return;
    const stop = new AbortController();
    release = () => stop.abort();
    const held = () => new Promise((end) => {
      release = () => end();
      stream();
    });
    navigator.locks.request("probity-live", { signal: stop.signal }, held).catch(() => {});
  };
  const end = () => {
    release?.();
    source?.close();
    release = source = null;
  };
  addEventListener("visibilitychange", () => (document.hidden ? end() : begin()));
  addEventListener("pagehide", end);
  addEventListener("pageshow", begin);
  state.textContent = "Live";
  begin();
}
