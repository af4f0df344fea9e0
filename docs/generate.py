"""Write the generated pages of the documentation: ``python docs/generate.py``.

A test checks that they are current.
"""

import re
from pathlib import Path
from typing import Any

from stenoflow.engines.base import EngineSpec
from stenoflow.engines.registry import OWN, engines
from stenoflow.profile.model import Profile

FOLDER = Path(__file__).parent

TABLE_BEGINS = "<!-- The table is generated from the code by docs/generate.py. -->"
TABLE_ENDS = "<!-- End of the table. -->"

PROFILE_HEAD = """# Profile reference

A profile holds all settings for the treatment of a recording. It is a TOML, YAML or JSON file
(`stenoflow transcribe --profile FILE`), a Prefect block (`transcription-profile/NAME`), or a part of the
form of a flow run. Every field has a default, and unknown fields are an error. Engines from other
packages add their own sections.

This page is generated from the code by `python docs/generate.py`.
"""


def profile_page() -> str:
    """Return the reference of all fields of a profile, in Markdown."""
    schema = Profile.model_json_schema()
    foreign = {spec.section for name, spec in engines().items() if name not in OWN}
    fields = {name: each for name, each in schema["properties"].items() if name not in foreign}
    fields["engine"] = fields["engine"] | {"enum": list(OWN)}
    sections = {name: _section(field, schema) for name, field in fields.items()}
    plain = {name: fields[name] for name, found in sections.items() if not found}
    pages = [PROFILE_HEAD, "## Top level\n", _table(plain)]
    for name, found in sections.items():
        if found:
            title = fields[name].get("title") or found.get("title") or name
            pages += [f"## `[{name}]` {title}\n", f"{_text(found)}\n", _table(found["properties"])]
            if fields[name].get("default") is None and "anyOf" in fields[name]:
                pages.append("The whole section is optional, and empty by default.\n")
    return "\n".join(pages)


def _section(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any] | None:
    """Return the object schema that a field refers to; None for a plain value."""
    references = [each["$ref"] for each in (field, *field.get("anyOf", ())) if "$ref" in each]
    if not references:
        return None
    found = schema["$defs"][references[0].rpartition("/")[2]]
    return found if "properties" in found else None


def _table(fields: dict[str, dict[str, Any]]) -> str:
    rows = [
        f"| `{name}` | {_type(field)} | {_default(field)} | {_meaning(field)} |"
        for name, field in fields.items()
    ]
    return "\n".join(
        ["| field | type | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    )


def _type(field: dict[str, Any]) -> str:
    options = field.get("anyOf") or field.get("oneOf") or [field]
    kinds = [each for each in options if each.get("type") != "null"]
    if any(each.get("type") == "number" for each in kinds):
        # A decimal may also be written as text, which is never needed.
        kinds = [each for each in kinds if each.get("type") != "string"]
    return " or ".join(dict.fromkeys(map(_one, kinds)))


def _one(kind: dict[str, Any]) -> str:
    if "enum" in kind:
        return ", ".join(f"`{each}`" for each in kind["enum"])
    if "const" in kind:
        return f"`{kind['const']}`"
    if kind.get("type") == "array":
        return f"list of {_one(kind['items'])}" if "items" in kind else "list"
    if kind.get("type") == "object":
        return "table"
    name = {"boolean": "true or false", "string": "text"}.get(kind["type"], kind["type"])
    bounds = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
    )
    return ", ".join(
        [name, *(f"{words} {kind[key]:,.12g}" for key, words in bounds if key in kind)]
    )


def _default(field: dict[str, Any]) -> str:
    match field.get("default"):
        case None | "" | [] | {}:
            return ""
        case bool() as value:
            return f"`{str(value).lower()}`"
        case list() as values:
            return ", ".join(f"`{each}`" for each in values)
        case float() as value if value.is_integer():
            return f"`{value:.1f}`"
        case value:
            return f"`{value}`"


def _meaning(field: dict[str, Any]) -> str:
    title, text = field.get("title", ""), _text(field)
    return f"{title}. {text}".strip() if text and title else title or text


def _text(field: dict[str, Any]) -> str:
    text = " ".join(field.get("description", "").split()).replace("|", "\\|")
    return re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text).replace("``", "`")


def engines_page() -> str:
    """Return the page on engines, with the table between its marks replaced."""
    page = (FOLDER / "engines.md").read_text(encoding="utf-8")
    before, _, rest = page.partition(f"{TABLE_BEGINS}\n")
    _, mark, after = rest.partition(TABLE_ENDS)
    return f"{before}{TABLE_BEGINS}\n{_engines_table()}{mark}{after}"


def _engines_table() -> str:
    columns = "name, languages, words, speakers, channels, translates, vocabulary, USD an hour, at once, key"
    rows = [_row(*columns.split(", ")), _row(*["---"] * (columns.count(",") + 1))]
    for name in OWN:
        spec = engines()[name]
        shown = (_languages(spec), *_abilities(spec), _price(spec), _at_once(spec), _key(spec))
        rows.append(_row(f"`{name}`", *shown))
    return "\n".join(["", *rows, "", ""])


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _languages(spec: EngineSpec[Any]) -> str:
    known = spec.capabilities.languages
    return known if known == "any" else str(len(known))


def _abilities(spec: EngineSpec[Any]) -> list[str]:
    able = spec.capabilities
    abilities = (able.words, able.speakers, able.channels, able.translation, able.vocabulary)
    return ["yes" if each else "no" for each in abilities]


def _price(spec: EngineSpec[Any]) -> str:
    """Return what an hour costs with the default model and no feature, or with the only known one."""
    if spec.prices.free:
        return "free"
    models = spec.prices.models
    model = spec.options().model
    model = model if model in models else next(iter(models))
    price = models[model]
    return f"{price.usd_per_minute * 60:.2f} ({model}, {price.as_of})"


def _at_once(spec: EngineSpec[Any]) -> str:
    return f"{spec.limits.open_requests} requests" if spec.limits else "by cores"


def _key(spec: EngineSpec[Any]) -> str:
    account = spec.credentials
    if account is None:
        return ""
    return f"`{account.variable}`" + ("" if account.required else ", where the server needs one")


PAGES = {"profile.md": profile_page, "engines.md": engines_page}


def main() -> None:
    """Write all generated pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
