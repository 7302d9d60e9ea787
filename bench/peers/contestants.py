"""Those who train: our program, started anew for each round, and a process for each of the peers' libraries."""

import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]  # the project or a bundle
PEERS = ("torch", "jax")
SECONDS_TO_ANSWER, SECONDS_TO_TUNE = 120, 900  # then a contender is given up


class Problem(Exception):
    """Why something is not timed, in one line."""


def program(device: str) -> pathlib.Path:
    """Ours: a bundle's, or built here."""
    name = "training_step_bench"
    if (ROOT / "bin" / name).exists():
        return ROOT / "bin" / name
    preset = "cuda" if device == "gpu" else "executor"
    built = subprocess.run([ROOT / "scripts/build", "--preset", preset, name], stdout=subprocess.DEVNULL, check=False)
    if built.returncode:
        raise Problem(f"scripts/build --preset {preset} {name} ended with status {built.returncode}")
    return ROOT / "build" / preset / "bin" / name


def limited(threads: int) -> dict:
    """Arguments of a process that has so many threads and as many cores: some libraries know only the latter."""
    cores = sorted(os.sched_getaffinity(0))[:threads]
    return {"env": {**os.environ, "OMP_NUM_THREADS": str(threads), "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
            "preexec_fn": lambda: os.sched_setaffinity(0, cores)}


class Ours:
    def __init__(self, device: str, threads: int, path: pathlib.Path) -> None:
        self.device, self.threads, self.path = device, threads, path

    def _run(self, *arguments: str) -> dict:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "ours.json"
            done = subprocess.run([self.path, self.device, *arguments, f"--benchmark_out={file}"], text=True, check=False,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **limited(self.threads))
            if done.returncode:
                reason = done.stderr.strip().splitlines() or ["it says nothing"]
                raise Problem(f"{self.path.name} ended with status {done.returncode}: {reason[-1]}")
            document = json.loads(file.read_text())
        for run in document["benchmarks"]:
            if run.get("error_occurred"):
                raise Problem(run["error_message"])
        return document

    def losses(self, lesson: str) -> list[float]:
        return self._run(lesson, "--check")["losses"][lesson]

    def round(self, lesson: str) -> list[float]:
        # The losses were asked for before; on a GPU's host the CPU path takes seconds to find them again.
        gathered, ready = self._run(lesson, "--rounds", "1", "--unchecked")["benchmarks"]
        return [gathered["real_time"], ready["real_time"]]


class Peer:
    """A worker.py; started again after it ended or kept us waiting."""

    def __init__(self, library: str, device: str, threads: int, slow: bool = False) -> None:
        self.patience = SECONDS_TO_TUNE if slow else SECONDS_TO_ANSWER
        self.command = [sys.executable, str(HERE / "worker.py"), library, device, str(threads)]
        self.threads = threads
        self.log = tempfile.TemporaryFile()
        self.process: subprocess.Popen | None = None
        self.hello = self._start()

    def ask(self, name: str, *arguments):
        if self.process is None:
            self._start()
        assert self.process and self.process.stdin
        self.process.stdin.write(json.dumps([name, *arguments]) + "\n")
        self.process.stdin.flush()
        return self._answer()["value"]

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _start(self) -> dict:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True, **limited(self.threads))
        return self._answer()

    def _answer(self) -> dict:
        assert self.process and self.process.stdout
        if not select.select([self.process.stdout], [], [], self.patience)[0]:
            self.stop()
            raise Problem(f"no answer in {self.patience} s")
        line = self.process.stdout.readline()
        if not line:
            status = self.process.wait()
            self.process = None
            raise Problem(f"its process ended with status {status}")
        answer = json.loads(line)
        if "problem" in answer:
            raise Problem(answer["problem"])
        return answer
