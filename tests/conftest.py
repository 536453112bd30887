"""What tests share: where the real data lies, profiles for hypothesis, and one thread per process, because processes share cores."""

import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

import pytest
from hypothesis import settings

settings.register_profile("default", deadline=None, max_examples=50)
settings.load_profile("default")
REAL = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data sets; tests that need it are skipped, saying so, where it is absent."""
    if not REAL.is_dir():
        pytest.skip("the folder of published data sets is not here")
    return REAL
