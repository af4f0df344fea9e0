"""The page, driven in a real browser: what a reader does with it, and what hostile text cannot do."""

import json
import re
import shutil
import wave
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from stenoflow.audio.quality import Quality
from stenoflow.billing.costs import Costs
from stenoflow.rendering import Rendering, Waveform, render_all
from stenoflow.rendering.playback import PlaybackOptions
from stenoflow.times import Seconds, Span
from stenoflow.transcript.model import Transcript, Utterance, Word
from tests.support.transcripts import HOSTILE, rendering, transcript_of

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs package chromium: drives the page")

LINES = (
    "Good morning everybody, the invoice is wrong.",
    "Which invoice do you mean?",
    "The café's invoice of March.",
)


@dataclass
class Opened:
    """A page in the browser, and what it did beside showing itself."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def word(self, text: str) -> None:
        self.page.locator(".w", has_text=re.compile(f"^{re.escape(text)}$")).first.click()

    @property
    def at(self) -> float:
        return self.page.evaluate("media.currentTime")

    @property
    def now(self) -> str:
        return self.page.locator(".w.now").inner_text()

    def until(self, condition: str) -> None:
        """Wait for it as the page itself would: its policy forbids the ways of playwright."""
        came = self.page.evaluate(
            """() => new Promise((done) => {
              const late = performance.now() + 15000;
              const look = () => (CONDITION) ? done(true)
                : performance.now() > late ? done(false) : setTimeout(look, 10);
              look();
            })""".replace("CONDITION", condition)
        )
        assert came, f"never came: {condition}"

    def search(self, query: str) -> str:
        """Type a query, and return what the page says of its hits; prints how long that took."""
        shown, took_ms = self.page.evaluate(
            """(query) => new Promise((done) => {
              const hits = document.getElementById("hits"), field = document.getElementById("query");
              if (window.folds === undefined) {
                window.folds = 0;
                const lower = String.prototype.toLowerCase;
                String.prototype.toLowerCase = function () { folds++; return lower.call(this); };
              }
              hits.textContent = "";
              const began = performance.now();
              new MutationObserver((_, observer) => {
                observer.disconnect();
                done([hits.textContent, performance.now() - began]);
              }).observe(hits, { childList: true });
              field.value = query;
              field.dispatchEvent(new Event("input"));
            })""",
            query,
        )
        print(f"searched for {query!r} in {took_ms:.0f} ms")
        return shown

    def pause(self) -> None:
        self.page.evaluate("media.pause()")


@pytest.fixture(scope="module")
def browser() -> Generator[Browser, None, None]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()


def _write(folder: Path, shown: Rendering) -> Path:
    artifacts, failures = render_all(shown, ["page"])
    assert failures == ()
    path = folder / "page.html"
    path.write_bytes(artifacts[0].body)
    return path


def _open(browser: Browser, path: Path, query: str = "", **context: object) -> Opened:
    opened = Opened(browser.new_page(**context))  # pyright: ignore[reportArgumentType]

    def note(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:", path.as_uri())):
            opened.requests.append(request.url)

    opened.page.on("request", note)
    opened.page.on("console", lambda message: opened.complaints.append(message.text))
    opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.page.on("dialog", lambda dialog: opened.complaints.append(dialog.message))
    opened.page.goto(path.as_uri() + query)
    return opened


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Ten seconds that a browser can play."""
    path = tmp_path / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000 * 2 * 10))
    return path


@pytest.fixture
def shown(sound: Path) -> Rendering:
    """A recording of ten seconds with everything that the page can show."""
    transcript = transcript_of(*LINES)
    doubtful = replace(transcript.words[3], confidence=0.31)
    words = (*transcript.words[:3], doubtful, *transcript.words[4:])
    quality = Quality(0.8, "good", 24.0, -20.0, -24.0, -1.0, 0.0, 0.2, ("It is quiet.",))
    given = rendering(
        replace(transcript, words=words, duration_s=Seconds(10)), path=sound, media_type="audio/wav"
    )
    return replace(
        given,
        quality=(quality,),
        speech=(Span(0, 80_000),),
        removed=(Span(90_000, 150_000),),
        waveform=Waveform((0.1, 0.8, 0.0), Seconds(10)),
        costs=Costs(
            audio_s=10,
            paid_s=5,
            bought_s=5,
            saved_s=5,
            estimate_usd=None,
            saved_usd=None,
            may_have_been_paid=0,
        ),
    )


