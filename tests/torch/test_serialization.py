"""Checkpoints: PyTorch's are read, PyTorch reads ours, and hostile ones run nothing."""

import collections
import io
import json
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srcgrad.torch import serialization
from srcgrad.torch.dtypes import device, float32
from srcgrad.torch.safetensors import load_file, save_file
from srcgrad.torch.tensor import wrap
from tests.torch.checkpoints import described

FOLDER = Path(__file__).parent / "data" / "checkpoints"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
FILES = sorted(path.name for path in FOLDER.glob("*.pt"))
BF16 = "ignore:NumPy has no bfloat16:UserWarning"

pytestmark = pytest.mark.filterwarnings(BF16)


def saved(value: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    serialization.save(value, file, **options)
    return file.getvalue()


def loaded(content: bytes, **options: Any) -> Any:
    return serialization.load(io.BytesIO(content), **options)


@pytest.mark.parametrize("name", FILES)
def test_reads_what_pytorch_wrote(name: str) -> None:
    assert EXPECTED[name.split(".")[0]] == described(serialization.load(FOLDER / name))


@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_round_trip(name: str, new: bool, request: pytest.FixtureRequest) -> None:
    content = saved(serialization.load(FOLDER / name), _use_new_zipfile_serialization=new)
    expected = EXPECTED[name.split(".")[0]]
    assert expected == described(loaded(content))
    # PyTorch's own reader of the old format does not know the unsigned integers.
    if request.config.getoption("--live") and (new or "dtypes" not in name):
        import torch

        assert expected == described(torch.load(io.BytesIO(content), weights_only=True))


@pytest.mark.parametrize("new", [True, False])
def test_tensors_share_memory_as_before(new: bool, request: pytest.FixtureRequest) -> None:
    x = wrap(np.arange(12.0).reshape(3, 4))
    content = saved([x, wrap(x._a.T), wrap(x._a[1:]), x], _use_new_zipfile_serialization=new)
    readers = [loaded]
    if request.config.getoption("--live"):
        import torch

        readers.append(lambda content: torch.load(io.BytesIO(content), weights_only=True))
    for read in readers:
        whole, transposed, rows, again = read(content)
        assert whole is again
        whole.numpy()[1, 0] = 77
        assert [77, 77] == [transposed.numpy()[0, 1], rows.numpy()[0, 0]]
        assert (8, 32) == transposed.numpy().strides


def test_arrays_that_no_storage_describes_are_copied() -> None:
    x = np.arange(6.0)
    for array in (
        x[::-1],
        np.broadcast_to(x, (2, 6)),
        x.astype(">f8"),
        x.view(np.complex128).imag,
        np.arange(9.0)[1:7].reshape(2, 3).T,
    ):
        np.testing.assert_array_equal(array, loaded(saved(wrap(array)))._a)


def test_one_memory_has_one_dtype() -> None:
    x = np.ones(2, np.complex64)
    with pytest.raises(
        RuntimeError, match="^Cannot save multiple tensors or storages that view the same data as different types$"
    ):
        saved([wrap(x), wrap(x.real)])


def test_files(tmp_path: Path) -> None:
    x = wrap(np.arange(3.0))
    path = tmp_path / "model.v1.pt"
    for f in (path, str(path)):
        serialization.save(x, f)
        np.testing.assert_array_equal(x._a, serialization.load(f)._a)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(x._a, serialization.load(file)._a)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        expected = "data.pkl .format_version .storage_alignment byteorder data/0 version .data/serialization_id".split()
        assert [f"model.v1/{name}" for name in expected] == archive.namelist()
        assert b"3\n" == archive.read("model.v1/version")
        assert len(archive.read("model.v1/.data/serialization_id")) == 40
    content = path.read_bytes()
    assert content.index(x._a.tobytes()) % 64 == 0
    serialization.save(x, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="^mmap can only be used with files saved with"):
        serialization.load(path, mmap=True)
    with pytest.raises(RuntimeError, match="^Parent directory .* does not exist.$"):
        serialization.save(x, tmp_path / "none" / "x.pt")
    with pytest.raises(
        AttributeError, match="^expected 'f' to be string, path, or a file-like object with a 'write' attribute$"
    ):
        serialization.save(x, 3)
    with pytest.raises(FileNotFoundError):
        serialization.load(tmp_path / "missing.pt")
    with pytest.raises(ValueError, match="^f must be a file path in order to use the mmap argument$"):
        loaded(content, mmap=True)


def test_mapped_memory_is_private(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    serialization.save(wrap(np.arange(3.0)), path)
    before = path.read_bytes()
    x = serialization.load(path, mmap=True)
    x._a[0] = 5
    np.testing.assert_array_equal([5, 1, 2], x._a)
    assert before == path.read_bytes()


def test_unseekable_file() -> None:
    class Stream(io.RawIOBase):
        def readable(self) -> bool:
            return True

    with pytest.raises(io.UnsupportedOperation, match="You can only torch.load from a file that is seekable"):
        serialization.load(Stream())


def on_cuda() -> bytes:
    return archived(persistent(location="cuda:0"), {"0": bytes(8)})


def test_map_location() -> None:
    with pytest.raises(
        RuntimeError, match="^Attempting to deserialize object on a CUDA device but torch.cuda.is_available"
    ):
        loaded(on_cuda())
    seen = []
    for place in ("cpu", device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: seen.append(location) or storage):
        np.testing.assert_array_equal([0, 0], loaded(on_cuda(), map_location=place)._a)
    assert ["cuda:0"] == seen
    with pytest.raises(RuntimeError, match="^don't know how to restore data location"):
        loaded(on_cuda(), map_location="xla:0")


def test_damaged_files() -> None:
    content = saved(wrap(np.arange(300.0)))
    for cut in (10, 500, len(content) - 30):
        with pytest.raises(
            RuntimeError, match="^PytorchStreamReader failed reading zip archive: failed finding central directory$"
        ):
            loaded(content[:cut])
    with pytest.raises(EOFError, match="^Ran out of input$"):
        loaded(b"")
    with pytest.raises(RuntimeError, match="^Invalid magic number; corrupt file\\?$"):
        loaded(b"\x80\x02K\x01.")
    old = saved(wrap(np.arange(300.0)), _use_new_zipfile_serialization=False)
    with pytest.raises(EOFError, match="^unexpected EOF, expected 8 more bytes. The file might be corrupted.$"):
        loaded(old[:-8])


def test_other_formats_are_named() -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("storages"))
    with pytest.raises(RuntimeError, match=r"files saved in the legacy \.tar format"):
        loaded(file.getvalue())
    with pytest.raises(RuntimeError, match="with TorchScript archives"):
        loaded(archived(b"\x80\x02N.", {}, **{"constants.pkl": b""}))


@pytest.mark.filterwarnings("default::UserWarning")
def test_bfloat16_becomes_float32() -> None:
    with pytest.warns(
        UserWarning, match="^NumPy has no bfloat16: the checkpoint's bfloat16 tensors become float32 ones"
    ):
        x = serialization.load(FOLDER / "bfloat16.pt")
    np.testing.assert_array_equal(np.array([1.5, -2.0, 3.140625], np.float32), x._a)


def test_containers_hold_themselves() -> None:
    value: list[Any] = [1]
    value.append({"again": value})
    found = loaded(saved(value))
    assert found[1]["again"] is found


def test_long_containers_and_many_names() -> None:
    value = {f"key {n}": list(range(n)) for n in range(1200)}
    assert value == loaded(saved(value))


class Point:
    def __init__(self, x: float) -> None:
        self.x = x


def test_a_class_is_read_where_the_user_vouches_for_it() -> None:
    content = saved({"p": Point(2.0)})
    with pytest.raises(
        serialization.UnpicklingError, match=r"GLOBAL tests\.torch\.test_serialization\.Point was not an allowed global"
    ):
        loaded(content)
    with serialization.safe_globals([Point]):
        assert 2.0 == loaded(content)["p"].x
        assert [Point] == serialization.get_safe_globals()
    assert [] == serialization.get_safe_globals()


def test_safetensors(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    x = np.arange(6.0, dtype=np.float32).reshape(2, 3)
    save_file({"x": wrap(x), "n": wrap(np.array(3))}, path, {"format": "pt"})
    for found in (load_file(path), serialization.load(path)):
        np.testing.assert_array_equal(x, found["x"]._a)
        assert (3, ()) == (found["n"]._a, found["n"]._a.shape)
    with pytest.raises(RuntimeError, match="^Some tensors share memory"):
        save_file({"x": wrap(x), "row": wrap(x[0])}, path)
    with pytest.raises(ValueError, match="^You are trying to save a non contiguous tensor: `x`"):
        save_file({"x": wrap(x.T)}, path)
    with pytest.raises(RuntimeError, match="^Loading safetensors file with dict map_location is not supported"):
        serialization.load(path, map_location={})


# Hostile files. A pickle is put together by hand; whatever it does, a canary file must not appear.


def name(module: str, attribute: str) -> bytes:
    return f"c{module}\n{attribute}\n".encode()


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    digits = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return bytes([0x8A, len(digits)]) + digits


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def persistent(
    offset=0,
    size=(2,),
    stride=(1,),
    count=2,
    key=text("0"),
    location="cpu",
    kind=name("torch", "FloatStorage"),
    grad=b"\x89",
) -> bytes:
    """A pickle of one tensor."""
    storage = b"(" + text("storage") + kind + key + text(location) + number(count) + b"tQ"
    call = (
        name("torch._utils", "_rebuild_tensor_v2") + b"(" + storage + number(offset) + numbers(size) + numbers(stride)
    )
    return b"\x80\x02" + call + grad + name("collections", "OrderedDict") + b")RtR."


def archived(program: bytes, storages: dict[str, bytes], **records: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for record, content in {
            "data.pkl": program,
            **{f"data/{key}": held for key, held in storages.items()},
            **records,
        }.items():
            archive.writestr(f"archive/{record}", content)
    return file.getvalue()


def old_format(program: bytes, keys: bytes = b"\x80\x02].", storages: bytes = b"") -> bytes:
    head = saved(1, _use_new_zipfile_serialization=False)
    return head[: head.index(b"\x80\x02K\x01.")] + program + keys + storages


CANARY = "canary"
SHELL = f"touch {CANARY}"
ARGUMENT = text(SHELL) + b"\x85R"
TENSOR = persistent()[2:-1]
OD = name("collections", "OrderedDict") + b")R"
DEEP = b")" + b"\x85" * 100_000

HOSTILE = {
    "os.system": name("os", "system") + ARGUMENT,
    "posix.system": name("posix", "system") + ARGUMENT,
    "nt.system": name("nt", "system") + ARGUMENT,
    "subprocess": name("subprocess", "getoutput") + ARGUMENT,
    "eval": name("builtins", "eval") + text(f"open({CANARY!r}, 'w')") + b"\x85R",
    "eval of Python 2": name("__builtin__", "eval") + text(f"open({CANARY!r}, 'w')") + b"\x85R",
    "open": name("builtins", "open") + text(CANARY) + text("w") + b"\x86R",
    "runpy": name("runpy", "run_path") + ARGUMENT,
    "pty": name("pty", "spawn") + ARGUMENT,
    "getattr": name("builtins", "getattr") + name("collections", "OrderedDict") + text("fromkeys") + b"\x86R",
    "dots in the name": name("collections", "OrderedDict.fromkeys") + b"]\x85R",
    "dots to globals": name("torch._utils", "_rebuild_tensor_v2.__globals__"),
    "dots in the module": name("collections.OrderedDict", "__init__") + b")R",
    "operator.attrgetter": name("operator", "attrgetter") + ARGUMENT,
    "functools.partial": name("functools", "partial") + name("collections", "OrderedDict") + b"\x85R",
    "importlib": name("importlib", "import_module") + text("os") + b"\x85R",
    "torch.load": name("torch", "load") + ARGUMENT,
    "torch.hub": name("torch.hub", "load") + ARGUMENT,
    "srcgrad's load": name("srcgrad.torch.serialization", "load") + ARGUMENT,
    "srcgrad's tensor": name("srcgrad.torch.tensor", "wrap") + ARGUMENT,
    "numpy scalar": name("numpy._core.multiarray", "scalar")
    + name("numpy", "dtype")
    + text("O8")
    + b"\x85R"
    + text("x")
    + b"\x86R",
    "numpy array": name("numpy.core.multiarray", "_reconstruct") + b")R",
    "numpy.load": name("numpy", "load") + ARGUMENT,
    "copyreg": name("copy_reg", "_reconstructor") + name("collections", "OrderedDict") + b"\x85R",
    "pickle in pickle": name("pickle", "loads") + ARGUMENT,
    "STACK_GLOBAL": text("os") + text("system") + b"\x93" + ARGUMENT,
    "INST": b"(" + text(SHELL) + b"ios\nsystem\n",
    "OBJ": b"(" + name("collections", "OrderedDict") + b"o",
    "NEWOBJ": name("torch", "Tensor") + b")\x81",
    "NEWOBJ_EX": name("collections", "OrderedDict") + b")}\x92",
    "NEWOBJ of a storage": name("torch", "FloatStorage") + b")\x81",
    "EXT1": b"\x82\x01",
    "EXT2": b"\x83\x01\x00",
    "EXT4": b"\x84\x01\x00\x00\x00",
    "PERSID": b"Pstorage\n",
    "BUILD of a class": name("torch", "Tensor") + b"}" + text("backward") + text("x") + b"sb",
    "BUILD of a function": name("torch._utils", "_rebuild_tensor_v2") + b"}" + text("__code__") + text("x") + b"sb",
    "BUILD of a list": b"]}b",
    "BUILD of a dict": b"}}b",
    "BUILD of a tensor": TENSOR + b"}" + text("_a") + text("x") + b"sb",
    "BUILD of a dtype": name("torch", "float32") + b"}" + text("numpy") + text("x") + b"sb",
    "BUILD hides a method": OD + b"}" + text("items") + text("x") + b"sb",
    "BUILD of __class__": OD + b"}" + text("__class__") + name("collections", "Counter") + b"sb",
    "BUILD with slots": OD + b"N}" + text("keys") + text("x") + b"s\x86b",
    "BUILD with a number": OD + b"K\x01b",
    "calls text": text("os.system") + ARGUMENT,
    "calls a dtype": name("torch", "float32") + b")R",
    "calls a storage": name("torch", "FloatStorage") + number(2**50) + b"\x85R",
    "calls Tensor": name("torch", "Tensor") + number(2**40) + b"\x85R",
    "arguments are a list": name("collections", "OrderedDict") + b"]R",
    "function as a value": name("_codecs", "encode"),
    "function in a list": b"]" + name("_codecs", "encode") + b"a",
    "function in a set": name("builtins", "set") + name("_codecs", "encode") + b"\x85R",
    "codec": name("_codecs", "encode") + text("x") + text("zlib_codec") + b"\x86R",
    "codec's module": name("_codecs", "encode") + text("x") + text("../canary") + b"\x86R",
    "bytearray bomb": name("builtins", "bytearray") + number(2**45) + b"\x85R",
    "text bomb": b"X\xff\xff\xff\x7f",
    "binary bomb": b"\x8e" + struct.pack("<Q", 2**60),
    "LONG4": b"\x8b" + struct.pack("<I", 2**31 - 1),
    "deep key": b"}" + DEEP + b"K\x01s",
    "deep member": name("builtins", "set") + b"]" + DEEP + b"a\x85R",
    "tensor as a key": b"}" + TENSOR + b"K\x01s",
    "list as a key": b"}]K\x01s",
    "Counter of text": name("collections", "Counter") + text("aab") + b"\x85R",
    "Size of text": name("torch", "Size") + text("aab") + b"\x85R",
    "device": name("torch", "device") + text("os.system") + b"\x85R",
    "layout": name("torch.serialization", "_get_layout") + text("os") + b"\x85R",
    "storage id a number": b"K\x01Q",
    "storage id a text": text("storage") + b"Q",
    "storage id a list": b"]" + text("storage") + b"aQ",
    "storage id empty": b")Q",
    "storage id a module": b"(" + text("module") + name("os", "system") + b"NNtQ",
    "storage id of a module": b"("
    + text("module")
    + name("collections", "OrderedDict")
    + text("f")
    + text("s")
    + b"tQ",
    "storage id short": text("storage") + b"\x85Q",
    "storage of a class": b"("
    + text("storage")
    + name("collections", "OrderedDict")
    + text("0")
    + text("cpu")
    + b"K\x02tQ",
    "quantized": name("torch._utils", "_rebuild_qtensor") + b")R",
    "parameter of text": name("torch._utils", "_rebuild_parameter") + text("x") + b"\x88" + OD + b"\x87R",
    "type of text": name("torch._tensor", "_rebuild_from_type_v2")
    + b"("
    + name("builtins", "set")
    + text("x")
    + b"]}tR",
    "type calls set": name("torch._tensor", "_rebuild_from_type_v2")
    + (b"(" + name("builtins", "set") + name("torch", "Tensor") + b"]\x85}tR"),
    "empty stack": b"R",
    "no mark": b"t",
    "no memo": b"h\x05",
    "append to a tuple": b")K\x01a",
    "set item of a list": b"]K\x01K\x02s",
    "odd items": b"}(K\x01u",
    "unknown": b"\xff",
}

ATTRIBUTES = ("__class__", "_a", "backward", "grad", "requires_grad", "__dict__", "x y", "_node")


def check_refused(content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **options: Any) -> str:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(serialization.UnpicklingError, match="^Weights only load failed") as caught:
        loaded(content, **options)
    assert [] == os.listdir(tmp_path)
    return str(caught.value)


@pytest.mark.parametrize("trick", HOSTILE)
@pytest.mark.parametrize("new", [True, False])
@pytest.mark.parametrize("weights_only", [True, False])
def test_hostile_pickles(
    trick: str, new: bool, weights_only: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = b"\x80\x02" + HOSTILE[trick] + b"."
    content = archived(program, {"0": bytes(8)}) if new else old_format(program)
    if trick in ("text bomb", "binary bomb"):
        with pytest.raises((EOFError, serialization.UnpicklingError)):
            loaded(content)
        return
    check_refused(content, monkeypatch, tmp_path, weights_only=weights_only)


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_of_tensors(attribute: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rebuild = TENSOR[: TENSOR.index(b"(")], TENSOR[TENSOR.index(b"(") : -1]
    call = name("torch._tensor", "_rebuild_from_type_v2") + b"(" + rebuild[0] + name("torch", "Tensor") + rebuild[1]
    state = b"}" + text(attribute) + b"K\x01stR"
    check_refused(archived(b"\x80\x02" + call + state + b".", {"0": bytes(8)}), monkeypatch, tmp_path)


@pytest.mark.parametrize(
    "tensor",
    [
        {"size": (3,)},
        {"size": (2, 2), "stride": (2, 1)},
        {"offset": 1},
        {"offset": -1},
        {"offset": 2**70},
        {"size": (-2,)},
        {"stride": (-1,)},
        {"stride": (2**62,)},
        {"size": (2**70,), "stride": (0,)},
        {"size": (2**40, 2**40), "stride": (0, 0)},
        {"size": (2,) * 65, "stride": (0,) * 65},
        {"size": (2,), "stride": ()},
        {"size": (0, 2**70), "stride": (1, 1)},
        {"count": 3},
        {"count": 2**61},
        {"count": -2},
        {"key": b"K\x00"},
        {"kind": name("torch", "QInt8Storage")},
        {"kind": name("torch", "LongStorage"), "count": 1, "size": (1,), "grad": b"\x88"},
        {"grad": b"K\x01"},
    ],
)
@pytest.mark.parametrize("new", [True, False])
def test_tensors_outside_of_their_storage(
    tensor: dict[str, Any], new: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program, keys = persistent(**tensor), b"\x80\x02]" + text("0") + b"a."
    content = archived(program, {"0": bytes(8)}) if new else old_format(program, keys, struct.pack("<q", 2) + bytes(8))
    check_refused(content, monkeypatch, tmp_path)


def test_a_record_is_as_long_as_its_storage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = archived(persistent(kind=name("torch", "DoubleStorage")), {"0": bytes(8)})
    assert "storage data/0 has 8 bytes, but the checkpoint speaks of 16" in check_refused(
        content, monkeypatch, tmp_path
    )


@pytest.mark.parametrize("key", ["../../../../etc/passwd", "/etc/passwd", "..\\x", "1", "", "0/../0", "0\0"])
def test_keys_are_names_of_records_alone(key: str) -> None:
    with pytest.raises(RuntimeError, match="^PytorchStreamReader failed locating file data/"):
        loaded(archived(persistent(key=text(key)), {"0": bytes(8)}))


def test_names_of_records_touch_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    content = archived(persistent(key=text("../../canary")), {"../../canary": bytes(8)})
    np.testing.assert_array_equal([0, 0], loaded(content)._a)
    assert [] == os.listdir(tmp_path)


def test_compressed_and_overlapping_records(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", persistent(count=2**10, size=(2**10,)), zipfile.ZIP_STORED)
        archive.writestr("archive/data/0", bytes(2**12))
        archive.writestr("archive/filler", bytes(2**12), zipfile.ZIP_STORED)
    assert "is compressed" in check_refused(file.getvalue(), monkeypatch, tmp_path)
    storages = b"".join(
        b"(" + text("storage") + name("torch", "FloatStorage") + text(str(n)) + text("cpu") + number(256) + b"tQ"
        for n in range(9)
    )
    content = archived(b"\x80\x02](" + storages + b"e.", {str(n): bytes(1024) for n in range(9)})
    assert len(loaded(content)) == 9
    # The directory at the end now leads all names to the first storage, whose bytes stay; the others' are cut out.
    check_refused(overlapping(content), monkeypatch, tmp_path)


def overlapping(content: bytes) -> bytes:
    """The same archive with the bytes of one storage for all of them."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        first, second = entries[1].header_offset, entries[2].header_offset
        end = archive.start_dir
    directory = bytearray(content[end:])
    position = 0
    for entry in entries:
        if entry.header_offset > first:
            struct.pack_into("<I", directory, position + 42, first)
        position += 46 + len(entry.filename)
    struct.pack_into("<I", directory, position + 16, second)
    return content[:second] + bytes(directory)


def test_old_storages_must_be_the_ones_spoken_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good, eight = b"\x80\x02]" + text("0") + b"a.", struct.pack("<q", 2) + bytes(8)
    np.testing.assert_array_equal([0, 0], loaded(old_format(persistent(), good, eight))._a)
    for keys in (
        b"\x80\x02].",
        b"\x80\x02]" + text("1") + b"a.",
        b"\x80\x02](" + text("0") * 2 + b"e.",
        b"\x80\x02N.",
        b"\x80\x02]]a.",
    ):
        check_refused(old_format(persistent(), keys, eight), monkeypatch, tmp_path)
    for count in (1, 3, -1, 2**60):
        check_refused(old_format(persistent(), good, struct.pack("<q", count) + bytes(8)), monkeypatch, tmp_path)


def test_flipped_bits_raise_plain_errors() -> None:
    programs = []
    for file in ("containers.pt", "views.pt", "parameters.pt"):
        with zipfile.ZipFile(FOLDER / file) as archive:
            programs.append((archive.read(f"{file[:-3]}/data.pkl"), {"0": bytes(48), "1": bytes(4)}))
    random = np.random.RandomState(0)
    for _ in range(600):
        program, storages = programs[random.randint(len(programs))]
        changed = bytearray(program)
        for _ in range(random.randint(1, 4)):
            changed[random.randint(len(changed))] = random.randint(256)
        try:
            loaded(archived(bytes(changed), storages))
        except (serialization.UnpicklingError, RuntimeError, EOFError, UserWarning):
            pass


def test_values_that_cannot_be_saved() -> None:
    for value in (lambda: 0, (x for x in ()), 2**3000):
        with pytest.raises((pickle.PicklingError, TypeError)):
            saved(value)
    with pytest.raises(RuntimeError, match="^srcgrad writes checkpoints with a pickler of its own in protocol 2$"):
        saved(1, pickle_protocol=4)


def test_torch_values() -> None:
    assert [float32, device("cpu")] == loaded(saved([float32, device("cpu")]))
    assert collections.Counter("aab") == loaded(saved(collections.Counter("aab")))
