"""Write the schemas beside this file: ``python -m steno.schemas``."""

from steno.schemas import FOLDER, schemas, written

for name, schema in schemas().items():
    (FOLDER / name).write_text(written(schema), encoding="utf-8")
