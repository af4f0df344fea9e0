// --- The waveform ------------------------------------------------------------------------------------

let back = null; // All but the playhead: drawn once for a size, a theme and a search.
const probe = document.createElement("i");

function color(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function drawBack() {
  const scale = devicePixelRatio || 1, box = wave.getBoundingClientRect();
  const canvas = document.createElement("canvas");
  canvas.width = wave.width = Math.max(1, Math.round(box.width * scale));
  canvas.height = wave.height = Math.max(1, Math.round(box.height * scale));
  const area = {
    pen: canvas.getContext("2d"), scale, width: canvas.width, height: canvas.height,
    lane: Math.max(2, Math.round(5 * scale)), x: (s) => (s / (data.duration || 1)) * canvas.width,
  };
  const pixels = speechOfPixels(area);
  drawRemoved(area);
  drawPeaks(area, pixels);
  drawLanes(area, pixels);
  drawHits(area);
  return canvas;
}

/** For each pixel whether there is speech, the speaker or -1, and its color. */
function speechOfPixels({ width, x }) {
  const colors = Array.from({ length: data.speakers }, (_, i) => color(`--s${i % 8}`)), plain = color("--wave");
  const speech = new Uint8Array(width), speakers = new Int16Array(width).fill(-1);
  for (const [from, to] of data.speech) speech.fill(1, Math.floor(x(from)), Math.ceil(x(to)));
  for (const [speaker, from, to] of data.turns) {
    const first = Math.floor(x(from / 1000));
    if (shownSpeakers.has(speaker)) speakers.fill(speaker, first, Math.max(Math.ceil(x(to / 1000)), first + 1));
  }
  return { speech, speakers, colorOf: (at) => (speakers[at] >= 0 ? colors[speakers[at]] : plain) };
}

/** Pauses that were not sent are hatched. */
function drawRemoved({ pen, scale, height, x }) {
  pen.fillStyle = color("--gone");
  pen.strokeStyle = color("--hatch");
  pen.lineWidth = scale;
  for (const [from, to] of data.removed) pen.fillRect(x(from), 0, Math.max(x(to) - x(from), 1), height);
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
}

function drawPeaks({ pen, scale, width, height, lane }, { speech, speakers, colorOf }) {
  const tall = height - lane * 2.6, middle = tall / 2 + 3 * scale;
  const bar = Math.max(1, Math.round(2 * scale)), step = bar + Math.max(1, Math.round(scale));
  const peaks = data.peaks, loudest = Math.max(1, ...peaks);
  for (let at = 0; at < width; at += step) {
    const first = Math.floor((at / width) * peaks.length);
    const last = Math.max(first + 1, Math.floor(((at + step) / width) * peaks.length));
    const peak = Math.max(0, ...peaks.slice(first, last));
    const half = peaks.length ? (peak / loudest) * (tall / 2 - 4 * scale) : speech[at] * tall * 0.3;
    const high = Math.max(half, scale / 2);
    pen.fillStyle = colorOf(at);
    pen.globalAlpha = speech[at] || speakers[at] >= 0 ? 1 : 0.55;
    pen.fillRect(at, middle - high, bar, high * 2);
  }
  pen.globalAlpha = 1;
}

/** Below the peaks: who speaks when. */
function drawLanes({ pen, width, height, lane }, { speech, speakers, colorOf }) {
  for (let at = 0, to; at < width; at = to) {
    to = at + 1;
    while (to < width && speakers[to] === speakers[at] && speech[to] === speech[at]) to++;
    if (speakers[at] < 0 && !speech[at]) continue;
    pen.fillStyle = colorOf(at);
    pen.globalAlpha = speakers[at] >= 0 && !speech[at] ? 0.35 : 1;
    pen.fillRect(at, height - lane * 1.7, to - at, lane);
  }
  pen.globalAlpha = 1;
}

function drawHits({ pen, scale, x }) {
  pen.fillStyle = color("--accent");
  let drawn = -9;
  for (const [first] of hits) {
    const at = Math.round(x(starts[first]));
    if (at - drawn < 2) continue;
    pen.fillRect(at - scale, 0, 2 * scale, 7 * scale);
    drawn = at;
  }
}

function drawWaveform() {
  back ??= drawBack();
  const { width, height } = back, pen = wave.getContext("2d"), scale = devicePixelRatio || 1;
  const at = (position() / (data.duration || 1)) * width;
  pen.clearRect(0, 0, width, height);
  pen.drawImage(back, 0, 0);
  if (at > 0) {
    // What was played stands out; before anything plays, nothing is dimmed.
    pen.clearRect(at, 0, width, height);
    pen.globalAlpha = 0.38;
    pen.drawImage(back, at, 0, width, height, at, 0, width, height);
    pen.globalAlpha = 1;
  }
  pen.fillStyle = color("--ink");
  pen.fillRect(Math.min(Math.max(at - scale, 0), width - 2 * scale), 0, 2 * scale, height);
}

function redrawWaveform() {
  back = null;
  drawWaveform();
}

function seekToPointer(event) {
  const box = wave.getBoundingClientRect();
  seek(((event.clientX - box.left) / box.width) * data.duration, false);
  if (now >= 0) bringIn(element(now));
}

function listenToWaveform() {
  probe.hidden = true;
  document.body.append(probe);
  new ResizeObserver(redrawWaveform).observe(wave);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawWaveform);
  wave.addEventListener("pointerdown", (event) => {
    dragging = true;
    wave.setPointerCapture(event.pointerId);
    seekToPointer(event);
  });
  wave.addEventListener("pointermove", (event) => dragging && seekToPointer(event));
  for (const kind of ["pointerup", "pointercancel"]) wave.addEventListener(kind, () => (dragging = false));
  wave.addEventListener("keydown", (event) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    seek(event.key === "Home" ? 0 : data.duration, false);
  });
}
