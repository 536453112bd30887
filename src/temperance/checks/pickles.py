"""Pickles, read as a list of opcodes and never loaded: which Python names would loading them import?

A pickle is a program. The names it imports are worked out by following the stack as the unpickler would (pickletools holds what each
opcode takes and leaves); a name that cannot be worked out counts as a forbidden one. Names are allowed by list, never forbidden by list.
"""

import io
import pickletools
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

READ = 64 << 20
MOST_OPCODES = 2_000_000
SUFFIXES = frozenset((".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".pt2", ".ptl"))
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
UNKNOWN = "a name that only loading would tell"
WEIGHTS = frozenset(
    ("collections OrderedDict", "torch Size", "torch device", "torch._utils _rebuild_tensor", "torch._utils _rebuild_tensor_v2",
     "torch._utils _rebuild_parameter", "torch.serialization _get_layout", "torch.storage UntypedStorage", "torch.storage TypedStorage")
    + tuple(f"torch {name}Storage" for name in "Float Half BFloat16 Double Int Long Short Char Byte Bool ComplexFloat".split())
    + tuple(f"torch {name}" for name in "float32 float16 bfloat16 float64 int64 int32 int16 int8 uint8 bool".split())
)  # fmt: skip
TRAINING = frozenset(
    (
        "accelerate.state PartialState", "accelerate.utils.dataclasses DistributedType", "accelerate.utils.dataclasses DeepSpeedPlugin",
        "transformers.trainer_pt_utils AcceleratorConfig", "transformers.trainer_utils HubStrategy",
        "transformers.trainer_utils IntervalStrategy", "transformers.trainer_utils SaveStrategy", "transformers.trainer_utils SchedulerType",
        "transformers.trainer_utils EvaluationStrategy", "transformers.trainer_utils FSDPOption", "transformers.training_args OptimizerNames",
        "transformers.training_args TrainingArguments", "transformers.training_args ParallelMode",
        "transformers.training_args_seq2seq Seq2SeqTrainingArguments", "trl.trainer.sft_config SFTConfig", "trl.trainer.dpo_config DPOConfig",
        "trl.trainer.reward_config RewardConfig",
    )
)  # fmt: skip
ALLOWED = WEIGHTS | TRAINING
TORCH_MEMBERS = ("version", "byteorder", ".format_version", ".storage_alignment", ".data/serialization_id")


@dataclass(frozen=True)
class Danger:
    """One thing about a pickle-bearing file: `certain` if it would run foreign code, otherwise it could not be judged."""

    says: str
    certain: bool


@dataclass(frozen=True, kw_only=True)
class Pickled:
    """What was read. `holds` is whether the file carries a pickle at all; `names` are all imports, allowed ones too."""

    holds: bool
    names: frozenset[str] = frozenset()
    dangers: tuple[Danger, ...] = ()


def scan(path: Path) -> Pickled:
    """Read a file as the pickle, or the archive with pickles, that a loader would take it for. Never raises for its content.

    Raises:
        OSError: the file cannot be opened.
    """
    with path.open("rb") as stream:
        head = stream.read(2)
        stream.seek(0)
        named = path.suffix.lower() in SUFFIXES
        zipped = (named or head == b"PK") and _is_zip(stream)
        stream.seek(0)
        if head[:1] == b"\x80" or (named and not zipped and not _is_array(stream)):
            names, dangers = _stream(stream.read(READ), strict=named)
            if zipped:
                more = _archive(stream)
                names, dangers = names | more.names, (*dangers, *more.dangers, Danger("it is a pickle and an archive at once", certain=True))
            holds = bool(named or names or zipped)
            return Pickled(holds=holds, names=names, dangers=dangers if holds else ())
        return _archive(stream) if zipped else Pickled(holds=False)


def _is_zip(stream: IO[bytes]) -> bool:
    try:
        return zipfile.is_zipfile(stream)
    except (OSError, ValueError):
        return False


def _is_array(stream: IO[bytes]) -> bool:
    """Say whether this is a NumPy array of plain numbers; an array of objects holds a pickle."""
    head = stream.read(512)
    stream.seek(0)
    return head.startswith(b"\x93NUMPY") and b"|O" not in head


def _stream(data: bytes, *, strict: bool) -> tuple[frozenset[str], tuple[Danger, ...]]:
    """Read pickles one after another; what follows them in a file of PyTorch's old format are bare numbers."""
    if data.startswith(b"\x93NUMPY"):
        return frozenset(), (Danger("it is an array of Python objects", certain=True),)
    names: set[str] = set()
    buffer = io.BytesIO(data)
    torch_file = False
    count = 0
    while buffer.tell() < len(data):
        one = _Pickle(buffer)
        names |= one.names
        torch_file |= one.first == TORCH_MAGIC
        if one.problem:
            if count == 0 and (strict or one.names):
                return frozenset(names), (*_forbidden(names), Danger(f"it does not read as a pickle: {one.problem}", certain=False))
            if count and not torch_file:
                return frozenset(names), (*_forbidden(names), Danger("bytes that are no pickle follow the pickle", certain=False))
            break
        count += 1
        if torch_file and count == 5:
            break
    return frozenset(names), tuple(_forbidden(names))


def _forbidden(names: set[str]) -> Iterator[Danger]:
    for name in sorted(names - ALLOWED):
        yield Danger(f"loading it would import {name.replace(' ', '.')}" if name != UNKNOWN else f"loading it would import {UNKNOWN}", certain=True)


def _archive(stream: IO[bytes]) -> Pickled:
    names: set[str] = set()
    dangers: list[Danger] = []
    holds = False
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                dangers.append(Danger("two members of the archive share a name", certain=True))
            for member in members[:100_000]:
                kind = _member(member)
                if kind == "pickle":
                    holds = True
                    _read_member(archive, member, names, dangers)
                elif kind:
                    dangers.append(Danger(f"the archive holds {kind}: {ascii(member.filename)[1:-1][:80]}", certain=kind == "code"))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, KeyError, OverflowError) as error:
        return Pickled(holds=True, names=frozenset(names), dangers=(*dangers, Danger(f"the archive cannot be read: {error}", certain=False)))
    return Pickled(holds=holds or bool(dangers), names=frozenset(names), dangers=(*dangers, *_forbidden(names)))


def _member(member: zipfile.ZipInfo) -> str:
    """Return what a member is: `pickle`, `code`, something unexpected, or nothing worth a word."""
    name = member.filename
    inner = name.partition("/")[2]
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link"
    if name.endswith((".pkl", ".pickle", ".npy")):
        return "pickle"
    if name.endswith((".py", ".so", ".pyc", ".dll")) or inner.startswith("code/") or name.startswith(("/", "../")) or "/../" in name:
        return "code"
    known = inner in TORCH_MEMBERS or inner.startswith("data/") or name.endswith("/")
    return "" if known else "an unexpected member"


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, names: set[str], dangers: list[Danger]) -> None:
    try:
        with archive.open(member) as inside:
            data = inside.read(READ)
    except Exception as error:
        # zlib, lzma and bz2 raise families of their own for the same thing: bytes that do not decompress
        dangers.append(Danger(f"{ascii(member.filename)[1:-1][:80]} cannot be read: {error}", certain=False))
        return
    if member.filename.endswith(".npy") and data.startswith(b"\x93NUMPY") and b"|O" not in data[:512]:
        return
    found, said = _stream(data, strict=True)
    names |= found
    dangers.extend(danger for danger in said if not danger.certain or "import" not in danger.says)


