"use strict";
// The page's text is in the document already; this adds times to it. A turn's words become elements
// only when the turn comes near the window, so that a day of talk opens as quickly as a minute.
// Text is only ever read from the document and written back as text, never as markup.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const media = $("media"), wave = $("wave"), turns = [...document.querySelectorAll(".turn")];
const root = document.documentElement;
root.classList.add("js");
root.classList.add("marked");
media.controls = false;

// Words: for each turn a flat list of (characters, characters before, start, length, certainty).
const FIELDS = 5, UNSURE = data.unsure;
const base = [0];
for (const turn of data.words) base.push(base.at(-1) + turn.length / FIELDS);
const count = base.at(-1);
const starts = new Float64Array(count), ends = new Float64Array(count);
data.words.forEach((turn, t) => {
  let clock = data.turns[t][1];
  for (let i = 0, w = base[t]; i < turn.length; i += FIELDS, w++) {
    clock += turn[i + 2];
    starts[w] = clock / 1000;
    ends[w] = (clock + turn[i + 3]) / 1000;
  }
});
// Channels talk at the same time, so the order of the text need not be the order of time.
const inTime = Uint32Array.from({ length: count }, (_, i) => i);
if (starts.some((s, i) => i && s < starts[i - 1])) inTime.sort((a, b) => starts[a] - starts[b]);

