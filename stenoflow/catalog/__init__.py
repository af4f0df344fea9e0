"""The catalog: which recordings a source holds, which are finished, and what a sweep did.

A scan merges the sorted listing of a source with that of the manifests in its destination. It reads no
object and needs constant memory, so it works for any number of recordings. A sweep report counts how the
recordings ended; ``stenoflow.catalog.report_html`` makes a page of it.
"""

from stenoflow.catalog.diff import Batch, Decision, Status
from stenoflow.catalog.report import FailureGroup, SweepReport
from stenoflow.catalog.scan import Catalog, KeyRange, Scan, decisions, scan
from stenoflow.catalog.selection import Selection

__all__ = [
    "Batch",
    "Catalog",
    "Decision",
    "FailureGroup",
    "KeyRange",
    "Scan",
    "Selection",
    "Status",
    "SweepReport",
    "decisions",
    "scan",
]
