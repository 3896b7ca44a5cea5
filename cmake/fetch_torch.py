"""Downloads the wheels of wheels.txt (by hash) and unpacks what a host without a GPU needs of LibTorch.

usage: fetch_torch.py FOLDER      FOLDER appears whole or not at all
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

PLATFORMS = ["manylinux_2_28_x86_64", "manylinux_2_25_x86_64", "manylinux2014_x86_64", "manylinux_2_17_x86_64"]
LIBRARIES = ["torch/lib/libtorch_cpu.so", "torch/lib/libc10.so", "torch/lib/libgomp.so.1",
             "nvidia/cu13/lib/libcudart.so.13", "nvidia/cu13/lib/libcupti.so.13"]


def wanted(name):
    return name.startswith("torch/include/") or name in LIBRARIES


def main():
    target = pathlib.Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix=target.name + ".tmp-", dir=target.parent))
    try:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:",
                   "--python-version", "3.11", "--implementation", "cp", "--require-hashes",
                   "--disable-pip-version-check", "--dest", str(work / "wheels"),
                   "-r", str(pathlib.Path(__file__).with_name("wheels.txt"))]
        for platform in PLATFORMS:
            command += ["--platform", platform]
        subprocess.run(command, check=True)
        for wheel in sorted((work / "wheels").glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(work / "root", [name for name in archive.namelist() if wanted(name)])
        missing = [name for name in LIBRARIES if not (work / "root" / name).exists()]
        if missing:
            sys.exit("the wheels lack " + ", ".join(missing))
        shutil.rmtree(target, ignore_errors=True)
        os.replace(work / "root", target)
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