/** The last position whose key is at most the value, or -1. */
function lastAtMost(length, key, value) {
  let low = 0, high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(middle) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
const turnOf = (word) => lastAtMost(turns.length, (t) => base[t], word);
const wordAt = (time) => {
  const at = lastAtMost(count, (i) => starts[inTime[i]], time + 0.001);
  return at < 0 ? -1 : inTime[at];
};
function clockOf(seconds) {
  const whole = Math.floor(seconds), s = whole % 60, m = Math.floor(whole / 60) % 60, h = Math.floor(whole / 3600);
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// --- Turns into words, as they are needed -------------------------------------------------------

function open(t) {
  const turn = turns[t];
  if (turn.opened) return;
  turn.opened = true;
  const line = turn.querySelector("p"), text = line.textContent, words = data.words[t];
  const parts = document.createDocumentFragment();
  let at = 0;
  for (let i = 0, w = base[t]; i < words.length; i += FIELDS, w++) {
    if (words[i + 1]) parts.append(text.slice(at, (at += words[i + 1])));
    const word = document.createElement("span");
    word.className = "w";
    word.dataset.w = w;
    word.textContent = text.slice(at, (at += words[i]));
    const certainty = words[i + 4];
    if (certainty >= 0 && certainty < UNSURE) {
      word.classList.add("low");
      word.title = `${certainty} % certain`;
    }
    parts.append(word);
  }
  line.replaceChildren(parts);
  paint(t);
}
function element(word) {
  const t = turnOf(word);
  open(t);
  return turns[t].querySelectorAll(".w")[word - base[t]];
}
const near = new IntersectionObserver(
  (entries) => entries.forEach((e) => e.isIntersecting && open(Number(e.target.dataset.b))),
  { rootMargin: "800px" },
);
turns.forEach((turn) => near.observe(turn));

// --- Playing --------------------------------------------------------------------------------------

const PAUSE_S = 0.7; // After a word has ended for so long it is only outlined.
let now = -1, following = true, drag = false, pending = null;
const position = () => pending ?? media.currentTime ?? 0;

function seek(time, play) {
  time = Math.min(Math.max(time, 0), Math.max(data.duration - 0.01, 0));
  // Until the browser knows the recording, it may forget where it was told to begin.
  pending = media.readyState ? null : time;
  media.currentTime = time;
  following = true;
  if (play) start();
  tick();
}
function start() {
  if (media.preload === "none") media.preload = "auto";
  media.play().catch(() => {});
}
const toggle = () => (media.paused ? start() : media.pause());

function tick() {
  const time = position(), word = wordAt(time);
  if (word !== now) {
    if (now >= 0) element(now).classList.remove("now", "over");
    now = word;
    if (now >= 0) {
      const shown = element(now);
      shown.classList.add("now");
      if (following && !media.paused) bringIn(shown);
    }
  }
  if (now >= 0) element(now).classList.toggle("over", time > ends[now] + PAUSE_S);
  $("now").textContent = clockOf(time);
  $("follow").hidden = following || media.paused;
  wave.setAttribute("aria-valuenow", Math.round(time));
  wave.setAttribute("aria-valuetext", clockOf(time));
  draw();
}
function loop() {
  tick();
  if (!media.paused) requestAnimationFrame(loop);
}
function bringIn(shown, always) {
  const box = shown.getBoundingClientRect(), top = document.querySelector(".player").getBoundingClientRect().bottom;
  if (always || box.top < top + 16 || box.bottom > innerHeight - 64) shown.scrollIntoView({ block: "center" });
}
media.addEventListener("play", () => {
  document.body.classList.add("playing");
  $("play").setAttribute("aria-label", "Pause");
  requestAnimationFrame(loop);
});
media.addEventListener("pause", () => {
  document.body.classList.remove("playing");
  $("play").setAttribute("aria-label", "Play");
  tick();
});
media.addEventListener("loadedmetadata", () => {
  if (pending !== null) media.currentTime = pending;
  pending = null;
  media.playbackRate = Number($("rate").value);
  tick();
});
media.addEventListener("seeked", tick);
media.addEventListener("error", () => {
  $("trouble").hidden = false;
  $("play").disabled = true;
});
$("file").addEventListener("change", () => {
  const file = $("file").files[0];
  if (!file) return;
  pending = position();
  media.src = URL.createObjectURL(file);
  media.preload = "auto";
  $("trouble").hidden = true;
  $("play").disabled = false;
});
$("play").disabled = !media.hasAttribute("src");
$("play").addEventListener("click", toggle);
$("rate").addEventListener("change", () => (media.playbackRate = Number($("rate").value)));
$("follow").addEventListener("click", follow);
function follow() {
  following = true;
  if (now >= 0) bringIn(element(now), true);
  tick();
}
for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => (following = false), { passive: true });

$("turns").addEventListener("click", (event) => {
  const word = event.target.closest(".w"), time = event.target.closest(".time");
  if (time) {
    event.preventDefault();
    history.replaceState(null, "", time.hash);
    seek(Number(time.hash.slice(3)), true);
  } else if (word && getSelection().isCollapsed) {
    seek(starts[word.dataset.w], true);
  }
});
function fromAddress() {
  const found = /^#t=(\d+(?:\.\d+)?)/.exec(location.hash);
  if (!found) return;
  seek(Number(found[1]), false);
  if (now >= 0) bringIn(element(now), true);
}
addEventListener("hashchange", fromAddress);

// --- Searching ------------------------------------------------------------------------------------

// Accents and case do not matter: a text is folded word by word, so that a place in it leads to a word.
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
let folded = null, hits = [], here = -1;

function foldAll() {
  folded = data.words.map((words, t) => {
    const text = turns[t].querySelector("p").textContent, places = [];
    let at = 0, line = "";
    for (let i = 0; i < words.length; i += FIELDS) {
      line += text.slice(at, (at += words[i + 1]));
      places.push(line.length);
      line += fold(text.slice(at, (at += words[i])));
    }
    return { line, places };
  });
}
function search() {
  const query = fold($("query").value.trim()).replace(/\s+/g, " ");
  if (query && !folded) foldAll();
  const before = new Set(hits.map(([first]) => turnOf(first)));
  hits = [];
  here = -1;
  if (query) {
    folded.forEach(({ line, places }, t) => {
      if (turns[t].hidden) return;
      for (let at = line.indexOf(query); at >= 0; at = line.indexOf(query, at + query.length)) {
        const first = lastAtMost(places.length, (i) => places[i], at);
        const last = lastAtMost(places.length, (i) => places[i], at + query.length - 1);
        if (first >= 0) hits.push([base[t] + first, base[t] + last]);
      }
    });
  }
  for (const [first] of hits) before.add(turnOf(first));
  before.forEach((t) => turns[t].opened && paint(t));
  if (hits.length) go(0);
  report();
}
/** Mark the hits in a turn whose words are elements. */
function paint(t) {
  const words = turns[t].querySelectorAll(".w");
  words.forEach((word) => word.classList.remove("hit", "here"));
  let at = lastAtMost(hits.length, (i) => hits[i][0], base[t] - 1) + 1;
  for (; at < hits.length && hits[at][0] < base[t + 1]; at++)
    for (let w = hits[at][0]; w <= hits[at][1]; w++) {
      words[w - base[t]].classList.add("hit");
      if (at === here) words[w - base[t]].classList.add("here");
    }
}
function go(step) {
  if (!hits.length) return;
  const old = here;
  if (here < 0) {
    // Begin where the reader is.
    const seen = turns.findIndex((turn) => !turn.hidden && turn.getBoundingClientRect().bottom > 0);
    here = Math.max(hits.findIndex(([first]) => first >= base[Math.max(seen, 0)]), 0);
  } else here = (here + step + hits.length) % hits.length;
  if (old >= 0) paint(turnOf(hits[old][0]));
  const shown = element(hits[here][0]);
  paint(turnOf(hits[here][0]));
  following = false;
  bringIn(shown);
  report();
}
function report() {
  $("hits").textContent = $("query").value.trim() ? (hits.length ? `${here + 1} of ${hits.length}` : "No hits") : "";
  $("next").disabled = $("previous").disabled = !hits.length;
  back = null;
  draw();
}
let waiting = 0;
$("query").addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(search, count > 50000 ? 200 : 60);
});
$("query").addEventListener("keydown", (event) => {
  if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") {
    $("query").value = "";
    search();
    $("query").blur();
  }
});
$("next").addEventListener("click", () => go(1));
$("previous").addEventListener("click", () => go(-1));

