"""Write the schemas beside this file: ``python -m stenoflow.manifest.schemas``."""

from stenoflow.manifest.schemas import FOLDER, schemas, written

for name, schema in schemas().items():
    (FOLDER / name).write_text(written(schema), encoding="utf-8")
