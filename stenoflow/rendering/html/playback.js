// --- Playing, and showing what is playing ------------------------------------------------------------

const PAUSE_S = 0.7; // After a word has ended for so long it is only outlined.
let now = -1, following = true, dragging = false, pending = null;

function position() {
  return pending ?? media.currentTime ?? 0;
}

function clock(seconds) {
  const whole = Math.floor(seconds), s = whole % 60, m = Math.floor(whole / 60) % 60, h = Math.floor(whole / 3600);
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function seek(time, play) {
  time = Math.min(Math.max(time, 0), Math.max(data.duration - 0.01, 0));
  // Until the browser knows the recording, it may forget where it was told to begin.
  pending = media.readyState ? null : time;
  media.currentTime = time;
  following = true;
  if (play) start();
  showPosition();
}

function start() {
  if (media.preload === "none") media.preload = "auto";
  media.play().catch(() => {});
}

function toggle() {
  if (media.paused) start();
  else media.pause();
}

function showPosition() {
  const time = position();
  showWord(wordAt(time));
  if (now >= 0) element(now).classList.toggle("over", time > ends[now] + PAUSE_S);
  $("now").textContent = clock(time);
  $("follow").hidden = following || media.paused;
  wave.setAttribute("aria-valuenow", Math.round(time));
  wave.setAttribute("aria-valuetext", clock(time));
  drawWaveform();
}

function showWord(word) {
  if (word === now) return;
  if (now >= 0) element(now).classList.remove("now", "over");
  now = word;
  if (now < 0) return;
  element(now).classList.add("now");
  if (following && !media.paused) bringIn(element(now));
}

function showPositionWhilePlaying() {
  showPosition();
  if (!media.paused) requestAnimationFrame(showPositionWhilePlaying);
}

/** Scroll to an element, unless it can be seen below the player. */
function bringIn(shown, always) {
  const box = shown.getBoundingClientRect(), top = document.querySelector(".player").getBoundingClientRect().bottom;
  if (always || box.top < top + 16 || box.bottom > innerHeight - 64) shown.scrollIntoView({ block: "center" });
}

function follow() {
  following = true;
  if (now >= 0) bringIn(element(now), true);
  showPosition();
}

function openFile() {
  const file = $("file").files[0];
  if (!file) return;
  pending = position();
  media.src = URL.createObjectURL(file);
  media.preload = "auto";
  $("trouble").hidden = true;
  $("play").disabled = false;
}

function playFromClick(event) {
  const word = event.target.closest(".w"), time = event.target.closest(".time");
  if (time) {
    event.preventDefault();
    history.replaceState(null, "", time.hash);
    seek(Number(time.hash.slice(3)), true);
  } else if (word && getSelection().isCollapsed) {
    seek(starts[word.dataset.w], true);
  }
}

function seekToAddress() {
  const found = /^#t=(\d+(?:\.\d+)?)/.exec(location.hash);
  if (!found) return;
  seek(Number(found[1]), false);
  if (now >= 0) bringIn(element(now), true);
}

function listenToMedia() {
  media.addEventListener("play", () => {
    document.body.classList.add("playing");
    $("play").setAttribute("aria-label", "Pause");
    requestAnimationFrame(showPositionWhilePlaying);
  });
  media.addEventListener("pause", () => {
    document.body.classList.remove("playing");
    $("play").setAttribute("aria-label", "Play");
    showPosition();
  });
  media.addEventListener("loadedmetadata", () => {
    if (pending !== null) media.currentTime = pending;
    pending = null;
    media.playbackRate = Number($("rate").value);
    showPosition();
  });
  media.addEventListener("seeked", showPosition);
  media.addEventListener("error", () => {
    $("trouble").hidden = false;
    $("play").disabled = true;
  });
}

function listenToPlayer() {
  $("file").addEventListener("change", openFile);
  $("play").disabled = !media.hasAttribute("src");
  $("play").addEventListener("click", toggle);
  $("rate").addEventListener("change", () => (media.playbackRate = Number($("rate").value)));
  $("follow").addEventListener("click", follow);
  $("turns").addEventListener("click", playFromClick);
  addEventListener("hashchange", seekToAddress);
  for (const kind of ["wheel", "touchmove"]) addEventListener(kind, () => (following = false), { passive: true });
}