// --- Speakers and uncertain words -----------------------------------------------------------------

const heard = new Set(Array(data.speakers).keys());
for (const button of document.querySelectorAll(".speaker"))
  button.addEventListener("click", () => {
    const speaker = Number(button.dataset.speaker);
    if (!heard.delete(speaker)) heard.add(speaker);
    button.setAttribute("aria-pressed", heard.has(speaker));
    turns.forEach((turn, t) => (turn.hidden = !heard.has(data.turns[t][0])));
    search();
    back = null;
    draw();
  });
$("uncertain")?.addEventListener("change", () => root.classList.toggle("marked", $("uncertain").checked));

// --- The waveform -----------------------------------------------------------------------------------

let back = null;
const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);
function color(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

/** All but the playhead: drawn once for a size, a theme and a search. */
function drawBack() {
  const scale = devicePixelRatio || 1, box = wave.getBoundingClientRect();
  const width = Math.max(1, Math.round(box.width * scale)), height = Math.max(1, Math.round(box.height * scale));
  const canvas = document.createElement("canvas");
  canvas.width = wave.width = width;
  canvas.height = wave.height = height;
  const pen = canvas.getContext("2d"), x = (s) => (s / (data.duration || 1)) * width;
  const lane = Math.max(2, Math.round(5 * scale)), sound = height - lane * 2.6, middle = sound / 2 + 3 * scale;
  pen.fillStyle = color("--gone");
  for (const [from, to] of data.removed) pen.fillRect(x(from), 0, Math.max(x(to) - x(from), 1), height);
  pen.strokeStyle = color("--hatch");
  pen.lineWidth = scale;
  for (const [from, to] of data.removed) {
    pen.save();
    pen.beginPath();
    pen.rect(x(from), 0, x(to) - x(from), height);
    pen.clip();
    pen.beginPath();
    for (let at = x(from) - height; at < x(to); at += 7 * scale) {
      pen.moveTo(at, height);
      pen.lineTo(at + height, 0);
    }
    pen.stroke();
    pen.restore();
  }
  const colors = Array.from({ length: data.speakers }, (_, i) => color(`--s${i % 8}`)), plain = color("--wave");
  const pixels = new Array(width).fill(plain), spoken = new Uint8Array(width), lanes = new Int16Array(width).fill(-1);
  for (const [from, to] of data.speech) spoken.fill(1, Math.floor(x(from)), Math.ceil(x(to)));
  data.turns.forEach(([speaker, from, to]) => {
    if (!heard.has(speaker)) return;
    lanes.fill(speaker, Math.floor(x(from / 1000)), Math.max(Math.ceil(x(to / 1000)), Math.floor(x(from / 1000)) + 1));
  });
  const bar = Math.max(1, Math.round(2 * scale)), step = bar + Math.max(1, Math.round(scale));
  const peaks = data.peaks, loudest = Math.max(1, ...peaks);
  for (let at = 0; at < width; at += step) {
    const first = Math.floor((at / width) * peaks.length), last = Math.max(first + 1, Math.floor(((at + step) / width) * peaks.length));
    let peak = 0;
    for (let i = first; i < last && i < peaks.length; i++) peak = Math.max(peak, peaks[i]);
    const high = Math.max(peaks.length ? (peak / loudest) * (sound / 2 - 4 * scale) : spoken[at] * sound * 0.3, scale / 2);
    pen.fillStyle = lanes[at] >= 0 ? colors[lanes[at]] : plain;
    pen.globalAlpha = spoken[at] || lanes[at] >= 0 ? 1 : 0.55;
    pen.fillRect(at, middle - high, bar, high * 2);
  }
  pen.globalAlpha = 1;
  for (let at = 0; at < width; ) {
    let to = at + 1;
    while (to < width && lanes[to] === lanes[at] && spoken[to] === spoken[at]) to++;
    if (lanes[at] >= 0 || spoken[at]) {
      pen.fillStyle = lanes[at] >= 0 ? colors[lanes[at]] : plain;
      pen.globalAlpha = lanes[at] >= 0 && !spoken[at] ? 0.35 : 1;
      pen.fillRect(at, height - lane * 1.7, to - at, lane);
    }
    at = to;
  }
  pen.globalAlpha = 1;
  pen.fillStyle = color("--accent");
  let drawn = -9;
  for (const [first] of hits) {
    const at = Math.round(x(starts[first]));
    if (at - drawn < 2) continue;
    pen.fillRect(at - scale, 0, 2 * scale, 7 * scale);
    drawn = at;
  }
  return canvas;
}
function draw() {
  back ??= drawBack();
  const pen = wave.getContext("2d"), scale = devicePixelRatio || 1, at = (position() / (data.duration || 1)) * back.width;
  pen.clearRect(0, 0, back.width, back.height);
  pen.globalAlpha = 0.38;
  pen.drawImage(back, 0, 0);
  pen.globalAlpha = 1;
  if (at > 0) {
    // What was heard stands out; before anything plays, nothing is dimmed.
    pen.clearRect(0, 0, at, back.height);
    pen.drawImage(back, 0, 0, at, back.height, 0, 0, at, back.height);
  } else {
    pen.clearRect(0, 0, back.width, back.height);
    pen.drawImage(back, 0, 0);
  }
  pen.fillStyle = color("--ink");
  pen.fillRect(Math.min(Math.max(at - scale, 0), back.width - 2 * scale), 0, 2 * scale, back.height);
}
const redraw = () => {
  back = null;
  draw();
};
new ResizeObserver(redraw).observe(wave);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
function fromPointer(event) {
  const box = wave.getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * data.duration, false);
  if (now >= 0) bringIn(element(now));
}
wave.addEventListener("pointerdown", (event) => {
  drag = true;
  wave.setPointerCapture(event.pointerId);
  fromPointer(event);
});
wave.addEventListener("pointermove", (event) => drag && fromPointer(event));
for (const kind of ["pointerup", "pointercancel"]) wave.addEventListener(kind, () => (drag = false));

