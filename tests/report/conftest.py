from pathlib import Path

import pytest
from sample_run import write_run

from temperance.report.gather import gather
from temperance.report.view import RunView


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "demo")


@pytest.fixture(scope="session")
def view(run: Path) -> RunView:
    return gather(run)
