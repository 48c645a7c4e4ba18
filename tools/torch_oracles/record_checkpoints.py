"""Let PyTorch write the checkpoints that tests/torch/test_serialization.py reads.

python -m tools.torch_oracles.record_checkpoints        writes tests/torch/data/checkpoints/*
"""

import json
import sys
from pathlib import Path

import torch

from tests.torch.checkpoints import contents, described

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "torch" / "data" / "checkpoints"


def main() -> None:
    """Each content in the new format and in the old one, where PyTorch's reader of the old one knows its dtypes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    expected = {}
    for name, content in contents(torch).items():
        expected[name] = described(content)
        torch.save(content, FOLDER / f"{name}.pt")
        if name not in {"dtypes", "named"}:
            torch.save(content, FOLDER / f"{name}.old.pt", _use_new_zipfile_serialization=False)
    other = "big" if sys.byteorder == "little" else "little"
    swapped = torch.arange(3.0)
    swapped.untyped_storage().byteswap(swapped.dtype)
    torch.save(swapped, FOLDER / "swapped.pt")
    content = (FOLDER / "swapped.pt").read_bytes()
    # The archive is written anew, since the words differ in length.
    (FOLDER / "swapped.pt").write_bytes(with_byteorder(content, other))
    expected["swapped"] = described(torch.arange(3.0))
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1))
    for path in sorted(FOLDER.iterdir()):
        print(f"{path.name}: {path.stat().st_size} bytes")


def with_byteorder(content: bytes, order: str) -> bytes:
    """The same archive with another word in its record of the byte order."""
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, order if name.endswith("/byteorder") else old.read(name))
    return out.getvalue()


if __name__ == "__main__":
    main()
