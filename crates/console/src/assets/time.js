// Tells the server which zone the browser is in, and keeps saying how long ago things were.
const root = document.documentElement;
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const keep = (name, value) => {
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=/; SameSite=Strict; Max-Age=31536000`;
};
if (root.dataset.zoneOf && zone && zone !== root.dataset.zone) {
  keep("probity-zone", `browser:${zone}`);
  // The server made this page in another zone. Once; where cookies are not kept it stays so.
  if (document.querySelector("time") && sessionStorage.getItem("zone") !== zone) {
    sessionStorage.setItem("zone", zone);
    location.reload();
  }
}
const words = (at) => {
  const ago = (Date.now() - Date.parse(at)) / 1000;
  const size = Math.abs(ago);
  if (size >= 86400) return null;
  if (size < 1) return "now";
  const text = size < 60 ? `${Math.floor(size)} s` : size < 3600 ? `${Math.floor(size / 60)} min` : `${Math.floor(size / 3600)} h`;
  return ago < 0 ? `in ${text}` : `${text} ago`;
};
const near = () => {
  for (const one of document.querySelectorAll("[data-near]")) {
    const text = words(one.dataset.near);
    if (text) one.textContent = one.localName === "time" ? text : `(${text})`;
  }
};
near();
setInterval(() => document.hidden || near(), 30000);
