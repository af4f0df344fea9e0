// --- Searching ---------------------------------------------------------------------------------------

// Accents and case do not matter. All text is folded once into one string, and each word's place in it
// kept, so that a search is a scan of that string. It is made while the browser is idle; a search before
// that makes what is missing.
const TYPING_MS = 60;
const ASCII = /^[\x00-\x7f]*$/;
const index = { lines: [], length: 0, places: new Uint32Array(count), text: null };
let hits = [], here = -1, typing = 0;

function fold(text) {
  return ASCII.test(text) ? text.toLowerCase() : text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Fold one more turn. An ASCII text keeps its length, so its words keep their places. */
function indexTurn() {
  const t = index.lines.length, text = textOf(t), words = data.words[t];
  const even = ASCII.test(text);
  let at = 0, line = even ? fold(text) : "";
  for (let i = 0, w = firstWords[t]; i < words.length; i += FIELDS, w++) {
    if (!even) line += text.slice(at, at + words[i + 1]);
    at += words[i + 1];
    index.places[w] = index.length + (even ? at : line.length);
    if (!even) line += fold(text.slice(at, at + words[i]));
    at += words[i];
  }
  index.lines.push(line);
  index.length += line.length + 1;
}

function indexWhileIdle(deadline) {
  while (index.lines.length < turns.length && deadline.timeRemaining() > 1) indexTurn();
  if (index.lines.length < turns.length) requestIdleCallback(indexWhileIdle);
}

function indexedText() {
  if (index.text === null) {
    while (index.lines.length < turns.length) indexTurn();
    index.text = index.lines.join("\n"); // No query holds a line break: no hit goes from turn to turn.
  }
  return index.text;
}

/** The first and the last word of each hit in the turns that are shown. */
function findHits(query) {
  const text = indexedText(), found = [];
  let word = 0, t = 0;
  const wordAtPlace = (place) => {
    while (word + 1 < count && index.places[word + 1] <= place) word++;
    return word;
  };
  for (let at = text.indexOf(query); at >= 0; at = text.indexOf(query, at + query.length)) {
    const first = wordAtPlace(at);
    while (firstWords[t + 1] <= first) t++;
    if (!turns[t].hidden) found.push([first, wordAtPlace(at + query.length - 1)]);
  }
  return found;
}

function search() {
  clearTimeout(typing);
  const query = fold($("query").value.trim()).replace(/\s+/g, " ");
  const before = hits;
  hits = query && count ? findHits(query) : [];
  here = -1;
  remark(before, hits);
  if (hits.length) goTo(firstHitFromHere());
  showHits();
  redrawWaveform();
}

/** Update the marks in the turns of either list; those without elements are marked when they get them. */
function remark(...lists) {
  const changed = new Set();
  for (const list of lists) {
    let t = 0;
    for (const [first] of list) {
      while (firstWords[t + 1] <= first) t++;
      if (turns[t].opened) changed.add(t);
    }
  }
  changed.forEach(markHits);
}

/** Mark the hits in a turn whose words are elements. */
function markHits(t) {
  const words = turns[t].querySelectorAll(".w");
  words.forEach((word) => word.classList.remove("hit", "here"));
  let at = lastAtMost(hits.length, (i) => hits[i][0], firstWords[t] - 1) + 1;
  for (; at < hits.length && hits[at][0] < firstWords[t + 1]; at++)
    for (let w = hits[at][0]; w <= hits[at][1]; w++) {
      words[w - firstWords[t]].classList.add("hit");
      if (at === here) words[w - firstWords[t]].classList.add("here");
    }
}

function firstHitFromHere() {
  const seen = turns.findIndex((turn) => !turn.hidden && turn.getBoundingClientRect().bottom > 0);
  const next = lastAtMost(hits.length, (i) => hits[i][0], firstWords[Math.max(seen, 0)] - 1) + 1;
  return next < hits.length ? next : 0;
}

function goTo(hit) {
  const left = here;
  here = hit;
  if (left >= 0) markHits(turnOf(hits[left][0]));
  const shown = element(hits[here][0]);
  markHits(turnOf(hits[here][0]));
  following = false;
  bringIn(shown);
}

function goBy(step) {
  if (!hits.length) return;
  goTo((here + step + hits.length) % hits.length);
  showHits();
  drawWaveform();
}

function showHits() {
  const found = hits.length ? `${here + 1} of ${hits.length}` : "No hits";
  $("hits").textContent = $("query").value.trim() ? found : "";
  $("next").disabled = $("previous").disabled = !hits.length;
}

function listenToSearch() {
  $("query").addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, TYPING_MS);
  });
  $("query").addEventListener("keydown", (event) => {
    if (event.key === "Enter") goBy(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      $("query").value = "";
      search();
      $("query").blur();
    }
  });
  $("next").addEventListener("click", () => goBy(1));
  $("previous").addEventListener("click", () => goBy(-1));
  if (window.requestIdleCallback) requestIdleCallback(indexWhileIdle);
}
