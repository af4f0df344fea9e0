"""One module for each format: :mod:`steno.render.registry` finds them here."""