def test_a_click_on_a_word_plays_from_there(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    opened.word("invoice")
    opened.until("!media.paused && media.currentTime > 1.2")
    opened.pause()
    assert opened.at >= 1.2
    opened.page.evaluate("seek(1.3)")
    opened.until("!media.seeking")
    assert opened.now == "invoice"
    assert opened.complaints == []
    assert opened.requests == []


def test_words_are_highlighted_as_they_are_played(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    # A busy machine may skip a frame, and with it a word: what is seen is in order, though.
    opened.page.evaluate(
        """() => {
          window.seen = [];
          new MutationObserver(() => {
            const word = document.querySelector(".w.now")?.dataset.w;
            if (word !== undefined && word !== seen.at(-1)) seen.push(word);
          }).observe(document.getElementById("turns"), { attributes: true, subtree: true });
        }"""
    )
    opened.page.keyboard.press(" ")
    opened.until("seen.length >= 4")
    seen = [int(word) for word in opened.page.evaluate("seen")]
    assert seen == sorted(set(seen))
    opened.page.keyboard.press("k")
    assert opened.page.evaluate("media.paused")
    assert opened.page.locator(".w.now").count() == 1


def test_an_address_with_a_time_opens_there(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown), "#t=2.5")
    opened.until("media.readyState > 0 && media.currentTime === 2.5")
    assert opened.now == "Which"
    assert opened.page.locator("#now").inner_text() == "0:02"


def test_search_finds_words_whatever_their_case_and_accents(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    hits = opened.page.locator("#hits")
    opened.page.keyboard.press("/")
    opened.page.keyboard.type("INVOICE")
    expect(opened.page.locator("#hits")).to_have_text("1 of 3")
    assert opened.page.locator(".w.hit").count() == 3
    opened.page.keyboard.press("Enter")
    assert hits.inner_text() == "2 of 3"
    opened.page.locator("#query").fill("cafe's invoice")
    expect(opened.page.locator("#hits")).to_have_text("1 of 1")
    assert opened.page.locator(".w.hit").all_inner_texts() == ["café's", "invoice"]
    opened.page.locator("#query").fill("nowhere")
    expect(opened.page.locator("#hits")).to_have_text("No hits")
    opened.page.keyboard.press("Escape")
    assert opened.page.locator(".w.hit").count() == 0


def test_speakers_can_be_left_out(browser: Browser, shown: Rendering, tmp_path: Path) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    button = opened.page.get_by_role("button", name="Speaker 2")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    assert opened.page.locator(".turn:visible .name").all_inner_texts() == ["Speaker 1"] * 2
    button.click()
    assert opened.page.locator(".turn:visible").count() == 3


def test_doubtful_words_are_marked_until_the_reader_has_enough_of_it(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    assert opened.page.locator(".marked .low").all_inner_texts() == ["the"]
    opened.page.get_by_label("Mark the 1 uncertain words").uncheck()
    assert opened.page.locator(".marked .low").count() == 0


def test_the_keyboard_does_everything(browser: Browser, shown: Rendering, tmp_path: Path) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    opened.until("media.readyState > 0")
    press = opened.page.keyboard.press
    press("n")
    assert opened.now == "Which"
    press(".")
    assert opened.now == "invoice"
    press(",")
    press("p")
    assert opened.now == "Good"
    press("ArrowRight")
    assert opened.at == 5
    press("+")
    assert opened.page.evaluate("media.playbackRate") == 1.25
    press("?")
    assert opened.page.get_by_role("dialog").is_visible()
    press("Escape")
    slider = opened.page.get_by_role("slider", name="Position in the recording")
    assert slider.get_attribute("aria-valuetext") == "0:05"
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "0:09"
    slider.press("Home")
    assert slider.get_attribute("aria-valuetext") == "0:00"


def test_every_control_has_a_name_and_the_order_of_the_page(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    nameless = opened.page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, [role=slider]")].filter((e) =>
        !e.getAttribute("aria-label") && !e.labels?.length && !e.textContent.trim()).length"""
    )
    assert nameless == 0
    order: list[str] = []
    for _ in range(8):
        opened.page.keyboard.press("Tab")
        order.append(
            opened.page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    assert order[:7] == ["skip", "theme", "help", "wave", "play", "rate", "query"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    browser: Browser, shown: Rendering, tmp_path: Path, scheme: str
) -> None:
    opened = _open(browser, _write(tmp_path, shown), color_scheme=scheme)
    opened.page.evaluate("seek(1.3)")
    # WCAG 2.2, success criterion 1.4.3: at least 4.5 to 1.
    ratios = opened.page.evaluate(
        """() => {
          const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
          const light = (color) => {
            pen.clearRect(0, 0, 1, 1); pen.fillStyle = color; pen.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map((c) =>
              (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = (e) => {
            for (; e; e = e.parentElement) {
              const color = getComputedStyle(e).backgroundColor;
              if (color !== "rgba(0, 0, 0, 0)") return color;
            }
          };
          const probe = document.querySelector(".w");
          const found = {};
          const seen = (name, color, back) => {
            const [a, b] = [light(color), light(back)];
            found[name] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          };
          for (const selector of ["h1", ".facts", ".name", ".time", ".turn p", ".w.now", "dt", "dd",
              ".score b", ".warnings li", ".speaker small", ".clock", "#play"]) {
            const e = document.querySelector(selector);
            seen(selector, getComputedStyle(e).color, ground(e));
          }
          for (let i = 0; i < 8; i++) {
            probe.style.color = `var(--s${i})`;
            seen(`--s${i}`, getComputedStyle(probe).color, ground(document.body));
          }
          return found;
        }"""
    )
    assert len(ratios) == 21
    assert {name: ratio for name, ratio in ratios.items() if ratio < 4.5} == {}


def test_it_fits_a_phone(browser: Browser, shown: Rendering, tmp_path: Path) -> None:
    opened = _open(
        browser, _write(tmp_path, shown), viewport={"width": 360, "height": 740}, is_mobile=True
    )
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert opened.page.locator(".player").bounding_box()["height"] < 300  # type: ignore[index]


def test_it_prints_the_text_and_not_the_controls(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    opened.page.emulate_media(media="print")
    assert opened.page.locator(".turn p").first.is_visible()
    assert not opened.page.locator(".player").is_visible()


def test_hostile_text_is_shown_and_does_nothing(browser: Browser, tmp_path: Path) -> None:
    lines = [*HOSTILE, "<img src=https://evil.example/x onerror=alert(1)>"]
    words = tuple(
        Word(text, Seconds(at), Seconds(at + 1), 0.1, at % 3) for at, text in enumerate(lines)
    )
    transcript = Transcript(
        words,
        (Utterance(0, len(words)),),
        duration_s=Seconds(60),
        language='en" onload="alert(1)',
        engine="</script><script>alert(1)</script>",
        summary="</style><script>alert(1)</script>",
        warnings=("<b onclick=alert(1)>",),
    )
    shown = rendering(
        transcript,
        key="</title><script>alert(1)</script>",
        playback_url="https://evil.example/';script-src * 'unsafe-inline'\"><script>alert(1)</script>",
    )
    opened = _open(browser, _write(tmp_path, shown))
    assert opened.page.title() == "script>" or "<script>" in opened.page.title()
    shown_text = " ".join(opened.page.locator(".turn p").all_inner_texts())
    for text in ("<script>alert(1)</script>", "{{ 7 * 7 }}", "-->", "${alert(1)}"):
        assert text in shown_text
    for word in opened.page.locator(".w").all():
        word.hover()
    assert opened.page.locator("script").count() == 2
    assert opened.page.locator("[onclick], [onload], [onerror], [onmouseover]").count() == 0
    assert opened.complaints == []
    assert opened.requests == [], "nothing is asked for before somebody plays"


def test_the_policy_stops_what_would_get_in(
    browser: Browser, shown: Rendering, tmp_path: Path
) -> None:
    opened = _open(browser, _write(tmp_path, shown))
    opened.page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", "<img src='https://evil.example/x'>");
          return fetch("https://evil.example/y").catch(() => {});
        }"""
    )
    assert opened.page.title() != "owned"
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)


@pytest.mark.parametrize("url", [None, "s3://bucket/a.mp3", "javascript:alert(1)"])
def test_without_an_address_a_file_can_be_opened_by_hand(
    browser: Browser, shown: Rendering, sound: Path, tmp_path: Path, url: str | None
) -> None:
    without = replace(shown, recording=replace(shown.recording, path=None, playback_url=url))
    opened = _open(browser, _write(tmp_path, without))
    assert opened.page.locator("#play").is_disabled()
    opened.page.locator("#file").set_input_files(sound)
    opened.until("media.readyState > 0")
    opened.word("Which")
    opened.until("media.currentTime >= 2.3")
    assert opened.complaints == []


def test_a_recording_at_an_address_is_asked_for_when_somebody_plays(
    browser: Browser, shown: Rendering, sound: Path, tmp_path: Path
) -> None:
    apart = replace(
        shown,
        playback=PlaybackOptions(embed_max_bytes=0),
        recording=replace(shown.recording, playback_url=sound.as_uri()),
    )
    opened = _open(browser, _write(tmp_path, apart), "#t=2.4")
    assert opened.requests == []
    assert opened.now == "Which"
    opened.word("March.")
    opened.until("!media.paused && media.currentTime > 4.9")
    assert set(opened.requests) == {sound.as_uri()}
    assert opened.complaints == []


def test_a_recording_too_large_for_the_page_is_addressed(shown: Rendering, tmp_path: Path) -> None:
    small = PlaybackOptions(embed_max_bytes=1000)
    page = _write(tmp_path, replace(shown, playback=small)).read_text()
    assert 'src="https://play.example/calls/board.mp3"' in page
    assert "media-src https://play.example blob:" in page
    assert "data:audio" not in page


@pytest.mark.parametrize("embed", [0, 10**9])
def test_a_redacted_page_neither_holds_nor_links_the_recording(
    browser: Browser, shown: Rendering, tmp_path: Path, embed: int
) -> None:
    redacted = replace(
        shown, redacted=True, playback=PlaybackOptions(embed_max_bytes=embed, link="presigned")
    )
    path = _write(tmp_path, redacted)
    page = path.read_text()
    assert " src=" not in page
    assert "data:" not in page
    assert "play.example" not in page
    opened = _open(browser, path)
    assert opened.page.get_by_text("The transcript is redacted").is_visible()
    assert opened.page.locator("#play").is_disabled()
    assert opened.complaints == []


def test_a_transcript_without_words_is_a_page_too(browser: Browser, tmp_path: Path) -> None:
    opened = _open(browser, _write(tmp_path, rendering(Transcript((), ()))))
    assert opened.page.get_by_text("No words were recognized.").is_visible()
    opened.page.keyboard.press("n")
    opened.page.keyboard.press(".")
    assert opened.complaints == []


DAY = 100_000
"""Words of a day of talk."""


@pytest.fixture
def day(browser: Browser, tmp_path: Path) -> Opened:
    """The page of a day of talk, opened."""
    words = tuple(
        Word(
            "word." if at % 12 == 0 else "word",
            Seconds(at / 3),
            Seconds(at / 3 + 0.3),
            0.9,
            at // 500 % 2,
        )
        for at in range(DAY)
    )
    transcript = Transcript(words, (Utterance(0, DAY),), duration_s=Seconds(DAY / 3 + 1))
    return _open(browser, _write(tmp_path, rendering(transcript)))


def test_a_day_of_talk_opens_with_few_elements(day: Opened) -> None:
    assert day.page.locator(".turn").count() > DAY / 150
    assert day.page.locator(".w").count() < 5000
    day.page.evaluate(f"jump({DAY - 10})")
    day.until("media.currentTime > 33000")
    assert day.page.locator(".w.now").is_visible()
    assert day.page.locator(".w").count() < 10_000
    assert day.complaints == []


def test_a_day_of_talk_is_searched_without_work_for_each_word(day: Opened) -> None:
    paragraphs = day.page.evaluate(
        "[...document.querySelectorAll('.turn p')].map((line) => line.textContent)"
    )
    expected = sum(line.count("word. word") for line in paragraphs)
    assert expected > 5000
    assert day.search("word. word") == f"1 of {expected}"
    # The text is folded once, paragraph by paragraph; each search folds its query.
    assert day.page.evaluate("folds") <= day.page.locator(".turn").count() + 1
    before = day.page.evaluate("folds")
    assert day.search("word word").startswith("1 of ")
    assert day.page.evaluate("folds") == before + 1
    assert day.page.locator(".w").count() < 10_000
    assert day.complaints == []


def test_the_data_cannot_end_its_element(shown: Rendering, tmp_path: Path) -> None:
    page = _write(tmp_path, shown).read_text()
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert data is not None
    assert "<" not in data[1]
    assert json.loads(data[1])["turns"][0] == [0, 0, 2100]
