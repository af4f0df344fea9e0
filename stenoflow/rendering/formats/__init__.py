"""Stenoflow's own formats, a module for each; the page is in :mod:`stenoflow.rendering.html`."""
