"""``stenoflow compare``: what it prints, what it writes, how it exits."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stenoflow.deployments.cli.app import app
from stenoflow.deployments.samples import sample_recordings
from stenoflow.deployments.samples.texts import TEXTS

SAMPLES = {path.name: str(path) for path in sample_recordings()}
RECORDINGS = (SAMPLES["briefing.mp4"], SAMPLES["interview.mp3"])


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, arguments)], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two profiles, references, and a destination where all is in the ledger."""
    folder = tmp_path_factory.mktemp("compare")
    (folder / "narrow.toml").write_text("[whisper]\nbeam_size = 1\n")
    (folder / "wide.toml").write_text("[whisper]\nbeam_size = 5\n")
    (folder / "truth").mkdir()
    for name, text in TEXTS.items():
        wrong = text.replace("snow", "rain")
        (folder / "truth" / f"{Path(name).stem}.txt").write_text(wrong)
    bought = run(*RECORDINGS, *options(folder), "--buy")
    assert bought.exit_code == 0, bought.output
    return folder


def options(folder: Path) -> list[str | Path]:
    profiles = ["--profile", folder / "narrow.toml", "--profile", folder / "wide.toml"]
    return [*profiles, "--to", folder / "to"]


def test_a_table_fits_into_80_columns(folder: Path) -> None:
    done = run(*RECORDINGS, *options(folder), "--reference", folder / "truth")
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == [
        "candidate",
        "recordings",
        "words",
        "WER",
        "CER",
        "S/D/I",
        "USD/h",
        "USD/word",
    ]
    assert rows[1][:2] == ["narrow", "2"]
    assert rows[1][-2:] == ["free", "–"]
    assert sum(row[:2] == ["briefing.mp4", "wide"] for row in rows) == 1
    assert "Compared with the references, 85 words" in done.stdout


def test_json_has_all_figures(folder: Path) -> None:
    done = run(*RECORDINGS, *options(folder), "--reference", folder / "truth", "--json")
    found = json.loads(done.stdout)
    assert found["base"] == "reference"
    narrow, wide = found["candidates"]
    assert (narrow["candidate"], wide["candidate"]) == ("narrow", "wide")
    assert narrow["base_words"] == 85
    errors = narrow["substitutions"] + narrow["deletions"] + narrow["insertions"]
    assert narrow["wer"] == errors / 85 > 0
    assert (narrow["usd"], narrow["usd_per_corrected_word"], found["missing"]) == (0, None, [])
    assert len(found["recordings"]) == 4


def test_the_page_has_the_differences(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run(
        *RECORDINGS, *options(folder), "--reference", folder / "truth", "--page", page, "--json"
    )
    assert done.exit_code == 0
    text = page.read_text()
    assert "rain</span>" in text
    assert "#t=" in text
    nowhere = run(*RECORDINGS, *options(folder), "--page", tmp_path / "no" / "page.html")
    assert nowhere.exit_code == 2
    assert "cannot be written" in nowhere.stderr


def test_what_is_missing_is_listed_with_its_price(folder: Path) -> None:
    done = run(*RECORDINGS, "--engines", "whisper,deepgram", "--to", folder / "to")
    assert (
        done.exit_code == 1
    )  # The default profile is that of wide.toml: only Deepgram is missing.
    text = " ".join(done.stdout.split())
    assert text.count("not in the ledger") == 2
    assert (
        "briefing.mp4, deepgram: not in the ledger, or not all of it (25.8 s, an estimated" in text
    )
    assert "To buy what is missing: --buy --max-cost 0.02" in text
    unpriced = run(*RECORDINGS, "--engines", "whisper,openai", "--to", folder / "to")
    assert "of unknown price" in " ".join(unpriced.stdout.split())
    assert "--buy --max-cost USD" in unpriced.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say what to compare"),
        (("--engines", "whisper"), "nothing to compare with"),
        (("--engines", "whisper,parrot"), "There is no engine 'parrot'"),
        (("--engines", "whisper,deepgram", "--max-cost", "1"), "add --buy"),
        (("--profile", "/nowhere.toml"), "/nowhere.toml"),
        (("--engines", "whisper,deepgram", "--profile", "a", "--profile", "b"), "one --profile"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run(RECORDINGS[0], *arguments, "--to", tmp_path / "to")
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert not (tmp_path / "to").exists()
