"""The command that people type: what it prints, how it exits, and what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
import pytest

from stenoflow.deployments.samples import sample_recordings
from stenoflow.testing.deepgram.process import standin_process

STENOFLOW = Path(sys.executable).with_name("stenoflow")
SAMPLES = {path.name: path for path in sample_recordings()}


def stenoflow(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [STENOFLOW, *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "120"} | environment,
        timeout=200,
        check=False,
    )


@pytest.fixture(scope="module")
def server(prefect_server: None) -> dict[str, str]:
    """The environment that makes a command use the tests' server."""
    from prefect.settings import get_current_settings

    return {"PREFECT_API_URL": str(get_current_settings().api.url)}


@pytest.mark.parametrize("command", [[STENOFLOW], [sys.executable, "-m", "stenoflow"]])
def test_the_version_is_that_of_the_package(command: list[str | Path]) -> None:
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"stenoflow {version('stenoflow')}\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("transcribe",), "name at least one recording"),
        (("transcribe", "a.mp3", "--engine", "parrot"), "There is no engine 'parrot'"),
        (("transcribe", "a.mp3", "--profile", "/nowhere.toml"), "/nowhere.toml"),
        (("transcribe", "/x/a.mp3", "/y/a.mp3"), "both be published under a.mp3"),
        (("transcribe", "--no-such-option"), "No such option"),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_done(
    arguments: Sequence[str], said: str, tmp_path: Path
) -> None:
    done = stenoflow(*arguments, "--to", tmp_path / "transcripts")
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "transcripts").exists()


def test_an_invalid_profile_is_refused_field_by_field(tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text('engine = "deepgram"\n[vad]\nthreshold = 3\n[captions]\nline = 40\n')
    done = stenoflow("transcribe", "a.mp3", "--profile", profile)
    assert done.returncode == 2
    assert "vad.threshold" in done.stderr
    assert "captions.line" in done.stderr


def test_a_table_says_what_became_of_each_recording(tmp_path: Path, server: dict[str, str]) -> None:
    notes = tmp_path / "notes.mp3"
    notes.write_text("no sound at all")
    recordings = [SAMPLES["briefing.mp4"], SAMPLES["quiet-room.ogg"], notes]
    done = stenoflow("transcribe", *recordings, "--to", tmp_path / "to", **server)
    assert done.returncode == 1
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "published" in rows["briefing.mp4"]
    assert "no speech" in rows["quiet-room.ogg"]
    assert "rejected" in rows["notes.mp3"]
    assert "quiet-room.ogg: Nobody speaks" in done.stdout
    assert str(tmp_path / "to") in done.stdout
    assert done.stderr == ""


def test_what_its_own_server_stores_is_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    subprocess.run(
        [STENOFLOW, "transcribe", SAMPLES["quiet-room.ogg"], "--to", tmp_path / "to"],
        env=os.environ | {"PREFECT_HOME": str(home)},
        umask=0,
        check=True,
    )
    modes = {path.name: path.stat().st_mode & 0o777 for path in [home, *home.rglob("*")]}
    assert "prefect.db" in modes
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}


def test_the_second_time_nothing_is_done_and_all_is_well(
    tmp_path: Path, server: dict[str, str]
) -> None:
    command = ("transcribe", SAMPLES["briefing.mp4"], "--to", tmp_path, "--json")
    first, second = stenoflow(*command, **server), stenoflow(*command, **server)
    assert (first.returncode, second.returncode) == (0, 0)
    figures: list[dict[str, Any]] = [json.loads(done.stdout) for done in (first, second)]
    assert [each["earlier"] for each in figures] == [False, True]
    assert [each["outcome"] for each in figures] == ["published", "published"]
    assert figures[0]["words"] == figures[1]["words"] > 20


