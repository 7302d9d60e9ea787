"""Where this script stands: in the project or in a bundle, and what the machine offers."""

import importlib.util
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent.parent  # scripts/ of the project, or the bundle


class BadInput(Exception):
    """Something that was asked for or is needed and is not there: one sentence."""


def output_of(command):
    """What a command prints; empty where it fails or is missing."""
    try:
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
                              check=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def graphics_card():
    """"NVIDIA H200, 580.159.04", or empty."""
    lines = output_of(["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]).splitlines()
    return lines[0].strip() if lines else ""


def nvidia_packages():
    """The folders of a Python environment's nvidia/* packages."""
    spec = importlib.util.find_spec("nvidia")
    roots = list(spec.submodule_search_locations or []) if spec else []
    return [folder for root in roots for folder in sorted(pathlib.Path(root).glob("*")) if folder.is_dir()]


class Place:
    """Programs, data, scripts and libraries."""

    def __init__(self, data=None):
        self.is_bundle = (HERE / "bin").is_dir()
        self.root = HERE if self.is_bundle else HERE.parent
        self.bin = HERE / "bin" if self.is_bundle else self.root / "build/cuda/bin"
        self.bench = self.root / "bench"
        self.cores = len(os.sched_getaffinity(0))
        self.data = pathlib.Path(data).resolve() if data else self.root / "data"
        if data and not (self.data / "mnist").is_dir():
            raise BadInput(f"--data: expected a folder with mnist/ in it, found {data}")
        libraries = [str(folder / "lib") for folder in nvidia_packages() if (folder / "lib").is_dir()]
        self.environment = {
            "OMP_WAIT_POLICY": "passive",  # programs run side by side, so a waiting thread must not spin
            "WEFT_DATA_DIR": str(self.data),
        }
        if libraries:  # cuBLAS and cuDNN of a Python environment serve where the toolkit's are not found
            self.environment["LD_LIBRARY_PATH"] = ":".join(
                filter(None, [os.environ.get("LD_LIBRARY_PATH", ""), *libraries]))
        if self.is_bundle:
            self.environment["WEFT_GOLDEN_DIR"] = str(HERE / "golden")

    def origin(self):
        """Where the programs come from."""
        if self.is_bundle:
            try:
                return (HERE / "BUNDLE.txt").read_text().strip()
            except OSError:
                return "a bundle of unknown origin"
        commit = output_of(["git", "-C", str(HERE), "describe", "--always", "--dirty"])
        return f"built here from {commit or 'an unknown commit'}"

    def build(self):
        """Builds the project for CUDA; nothing to do in a bundle."""
        if self.is_bundle:
            return
        ended = subprocess.run([HERE / "build", "--preset", "cuda"], stdout=subprocess.DEVNULL, check=False)
        if ended.returncode != 0:
            raise BadInput(f"the build failed with status {ended.returncode}")

    def programs(self, pattern):
        return sorted(self.bin.glob(pattern))

    def program(self, name):
        """Its path, or None where this build has none."""
        return self.bin / name if (self.bin / name).exists() else None

    def lessons(self):
        """The lessons' names: 01_logistic_bad_start, ..."""
        program = self.program("weft-lessons")
        return [line.split()[0] for line in output_of([str(program), "list"]).splitlines()
                if line[:2].isdigit()] if program else []

    @staticmethod
    def sanitizer():
        """compute-sanitizer of PATH, the toolkit or a Python environment's nvidia/* folders; else None."""
        toolkits = [os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"]
        folders = [pathlib.Path(root) / sub for root in filter(None, toolkits) for sub in ("bin", "compute-sanitizer")]
        folders += [folder / sub for folder in nvidia_packages() for sub in ("bin", "compute-sanitizer")]
        search = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
        return shutil.which("compute-sanitizer", path=search)
