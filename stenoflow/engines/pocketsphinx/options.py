"""Options of PocketSphinx."""

from pydantic import Field

from stenoflow.options import Options


class PocketSphinxOptions(Options):
    """PocketSphinx: runs anywhere, English only, low accuracy; for trying Stenoflow out."""

    beam: float = Field(default=1e-60, title="Beam", gt=0, lt=1)
    wbeam: float = Field(default=1e-40, title="Word beam", gt=0, lt=1)
    maxhmmpf: int = Field(default=-1, title="Most HMMs a frame", ge=-1)