def test_what_was_bought_is_rendered_in_another_format_for_nothing(
    tmp_path: Path, server: dict[str, str]
) -> None:
    stenoflow("transcribe", SAMPLES["briefing.mp4"], "--to", tmp_path, **server)
    page = (tmp_path / "briefing.mp4" / "page.html").read_bytes()
    done = stenoflow("render", "briefing.mp4", "--to", tmp_path, "--also", "words")
    assert done.returncode == 0
    assert (tmp_path / "briefing.mp4" / "words.jsonl").as_uri() in done.stdout.split()
    assert (tmp_path / "briefing.mp4" / "page.html").read_bytes() == page


def test_what_was_never_bought_is_not_rendered(tmp_path: Path) -> None:
    done = stenoflow("render", "other.mp3", "--to", tmp_path)
    assert done.returncode == 1
    assert "other.mp3 is not published in" in done.stdout


@pytest.mark.parametrize("runs", [2, 8])
def test_runs_at_once_on_one_recording_pay_once(
    runs: int, tmp_path: Path, server: dict[str, str]
) -> None:
    with standin_process("--latency", "3") as standin:
        account = {"DEEPGRAM_API_KEY": standin.key, "DEEPGRAM_BASE_URL": standin.url}
        command = [STENOFLOW, "transcribe", SAMPLES["briefing.mp4"], "--to", tmp_path, "--json"]
        running = [
            subprocess.Popen(
                [*command, "--engine", "deepgram", "--force"],
                stdout=subprocess.PIPE,
                env=os.environ | server | account,
            )
            for _ in range(runs)
        ]
        endings = [json.loads(each.communicate(timeout=200)[0]) for each in running]
        bill = standin.bill()
    assert [each.returncode for each in running] == [0] * runs
    assert {each["outcome"] for each in endings} == {"published"}
    assert len(bill) == 1
    bought = [each["costs"]["bought_s"] for each in endings]
    assert sorted(bought) == [*[0.0] * (runs - 1), pytest.approx(bill[0].seconds, abs=0.01)]


