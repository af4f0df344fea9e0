"""Look up the pins of constraints.txt in PyPI's vulnerability database: ``make audit``.

The exit status is 1 if a pin has a known vulnerability. Where the database does not answer, nothing is
known; that is printed, and is not a failure, so that ``make check`` works without a network. pip-audit itself
reports "No known vulnerabilities found" where a proxy of the package index answers 404 for each package.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PINS = Path(__file__).resolve().parents[1] / "constraints.txt"
NO_ANSWER = re.compile(r"requests\.exceptions\.|ConnectionError|vulnerability feed|ServiceError")
"""What pip-audit writes to standard error if the database does not answer, or not in JSON."""


def look_up(pins: Path) -> subprocess.CompletedProcess[str]:
    """Run pip-audit on a file of pins, as they are, without resolving anything."""
    program = Path(sys.executable).with_name("pip-audit")
    options = ["--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json"]
    return subprocess.run(
        [program, "--requirement", pins, *options], capture_output=True, text=True, check=False
    )


def summary(status: int, output: str, errors: str) -> tuple[str, bool]:
    """Return what pip-audit's exit status and output mean, and whether that is well."""
    if not output.strip():
        last = errors.strip().rpartition("\n")[2]
        if NO_ANSWER.search(errors):
            return f"not audited, as the vulnerability database does not answer: {last}", True
        return f"pip-audit failed with exit status {status}: {last}", False
    packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    unknown = [each["name"] for each in packages if "skip_reason" in each]
    audited = len(packages) - len(unknown)
    findings = [
        f"{each['name']} {each['version']}: {found['id']}, "
        f"fixed in {', '.join(found['fix_versions']) or 'no release'}"
        for each in packages
        for found in each.get("vulns", ())
    ]
    if findings:
        return "\n".join(["known vulnerabilities:", *findings]), False
    if not audited:
        return (
            "not audited, as the vulnerability database knows none of the pins: is it a proxy?",
            True,
        )
    left_out = f"; not in the database: {', '.join(unknown)}" if unknown else ""
    return f"{audited} pins without known vulnerabilities{left_out}", True


def main() -> None:
    """Print the summary; exit with status 1 if it is not well."""
    done = look_up(PINS)
    text, well = summary(done.returncode, done.stdout, done.stderr)
    print(f"audit: {text}", file=sys.stdout if well else sys.stderr)
    sys.exit(not well)


if __name__ == "__main__":
    main()
