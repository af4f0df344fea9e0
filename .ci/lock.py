"""Resolve the dependencies, and write constraints.txt and constraints-lowest.txt: ``make lock``.

constraints.txt pins everything, for each Python that is supported. A pin that still fits stays as it is;
with --upgrade every pin becomes the newest. constraints-lowest.txt pins what pyproject.toml depends on
at the lowest release that its ranges allow, and the rest as constraints.txt does where that is possible.
"""

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PINS, LOWEST = ROOT / "constraints.txt", ROOT / "constraints-lowest.txt"
EXTRAS = ["--extra=docling", "--extra=parquet", "--extra=compare", "--extra=tiny-en"]
OLDEST = "--python-version=3.11"


def resolve(output: Path, *options: str) -> None:
    """Let uv resolve pyproject.toml into a file; pins that are in the file already are preferred."""
    command = [Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--no-header"]
    command += ["--no-annotate", OLDEST, f"--output-file={output}", *options, "pyproject.toml"]
    subprocess.run(command, cwd=ROOT, check=True)


def name_of(requirement: str) -> str:
    """Return the normalized name of the package that a requirement is about."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def direct() -> set[str]:
    """Return the names of what is needed at run time, with the extras that are published."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    groups = [project["dependencies"], *(extras[each] for each in extras if each != "test")]
    return {name_of(each) for group in groups for each in group}


def main() -> None:
    """Write both files."""
    resolve(PINS, "--universal", "--extra=test", *EXTRAS, *sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        found, lowest = Path(folder) / "found.txt", Path(folder) / "lowest.txt"
        resolve(found, "--resolution=lowest-direct", "--prerelease=disallow", *EXTRAS)
        names = direct()
        pins = [line for line in found.read_text().splitlines() if name_of(line) in names]
        lowest.write_text("\n".join([*pins, ""]))
        shutil.copyfile(PINS, LOWEST)
        resolve(LOWEST, f"--constraints={lowest}", "--extra=test", *EXTRAS)


if __name__ == "__main__":
    main()