wave.addEventListener("keydown", (event) => {
  if (event.key !== "Home" && event.key !== "End") return;
  event.preventDefault();
  seek(event.key === "Home" ? 0 : data.duration, false);
});

$("theme").addEventListener("click", () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  redraw();
});

// --- Keyboard ---------------------------------------------------------------------------------------

$("help").addEventListener("click", () => $("keys").showModal());
function step(words) {
  const word = Math.min(Math.max(now + words, 0), count - 1);
  if (count) jump(word);
}
function stepTurn(by) {
  let t = (now < 0 ? -1 : turnOf(now)) + by;
  while (turns[t]?.hidden) t += by;
  if (turns[t]) jump(base[t]);
}
function jump(word) {
  seek(starts[word], false);
  bringIn(element(word));
}
function rate(by) {
  const choice = $("rate");
  choice.selectedIndex = Math.min(Math.max(choice.selectedIndex + by, 0), choice.options.length - 1);
  choice.dispatchEvent(new Event("change"));
}
const KEYS = {
  " ": toggle, k: toggle, "/": () => $("query").focus(), "?": () => $("keys").showModal(), f: follow,
  ArrowLeft: () => seek(position() - 5), ArrowRight: () => seek(position() + 5),
  ",": () => step(-1), ".": () => step(1), p: () => stepTurn(-1), n: () => stepTurn(1),
  "-": () => rate(-1), "+": () => rate(1), "=": () => rate(1),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

if (matchMedia("(max-width: 60rem)").matches) $("about").open = false;
let wasOpen = true;
addEventListener("beforeprint", () => {
  wasOpen = $("about").open;
  $("about").open = true;
});
addEventListener("afterprint", () => ($("about").open = wasOpen));
tick();
fromAddress();
