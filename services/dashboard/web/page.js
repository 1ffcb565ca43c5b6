// Adds life to a page that is complete without it: ages, pause, offered order, announcements, keys.
// Time comes from the server's clock; this computer's clock only measures how long ago that was.

const html = document.documentElement;
const swedish = html.lang === "sv";
const $ = (id) => document.getElementById(id);
const stream = $("strom");
const clock = $("klocka");
const [HEARTBEAT_MAX, ANNOUNCE_EVERY, RETRY_AFTER] = [12_000, 20_000, 2_000];

let serverNow = Number(clock.dataset.now);
let serverAt = performance.now();
let heardAt = performance.now();
let [feeds, pace, applied] = [{}, 1, ""];
let [resyncing, lost, connection, retry] = [false, false, null, null];
let changed = new Set();

const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* not remembered */ } };
const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

for (const element of document.querySelectorAll(".needs-script, .pulse")) element.hidden = false;

// --- time -----------------------------------------------------------------
const now = () => serverNow + (performance.now() - serverAt) / 1000;
const zone = { timeZone: "Europe/Stockholm", hourCycle: "h23" };
const part = (options) => new Intl.DateTimeFormat("sv-SE", { ...zone, ...options });
const clockFormat = part({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const timeFormat = part({ hour: "2-digit", minute: "2-digit" });
const dateFormat = part({ year: "numeric", month: "2-digit", day: "2-digit" });
const punctuate = (text) => (swedish ? text.replaceAll(":", ".") : text);
const time = (seconds) => punctuate(timeFormat.format(seconds * 1000));
const date = (seconds) => dateFormat.format(seconds * 1000);

function age(at) {
  const minutes = Math.floor(Math.max(0, now() - at) / 60);
  if (minutes < 1) return swedish ? "nyss" : "just now";
  if (minutes < 60) return `${minutes}\u00a0min`;
  const day = date(at) === date(now()) ? "" : `${date(at)} `;
  return `${swedish ? "sedan" : "since"} ${day}${time(at)}`;
}

function readFeeds(text) {
  for (const pair of (text ?? "").split(" ")) {
    const [feed, at] = pair.split("=");
    if (at) feeds[feed] = Number(at);
  }
}

function tick() {
  if (!open() && pace === 0) return;
  clock.textContent = punctuate(clockFormat.format(now() * 1000));
  for (const element of document.querySelectorAll(".age")) {
    const at = element.dataset.feed ? feeds[element.dataset.feed] : Number(element.dataset.at);
    const text = at ? age(at) : element.textContent;
    if (element.textContent !== text) element.textContent = text;
  }
  if (stream && performance.now() - heardAt > HEARTBEAT_MAX) connection?.reader?.cancel();
}

function hear(data) {
  const [seconds, ...rest] = data.split(" ");
  serverNow = Number(seconds);
  serverAt = heardAt = performance.now();
  readFeeds(rest.join(" "));
}

// --- connection -------------------------------------------------------------
function showLost(isLost) {
  if (isLost === lost) return;
  lost = isLost;
  const banner = $("avbrott");
  banner.hidden = !lost;
  if (lost) banner.textContent = `${banner.dataset.lost} ${time(now())}. ${banner.dataset.then}`;
  showPulse();
}

function showPulse() {
  const [pulse] = document.getElementsByClassName("pulse");
  if (!pulse) return;
  const stopped = lost || $("stannat")?.hidden === false;
  for (const [name, is] of [["is-lost", stopped], ["is-paused", pace === 0]]) pulse.classList.toggle(name, is);
  pulse.textContent = pulse.dataset[pace === 0 ? "paused" : stopped ? "stopped" : "live"];
}

// htmx takes up again a stream that broke, but not one whose first answer never came.
function failed() {
  showLost(true);
  clearTimeout(retry);
  if (!connection) retry = setTimeout(() => stream?.dispatchEvent(new Event("anslut")), RETRY_AFTER);
}
document.addEventListener("htmx:sse:after:connection", ({ detail }) => {
  connection = detail.connection;
  heardAt = performance.now();
  resyncing = false;
  showLost(false);
});
document.addEventListener("htmx:sse:before:connection", ({ detail }) => {
  if (detail.connection.attempt > 0 && !resyncing && !document.hidden) showLost(true);
});
document.addEventListener("htmx:sse:error", () => { if (!document.hidden) showLost(true); });
for (const error of ["htmx:response:error", "htmx:error"]) document.addEventListener(error, failed);
document.addEventListener("puls", ({ detail }) => { if (pace !== 0 || open()) hear(detail.data); });
document.addEventListener("version", ({ detail }) => {
  if (html.classList.contains("wall") && (stream.dataset.version ??= detail.data) !== detail.data) location.reload();
});
document.addEventListener("htmx:sse:before:message", ({ detail }) => {
  heardAt = performance.now();
  if (detail.message.event) return;
  if (!open()) { detail.cancelled = true; if (pace && detail.message.data.includes('id="stannat"')) setTimeout(catchUp); return; }
  applied = detail.message.id;
  for (const [, id] of detail.message.data.matchAll(/<tr id="(u-[^"]+)"/g)) changed.add(id);
});
document.addEventListener("htmx:sse:after:message", () => { tick(); offerOrder(); showPulse(); });

// --- pause ------------------------------------------------------------------
let openUntil = 0;
const open = () => pace === 1 || performance.now() < openUntil;

function catchUp() {
  openUntil = performance.now() + 3000;
  resyncing = true;
  if (connection) connection.lastEventId = applied;
  connection?.reader?.cancel();
}

function setPace(value, byUser) {
  const wasOpen = pace === 1;
  pace = value;
  for (const input of document.querySelectorAll("input[name=takt]")) input.checked = Number(input.value) === value;
  document.querySelector("[data-do=pause]")?.setAttribute("aria-pressed", String(value === 0));
  const banner = $("pausad");
  banner.hidden = value !== 0;
  banner.textContent = `${banner.dataset.paused} ${time(now())}.`;
  if (byUser) remember("takt", String(value));
  if (!wasOpen && value !== 0) catchUp();
  showPulse();
}

if (stream) {
  readFeeds(stream.dataset.feeds);
  setPace(Number(remembered("takt") ?? 1), false);
  setInterval(() => { if (pace === 30) catchUp(); }, 30_000);
}
setInterval(tick, 1000);

// --- order: offered, never forced ---------------------------------------------
function ranked(body) {
  const wanted = $("ordning").dataset.order.split(" ");
  return [...body.children].map((row) => [row, wanted.indexOf(row.id)]).filter(([, rank]) => rank >= 0);
}

function offerOrder() {
  const button = $("sortera-om");
  if (!button) return;
  let count = 0;
  for (const body of document.querySelectorAll("[data-rows]")) {
    const best = [];
    ranked(body).forEach(([, rank], index, all) => { best[index] = 1 + Math.max(0, ...best.filter((_, before) => all[before][1] < rank)); });
    count += best.length - Math.max(0, ...best);
  }
  button.hidden = count === 0;
  button.textContent = `${button.dataset.word} (${count})`;
}

function sort() {
  for (const body of document.querySelectorAll("[data-rows]")) body.append(...ranked(body).sort((one, other) => one[1] - other[1]).map(([row]) => row));
  offerOrder();
}

// --- deeds --------------------------------------------------------------------
const deeds = {
  sort,
  pause: () => setPace(pace === 0 ? 1 : 0, true),
  print: () => window.print(),
  refresh: () => { catchUp(); setPace(pace, false); },
};
document.addEventListener("click", ({ target }) => deeds[target.closest?.("[data-do]")?.dataset.do]?.());
document.addEventListener("change", ({ target }) => {
  if (target.name === "takt") setPace(Number(target.value), true);
  if (target.name === "tangenter" || target.name === "upplas") remember(target.name, String(target.checked));
});
for (const input of document.querySelectorAll("input[type=checkbox]")) input.checked = remembered(input.name) !== "false";
window.addEventListener("beforeprint", () => { document.querySelector("[data-print]").textContent = timeFormat.format(now() * 1000); });
document.addEventListener("keydown", (event) => {
  const settings = $("installningar");
  if (event.key === "Escape") settings.open = false;
  const typing = event.target.closest?.("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || remembered("tangenter") === "false") return;
  if (event.key === "/" && $("f-q")) { event.preventDefault(); $("f-q").focus(); }
  if (event.key === "p" && stream) deeds.pause();
  if (event.key === "?") { settings.open = true; settings.querySelector("summary").focus(); }
});

// --- one polite line, seldom ----------------------------------------------------
setInterval(() => {
  const region = $("upplasning");
  if (changed.size === 0 || pace === 0 || remembered("upplas") === "false") return;
  region.textContent = `${changed.size} ${changed.size === 1 ? region.dataset.one : region.dataset.changed}`;
  changed = new Set();
}, ANNOUNCE_EVERY);
