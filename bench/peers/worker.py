#!/usr/bin/env python3
"""A process that trains with one library, asked by bench/peers/run: a line of JSON in, a line out.

usage: worker.py torch|jax cpu|gpu|auto THREADS
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable

from lessons import CHECKED_STEPS, LESSONS

SECONDS_OF_ROUND = 0.1  # as in bench/training_step/training.cpp


def seconds_of(run: Callable[[int], None], steps: int) -> float:
    begin = time.perf_counter()
    run(steps)
    return time.perf_counter() - begin


def steps_of_round(run: Callable[[int], None], steps_of_call: int) -> int:
    """How many steps fill a round; running them to find out warms up."""
    run(steps_of_call)
    steps = steps_of_call
    while (seconds := seconds_of(run, steps)) < SECONDS_OF_ROUND / 2:
        steps *= 2
    return max(1, round(steps * SECONDS_OF_ROUND / seconds / steps_of_call)) * steps_of_call


class Worker:
    """The trainings of one lesson, kept for all their rounds."""

    def __init__(self, peer, device: str) -> None:
        self.peer, self.device = peer, device
        self.lesson, self.trainings = "", {}

    def contenders(self, lesson: str, slow: bool) -> list[str]:
        return self.peer.contenders(LESSONS[lesson], self.device, slow)

    def losses(self, lesson: str, contender: str) -> list[float]:
        return self._training(lesson, contender).losses(CHECKED_STEPS)

    def round(self, lesson: str, contender: str) -> list[float]:
        """Microseconds of a step: with the gather, and on a batch that lies ready."""
        training = self._training(lesson, contender)
        runs = (training.run_gathered, training.run_ready)
        if not training.rounds:
            training.rounds = [steps_of_round(run, training.steps_of_call) for run in runs]
        return [1e6 * seconds_of(run, steps) / steps for run, steps in zip(runs, training.rounds)]

    def _training(self, lesson: str, contender: str):
        if lesson != self.lesson:
            self.lesson, self.trainings = lesson, {}
        if contender not in self.trainings:
            training = self.trainings[contender] = self.peer.make(LESSONS[lesson], contender, self.device)
            training.rounds = None
        return self.trainings[contender]


def main() -> None:
    library, device, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    # Libraries print what they like to standard output: it is not theirs here.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value) -> None:
        print(json.dumps(value), file=answers, flush=True)

    try:
        peer = importlib.import_module(f"{library}_peer")
        if device == "auto":
            device = "gpu" if peer.has_gpu() else "cpu"
        if device == "gpu" and not peer.has_gpu():
            raise RuntimeError(f"this {peer.NAME} has no GPU")
        peer.set_up(device, threads)
        device_name = peer.device_name() if device == "gpu" else ""
    except Exception as error:  # noqa: BLE001: whatever a library throws is the reader's to know
        answer({"problem": describe(error)})
        return
    answer({"name": peer.NAME, "device": device, "device_name": device_name})
    worker = Worker(peer, device)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer({"value": getattr(worker, name)(*arguments)})
        except Exception as error:  # noqa: BLE001: a failing contender stops no other
            answer({"problem": describe(error)})


def describe(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else 'without a message'}"


if __name__ == "__main__":
    main()
