"""Transcripts of the same recordings side by side: engines or profiles, against each other or references.

Transcripts come from the ledger of a destination; nothing is bought but on request. :mod:`words
<stenoflow.comparison.words>` has the form in which words are compared, :mod:`alignment
<stenoflow.comparison.alignment>` pairs them, and :mod:`compare <stenoflow.comparison.compare>` is what a
program calls. Figures are jiwer's, which is optional (``stenoflow[compare]``). Nothing is exported here,
so that the modules stay light.
"""
