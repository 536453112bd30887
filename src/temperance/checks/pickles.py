"""Pickles, read as a list of opcodes and never loaded: which Python names would loading them import?

A pickle is a program. The names it imports are worked out by following the stack as the unpickler would (pickletools holds what each
opcode takes and leaves); a name that cannot be worked out counts as a forbidden one. Names are allowed by list, never forbidden by list.
"""

import io
import itertools
import pickletools
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

READ = 64 << 20
HEAD = 4096
MOST_MEMBERS = 100_000
MOST_OPCODES = 2_000_000
SUFFIXES = frozenset((".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy", ".npz", ".pt2", ".ptl"))
TORCH_MAGIC = 0x1950A86A20F9469CFC6C
UNKNOWN = "a name that only loading would tell"
WEIGHTS = frozenset(
    {
        "collections": "OrderedDict",
        "torch": "Size device FloatStorage HalfStorage BFloat16Storage DoubleStorage IntStorage LongStorage ShortStorage CharStorage"
        " ByteStorage BoolStorage ComplexFloatStorage float32 float16 bfloat16 float64 int64 int32 int16 int8 uint8 bool",
        "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_parameter",
        "torch.serialization": "_get_layout",
        "torch.storage": "UntypedStorage TypedStorage",
    }.items()
)
TRAINING = frozenset(
    {
        "accelerate.state": "PartialState",
        "accelerate.utils.dataclasses": "DistributedType DeepSpeedPlugin",
        "transformers.trainer_pt_utils": "AcceleratorConfig",
        "transformers.trainer_utils": "HubStrategy IntervalStrategy SaveStrategy SchedulerType EvaluationStrategy FSDPOption",
        "transformers.training_args": "OptimizerNames TrainingArguments ParallelMode",
        "transformers.training_args_seq2seq": "Seq2SeqTrainingArguments",
        "trl.trainer.sft_config": "SFTConfig",
        "trl.trainer.dpo_config": "DPOConfig",
        "trl.trainer.reward_config": "RewardConfig",
    }.items()
)
ALLOWED = frozenset(f"{module} {name}" for module, names in WEIGHTS | TRAINING for name in names.split())
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
        head = stream.read(HEAD)
        stream.seek(0)
        named = path.suffix.lower() in SUFFIXES
        zipped = (named or head.startswith(b"PK")) and _is_zip(stream)
        stream.seek(0)
        names: set[str] = set()
        dangers: list[Danger] = []
        bare = not head.startswith(b"PK") and (named or head.startswith(b"\x80")) and not _plain_array(head)
        if bare:
            dangers += _stream(stream.read(READ), names, strict=named)
        if zipped:
            stream.seek(0)
            _archive(stream, names, dangers)
        elif named and head.startswith(b"PK"):
            dangers.append(Danger("it begins as an archive and is none", certain=False))
        if bare and zipped:
            dangers.append(Danger("it is a pickle and an archive at once", certain=True))
    holds = bool(names or dangers) or (named and bare)
    return Pickled(holds=holds, names=frozenset(names), dangers=(*dangers, *_forbidden(names)))


def _is_zip(stream: IO[bytes]) -> bool:
    try:
        return zipfile.is_zipfile(stream)
    except (OSError, ValueError):
        return False


def _plain_array(head: bytes) -> bool:
    """Say whether this is the beginning of a NumPy array of plain numbers; an array of objects (O) holds a pickle."""
    description, newline, _ = head[:HEAD].partition(b"\n")
    return head.startswith(b"\x93NUMPY") and bool(newline) and b"O" not in description[10:]


def _stream(data: bytes, names: set[str], *, strict: bool) -> Iterator[Danger]:
    """Read pickles one after another and add what they import to `names`; yield why that could not be done to the end.

    What follows the fifth pickle of PyTorch's old format are bare numbers.
    """
    if data.startswith(b"\x93NUMPY"):
        yield Danger("it is an array of Python objects", certain=True)
        return
    buffer = io.BytesIO(data)
    torch_file = False
    for count in itertools.count():
        if buffer.tell() >= len(data) > 0 or (torch_file and count == 5):
            return
        one = _Pickle(buffer)
        names |= one.names
        torch_file |= count == 0 and one.first == TORCH_MAGIC
        if one.problem:
            if strict or one.names:
                what = "bytes that are no pickle follow the pickle" if count else f"it does not read as a pickle: {one.problem}"
                yield Danger(what, certain=False)
            return


def _forbidden(names: set[str]) -> Iterator[Danger]:
    for name in sorted(names - ALLOWED):
        said = name if name == UNKNOWN else ascii(name)[1:-1].replace(" ", ".")[:120]
        yield Danger(f"loading it would import {said}", certain=True)


def _archive(stream: IO[bytes], names: set[str], dangers: list[Danger]) -> None:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            if len({member.filename for member in members}) < len(members):
                dangers.append(Danger("two members of the archive share a name", certain=True))
            if len(members) > MOST_MEMBERS:
                dangers.append(Danger(f"the archive has more than {MOST_MEMBERS:,} members", certain=False))
            for member in members[:MOST_MEMBERS]:
                kind = _member(member)
                if kind == "a pickle":
                    dangers.extend(_read_member(archive, member, names))
                elif kind:
                    dangers.append(Danger(f"the archive holds {kind}: {ascii(member.filename)[1:-1][:80]}", certain=kind == "code"))
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError, KeyError, OverflowError) as error:
        dangers.append(Danger(f"the archive cannot be read: {error}", certain=False))


def _member(member: zipfile.ZipInfo) -> str:
    """Return what a member is: `a pickle`, `code`, something unexpected, or nothing worth a word."""
    name = member.filename
    inner = name.partition("/")[2]
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link"
    if name.endswith((".pkl", ".pickle", ".npy")):
        return "a pickle"
    if name.endswith((".py", ".so", ".pyc", ".dll")) or inner.startswith("code/") or name.startswith(("/", "../")) or "/../" in name:
        return "code"
    known = inner in TORCH_MEMBERS or inner.startswith("data/") or name.endswith("/")
    return "" if known else "an unexpected member"


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, names: set[str]) -> Iterator[Danger]:
    try:
        with archive.open(member) as inside:
            data = inside.read(READ)
    except Exception as error:
        # zlib, lzma and bz2 raise families of their own for the same thing: bytes that do not decompress
        yield Danger(f"{ascii(member.filename)[1:-1][:80]} cannot be read: {error}", certain=False)
        return
    if not (member.filename.endswith(".npy") and _plain_array(data)):
        yield from _stream(data, names, strict=True)


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
