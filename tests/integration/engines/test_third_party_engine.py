"""An engine of another package, as ``docs/engines.md`` describes it, is found once it is installed."""

import re
from pathlib import Path

import pytest

from stenoflow.billing.pricing import Prices
from stenoflow.engines.registry import engines
from stenoflow.profile.model import Profile
from tests.support.plugins import install_package, run_with_package

DOCS = (Path(__file__).parents[3] / "docs" / "engines.md").read_text(encoding="utf-8")


USE = """
import threading
from pathlib import Path
from stenoflow.engines.prices import list_prices
from stenoflow.engines.registry import engines, open_engine
from stenoflow.profile import Profile
from stenoflow.testing.tones import request_audio
from stenoflow.times import Span

print(*engines())
profile = Profile.model_validate({"engine": "speech-marks", "speech_marks": {"mark": "here"}})
engine = open_engine(profile)
body = request_audio(Path("/dev/null"), speech=(Span(16_000, 32_000),))
[word] = engine.parse(engine.transcribe(body, stop=threading.Event())).words
print(word.text, word.start_s, word.end_s)
print(list_prices().estimate(engine.name, engine.identity(), 60).usd)
"""

STORE = """
from stenoflow.profile import Profile

print(Profile().digest())
print("speech_marks" in Profile().model_dump())
chosen = Profile.model_validate({"speech_marks": {"mark": "here"}})
print(chosen.model_dump()["speech_marks"], chosen.digest() == Profile().digest())
print(Profile.model_validate_json(chosen.model_dump_json()) == chosen)
schema = Profile.model_json_schema()
print("speech-marks" in schema["properties"]["engine"]["enum"], schema["title"])
print(schema["properties"]["speech_marks"]["title"])
"""

BROKEN = """
from stenoflow.engines.registry import engines, open_engine, registered
from stenoflow.errors import ConfigurationError
from stenoflow.profile import Profile

print(*engines())
print(*sorted(registered().broken))
print(open_engine(Profile()).name)
try:
    Profile().with_engine("gone")
except ConfigurationError as error:
    print(error)
"""


def _documented(language: str) -> str:
    """Return the last example in a language."""
    return re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)[-1]


@pytest.fixture
def package() -> dict[str, str]:
    return {"pyproject.toml": _documented("toml"), "speech_marks.py": _documented("python")}


def test_a_documented_engine_is_listed_opened_and_priced(
    package: dict[str, str], tmp_path: Path
) -> None:
    installed = install_package(package, tmp_path)
    names, word, price = run_with_package(installed, USE).splitlines()
    assert names.split() == [*engines(), "speech-marks"]
    assert word == "here 1.0 2.0"
    assert price == "0"


def test_its_section_is_in_the_profile_and_changes_no_digest(
    package: dict[str, str], tmp_path: Path
) -> None:
    installed = install_package(package, tmp_path)
    assert run_with_package(installed, STORE).splitlines() == [
        Profile().digest(),
        "False",
        "{'mark': 'here'} False",
        "True",
        "True Profile",
        "Speech marks",
    ]


def test_broken_engines_of_a_package_leave_ours_available(
    package: dict[str, str], tmp_path: Path
) -> None:
    package["pyproject.toml"] = package["pyproject.toml"].replace(
        'speech-marks = "speech_marks:SPEC"',
        'gone = "speech_marks:NOTHING"\nmisnamed = "speech_marks:SPEC"\ndeepgram = "speech_marks:SPEC"',
    )
    installed = install_package(package, tmp_path)
    names, broken, opened, error = run_with_package(installed, BROKEN).splitlines()
    assert names.split() == list(engines())
    assert broken.split() == ["deepgram", "gone", "misnamed"]
    assert opened == "whisper"
    assert "speech_marks:NOTHING" in error


def test_the_documented_engines_are_ours() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| (\w+) \|.*\| (?:`(\w+)`)?", DOCS, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(engines())
    for name, languages, variable in rows:
        spec = engines()[name]
        known = spec.capabilities.languages
        assert languages in (known, str(len(known)), *(known if len(known) == 1 else ()))
        assert variable == (spec.credentials.variable if spec.credentials else "")


def test_the_documented_prices_are_a_table() -> None:
    table = Prices.model_validate_json(_documented("json"))
    assert table.estimate("deepgram", {"model": "nova-3"}, 60).usd is not None
