"""One module for each format: :mod:`stenoflow.render.registry` finds them here."""