def is_recognizer(process: psutil.Process) -> bool:
    try:
        return any("whisper/worker.py" in word for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty interviews in a row: no machine is through with them before a signal arrives."""
    path = tmp_path_factory.mktemp("long") / "interviews.mp3"
    path.write_bytes(SAMPLES["interview.mp3"].read_bytes() * 20)
    return path


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_no_process_no_scratch_and_no_traceback(
    number: signal.Signals, status: int, long_recording: Path, tmp_path: Path, scratch: Path
) -> None:
    command = [STENOFLOW, "transcribe", long_recording, "--to", tmp_path / "to"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # Tests that run in a shell's background are deaf to Ctrl-C, and so would this be.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as running:
        process = psutil.Process(running.pid)
        family: list[psutil.Process] = []
        while not any(is_recognizer(each) for each in family):
            assert running.poll() is None
            family = process.children(recursive=True)
        os.killpg(running.pid, number)
        printed = running.communicate(timeout=60)
    _, alive = psutil.wait_procs(family, timeout=60)
    assert alive == []
    assert list(scratch.iterdir()) == []
    assert running.returncode == status
    assert printed == (b"", b"")
    assert list((tmp_path / "to").rglob("_stenoflow/manifests/**/*.json")) == []


def test_a_signal_before_the_flow_ends_the_command_too(tmp_path: Path) -> None:
    command = [STENOFLOW, "transcribe", SAMPLES["interview.mp3"], "--to", tmp_path / "to"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        process = psutil.Process(running.pid)
        while not (family := process.children(recursive=True)):  # the server of its own
            assert running.poll() is None
        running.terminate()
        printed = running.communicate(timeout=60)
    assert psutil.wait_procs(family, timeout=60)[1] == []
    assert running.returncode == 143
    assert printed == (b"", b"")


def test_each_recording_has_its_line_as_soon_as_it_ends(
    tmp_path: Path, server: dict[str, str]
) -> None:
    with standin_process("--latency", "100") as standin:
        account = {"DEEPGRAM_API_KEY": standin.key, "DEEPGRAM_BASE_URL": standin.url}
        command = [STENOFLOW, "transcribe", SAMPLES["briefing.mp4"], SAMPLES["quiet-room.ogg"]]
        with subprocess.Popen(
            [*command, "--to", tmp_path, "--json", "--engine", "deepgram"],
            stdout=subprocess.PIPE,
            env=os.environ | server | account,
        ) as running:
            assert running.stdout
            line = json.loads(running.stdout.readline())
            assert running.poll() is None
            running.terminate()
            rest, _ = running.communicate(timeout=60)
    assert (line["recording"], line["outcome"]) == (str(SAMPLES["quiet-room.ogg"]), "no_speech")
    assert rest == b""
    assert running.returncode == 143


def test_a_reader_that_goes_away_ends_the_command(tmp_path: Path, server: dict[str, str]) -> None:
    command = [STENOFLOW, "transcribe", *SAMPLES.values(), "--to", tmp_path, "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | server
    ) as running:
        assert running.stdout
        running.stdout.close()
        assert running.stderr
        said = running.stderr.read().decode()
    assert said == "stenoflow: the output is no longer read: stopped\n"
    assert running.returncode == 1


def test_the_doctor_finds_this_machine_fit() -> None:
    done = stenoflow("doctor")
    assert done.returncode == 0
    assert "decoder" in done.stdout


def test_the_doctor_names_the_command_that_fixes_a_problem(tmp_path: Path) -> None:
    done = stenoflow("doctor", STENOFLOW_FFMPEG=str(tmp_path / "no-such-ffmpeg"))
    assert done.returncode == 1
    assert "apt-get install ffmpeg" in done.stdout


def test_engines_are_shown_in_eighty_columns_with_what_the_options_leave(tmp_path: Path) -> None:
    shown = stenoflow("engines", COLUMNS="80").stdout
    assert max(map(len, shown.splitlines())) <= 80
    head, whisper, deepgram, openai, *notes = shown.splitlines()
    assert head.split()[:5] == ["engine", "languages", "words", "speakers", "channels"]
    assert whisper.split() == ["whisper", "en", *"✓–––✓", "free", "cores"]
    assert deepgram.split() == ["deepgram", "55", *"✓✓✓–✓", "0.58", "25"]
    assert openai.split() == ["openai", "any", *"✓–––✓", "?", "4"]
    assert "knows English only" in " ".join(notes)
    profile = tmp_path / "profile.toml"
    profile.write_text('[openai]\nmodel = "whisper-1"\n[deepgram]\nmodel = "nova-2"\n')
    found = json.loads(stenoflow("engines", "--profile", profile, "--json").stdout)
    assert [each["name"] for each in found[:3]] == ["whisper", "deepgram", "openai"]
    assert found[2]["usd_per_hour"] == pytest.approx(0.36)
    assert "nl" in found[1]["capabilities"]["languages"]
    assert found[1]["max_request_bytes"] == 2_000_000_000
    assert "0.58" in stenoflow("doctor", COLUMNS="80").stdout


def test_a_voice_is_kept_listed_and_removed(tmp_path: Path) -> None:
    home = {"STENOFLOW_HOME": str(tmp_path / "home")}
    done = stenoflow("voices", "add", "Mia [x]", SAMPLES["briefing.mp4"], **home)
    assert (done.returncode, done.stderr) == (0, "")
    assert "of speech" in done.stdout
    listed = stenoflow("voices", "list", **home)
    assert "Mia [x]" in listed.stdout
    assert "wideband" in listed.stdout
    assert stenoflow("voices", "remove", "mia [x]", **home).returncode == 0
    assert "No voices are kept" in stenoflow("voices", "list", **home).stdout
    gone = stenoflow("voices", "remove", "Mia [x]", **home)
    assert (gone.returncode, "No voice is kept" in gone.stderr) == (2, True)
    refused = stenoflow("voices", "add", "Mia", SAMPLES["interview.mp3"], **home)
    assert (refused.returncode, "Several people" in refused.stderr) == (2, True)
