"use strict";
// The page's text is in the document already; this adds times to it. A turn's words become elements
// only when the turn comes near the window, so that a day of talk opens as quickly as a minute.
// Text is only ever read from the document and written back as text, never as markup.

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
const media = $("media"), wave = $("wave");
const turns = [...document.querySelectorAll(".turn")];
const data = JSON.parse($("data").textContent);

// Words: for each turn a flat list of (characters, characters before, start, length, confidence).
const FIELDS = 5;
const firstWords = firstWordOfEachTurn();
const count = firstWords.at(-1);
const { starts, ends } = wordTimes();
const inTime = wordsInOrderOfTime();

function firstWordOfEachTurn() {
  const first = [0];
  for (const words of data.words) first.push(first.at(-1) + words.length / FIELDS);
  return first;
}

/** The start and end of each word in seconds. */
function wordTimes() {
  const starts = new Float64Array(count), ends = new Float64Array(count);
  data.words.forEach((words, t) => {
    let start = data.turns[t][1];
    for (let i = 0, w = firstWords[t]; i < words.length; i += FIELDS, w++) {
      start += words[i + 2];
      starts[w] = start / 1000;
      ends[w] = (start + words[i + 3]) / 1000;
    }
  });
  return { starts, ends };
}

/** Speakers on different channels talk at the same time: the order of the text need not be that of time. */
function wordsInOrderOfTime() {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (starts.some((s, i) => i && s < starts[i - 1])) order.sort((a, b) => starts[a] - starts[b]);
  return order;
}

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

function turnOf(word) {
  return lastAtMost(turns.length, (t) => firstWords[t], word);
}

function wordAt(time) {
  const at = lastAtMost(count, (i) => starts[inTime[i]], time + 0.001);
  return at < 0 ? -1 : inTime[at];
}

function textOf(t) {
  return turns[t].querySelector("p").textContent;
}

/** Make elements of a turn's words. */
function open(t) {
  const turn = turns[t];
  if (turn.opened) return;
  turn.opened = true;
  const text = textOf(t), words = data.words[t], parts = document.createDocumentFragment();
  let at = 0;
  for (let i = 0, w = firstWords[t]; i < words.length; i += FIELDS, w++) {
    if (words[i + 1]) parts.append(text.slice(at, (at += words[i + 1])));
    parts.append(wordElement(w, text.slice(at, (at += words[i])), words[i + 4]));
  }
  turn.querySelector("p").replaceChildren(parts);
  markHits(t);
}

function wordElement(word, text, confidence) {
  const shown = document.createElement("span");
  shown.className = "w";
  shown.dataset.w = word;
  shown.textContent = text;
  if (confidence >= 0 && confidence < data.unsure) {
    shown.classList.add("low");
    shown.title = `${confidence} % certain`;
  }
  return shown;
}

function element(word) {
  const t = turnOf(word);
  open(t);
  return turns[t].querySelectorAll(".w")[word - firstWords[t]];
}

function openTurnsNearTheWindow() {
  const opened = (entries) => entries.forEach((e) => e.isIntersecting && open(Number(e.target.dataset.b)));
  const near = new IntersectionObserver(opened, { rootMargin: "800px" });
  turns.forEach((turn) => near.observe(turn));
}
