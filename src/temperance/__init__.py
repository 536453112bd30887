"""temperance: fine-tune a language model for safety, and check the tuning itself."""

import os

__version__ = "0.1.0"

# Before torch is imported, which reads it once: its threads spin while they wait for each other, and where another process wants the
# same cores they starve it and themselves (measured: 10 to 15 times slower). So short a spin costs nothing on idle cores.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
