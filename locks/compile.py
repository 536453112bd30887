"""Compile the hash-pinned locks: torch (`torch.txt` or `torch-cpu.txt`), what a CUDA torch needs (`cuda.txt`), the rest (`lock.txt`).

Several files, because torch comes in two builds: the default Linux wheel, which needs gigabytes of CUDA libraries, and a
CPU-only wheel, which needs none but is not on the default index. Needs uv; run as `make lock`;
`python locks/compile.py --upgrade` moves every pin.
"""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TORCH = "2.13.0"
# The CPU-only build is not on the default index, so uv cannot know its digest (here: CPython 3.11, Linux x86-64).
TORCH_CPU = ("6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",)
CUDA = re.compile(r"(nvidia-|cuda-|triton)")


def compiled() -> list[str]:
    """Return one block of text per pinned requirement, in the order uv gives them."""
    pin = HERE / "torch.in"
    pin.write_text(f"torch=={TORCH}\n")
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet", "--group", "dev"]
    command += ["--constraint", str(pin), "pyproject.toml"]
    if "--upgrade" not in sys.argv:  # what is pinned stays; only what is new is resolved
        command += [word for name in ("lock.txt", "cuda.txt") for word in ("--constraint", str(HERE / name))]
    text = subprocess.run(command, cwd=HERE.parent, check=True, capture_output=True, text=True).stdout
    pin.unlink()
    return re.split(r"\n(?=\S)", text.strip())


def main() -> None:
    """Write the three lock files."""
    rooms: dict[str, list[str]] = {"lock.txt": [], "torch.txt": [], "cuda.txt": []}
    for block in compiled():
        if block.startswith("torch=="):
            rooms["torch.txt"].append(block)
        else:
            rooms["cuda.txt" if CUDA.match(block) else "lock.txt"].append(block)
    rooms["torch-cpu.txt"] = [f"torch=={TORCH}+cpu" + "".join(f" \\\n    --hash=sha256:{digest}" for digest in TORCH_CPU)]
    for name, blocks in rooms.items():
        (HERE / name).write_text("\n".join(blocks) + "\n")


if __name__ == "__main__":
    main()
