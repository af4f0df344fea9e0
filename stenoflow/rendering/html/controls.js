// --- Speakers, uncertain words, theme ----------------------------------------------------------------

const shownSpeakers = new Set(Array(data.speakers).keys());

function toggleSpeaker(button) {
  const speaker = Number(button.dataset.speaker);
  if (!shownSpeakers.delete(speaker)) shownSpeakers.add(speaker);
  button.setAttribute("aria-pressed", shownSpeakers.has(speaker));
  turns.forEach((turn, t) => (turn.hidden = !shownSpeakers.has(data.turns[t][0])));
  search();
}

function toggleTheme() {
  const chosen = root.dataset.theme;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  redrawWaveform();
}

function listenToControls() {
  for (const button of document.querySelectorAll(".speaker"))
    button.addEventListener("click", () => toggleSpeaker(button));
  $("uncertain")?.addEventListener("change", () => root.classList.toggle("marked", $("uncertain").checked));
  $("theme").addEventListener("click", toggleTheme);
  $("help").addEventListener("click", () => $("keys").showModal());
}

/** The section beside the text is closed where there is little room, and open on paper. */
function foldAbout() {
  if (matchMedia("(max-width: 60rem)").matches) $("about").open = false;
  let wasOpen = true;
  addEventListener("beforeprint", () => {
    wasOpen = $("about").open;
    $("about").open = true;
  });
  addEventListener("afterprint", () => ($("about").open = wasOpen));
}

// --- Keyboard ----------------------------------------------------------------------------------------

const KEYS = {
  " ": toggle, k: toggle, "/": () => $("query").focus(), "?": () => $("keys").showModal(), f: follow,
  ArrowLeft: () => seek(position() - 5), ArrowRight: () => seek(position() + 5),
  ",": () => stepWord(-1), ".": () => stepWord(1), p: () => stepTurn(-1), n: () => stepTurn(1),
  "-": () => stepRate(-1), "+": () => stepRate(1), "=": () => stepRate(1),
};

function jump(word) {
  seek(starts[word], false);
  bringIn(element(word));
}

function stepWord(by) {
  const word = Math.min(Math.max(now + by, 0), count - 1);
  if (count) jump(word);
}

function stepTurn(by) {
  let t = (now < 0 ? -1 : turnOf(now)) + by;
  while (turns[t]?.hidden) t += by;
  if (turns[t]) jump(firstWords[t]);
}

function stepRate(by) {
  const choice = $("rate");
  choice.selectedIndex = Math.min(Math.max(choice.selectedIndex + by, 0), choice.options.length - 1);
  choice.dispatchEvent(new Event("change"));
}

function pressKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === " " && event.target.closest("button, a, summary")) return;
  const act = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

// --- Begin -------------------------------------------------------------------------------------------

root.classList.add("js", "marked");
media.controls = false;
openTurnsNearTheWindow();
listenToMedia();
listenToPlayer();
listenToSearch();
listenToWaveform();
listenToControls();
foldAbout();
addEventListener("keydown", pressKey);
showPosition();
seekToAddress();
