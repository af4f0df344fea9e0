"""GE2E's weights: only tensors are read of their file."""

import pickle
from pathlib import Path

import pytest

from stenoflow.errors import ConfigurationError, MissingDependency
from stenoflow.speakers.encoder import open_encoder
from stenoflow.speakers.ge2e import LEGACY_MAGIC, read_weights


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("run",)


@pytest.mark.parametrize(
    "parts", [[b""], [b"PK\3\4"], [1], [LEGACY_MAGIC, 1001, {}, Evil()], [LEGACY_MAGIC, Evil()]]
)
def test_a_file_of_anything_else_is_refused_and_runs_nothing(
    parts: list[object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pretrained.pt"
    path.write_bytes(
        b"".join(each if isinstance(each, bytes) else pickle.dumps(each, 2) for each in parts)
    )
    with pytest.raises(MissingDependency, match="does not hold the weights of GE2E"):
        read_weights(path)
    assert capsys.readouterr().out == ""


def test_an_encoder_that_is_not_installed_is_refused_with_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match="no speaker encoder 'ecapa': choose one of ge2e"):
        open_encoder("ecapa")