class _Pickle:
    """One pickle, followed opcode by opcode: `names` it imports, the `first` value it pushes, and why reading stopped early."""

    def __init__(self, buffer: IO[bytes]) -> None:
        self.names: set[str] = set()
        self.first: Any = None
        self.problem = ""
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._at: int | None = None
        try:
            for count, (opcode, argument, _) in enumerate(pickletools.genops(buffer)):
                if count > MOST_OPCODES:
                    self.problem = f"it has more than {MOST_OPCODES:,} steps"
                    break
                self._step(opcode, argument)
        except (ValueError, IndexError, KeyError, OverflowError, MemoryError, EOFError, AttributeError) as error:
            self.problem = str(error)[:120] or type(error).__name__
            if self._stack is None:
                self.names.add(UNKNOWN)

    def _step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            self.names.add(str(argument))
        elif name == "STACK_GLOBAL":
            parts = self._stack[-2:]
            known = len(parts) == 2 and all(isinstance(part, str) for part in parts)
            self.names.add(" ".join(parts) if known else UNKNOWN)
        elif name.startswith("EXT"):
            self.names.add(UNKNOWN)
        if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            self._memo[len(self._memo) if name == "MEMOIZE" else int(argument)] = self._stack[-1] if self._stack else None
            return
        self._move(opcode, argument)
        if self.first is None and isinstance(argument, int) and name not in ("PROTO", "FRAME"):
            self.first = argument

    def _move(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        """Take from and leave on the stack what the opcode does; values other than texts are remembered as unknown."""
        before, after = opcode.stack_before, opcode.stack_after
        if pickletools.markobject in before:
            while self._stack and self._stack.pop() is not pickletools.markobject:
                pass
            before = before[: before.index(pickletools.markobject)]
        if opcode.name == "DUP":
            self._stack.append(self._stack[-1] if self._stack else None)
            return
        for _ in before:
            if self._stack:
                self._stack.pop()
        if opcode.name in ("GET", "BINGET", "LONG_BINGET"):
            self._stack.append(self._memo.get(int(argument)))
        elif opcode.name == "MARK":
            self._stack.append(pickletools.markobject)
        else:
            value = argument if isinstance(argument, str) and len(after) == 1 and opcode.name not in ("GLOBAL", "INST", "PERSID") else None
            self._stack.extend([value] * len(after))
