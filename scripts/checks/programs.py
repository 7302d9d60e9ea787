"""Runs programs side by side, each within its own limit of time and all within their phase's."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import time
from typing import Callable, Dict, List, Optional

GRACE = 2.0  # seconds between asking a program to end and ending it
PAUSE = 0.02


@dataclasses.dataclass
class Job:
    """A program to run. `judge` makes of its exit status and output what the record says of it: at least
    {"status": "passed", "failed" or "skipped"}."""

    name: str
    command: List[str]
    judge: Callable[[int, str], Dict]
    limit: float
    environment: Dict[str, str] = dataclasses.field(default_factory=dict)
    folder: Optional[pathlib.Path] = None  # to run in
    where: Callable[[str], str] = lambda output: ""  # what the program was at, for one that is ended
    at_limit: str = "timed out"  # the status of one that reached its own limit
    found: Callable[[str], str] = lambda output: ""  # what it had found until it was ended, if that means failure


class Stopped(Exception):
    """Somebody asked this script to end."""


class _Running:
    def __init__(self, job, log):
        self.job, self.log = job, log
        self.begin = time.monotonic()
        self.ended_for = ""  # why it was ended, empty where it ended by itself
        self.asked_at = None
        with open(log, "wb") as file:
            # A session of its own: what the program starts is ended with it.
            self.process = subprocess.Popen(
                job.command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                cwd=job.folder, env={**os.environ, **job.environment}, start_new_session=True)

    def seconds(self):
        return time.monotonic() - self.begin

    def send(self, number):
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def end(self, why):
        if self.asked_at is None:
            self.ended_for, self.asked_at = why, time.monotonic()
            self.send(signal.SIGTERM)
        elif time.monotonic() - self.asked_at > GRACE:
            self.send(signal.SIGKILL)

    def is_lost(self):
        """Not even SIGKILL ended it: it waits in the driver, and is left behind."""
        return self.asked_at is not None and time.monotonic() - self.asked_at > 3 * GRACE

    def verdict(self):
        output = self.log.read_text(errors="replace")
        seconds = round(self.seconds(), 1)
        if self.ended_for:
            at = self.job.where(output)
            result = {"status": "not reached" if self.ended_for == "phase" else self.job.at_limit,
                      "note": f"ended after {seconds:.0f} s" + (f" in {at}" if at else "")}
            found = self.job.found(output)
            if found:
                result = {"status": "failed", "note": f"{result['note']}: {found}"}
        else:
            result = self.job.judge(self.process.returncode, output)
        return {**result, "seconds": seconds}, output


def run(jobs, workers, until, folder, on_end, is_stopped):
    """Runs the jobs in their order, `workers` at a time, until the time.monotonic() of `until`, and calls
    on_end(job, verdict, output) for each that began. Raises Stopped, after everything was ended, once is_stopped()
    says so."""
    waiting, running = list(jobs), []
    while waiting or running:
        stopped = is_stopped()
        late = stopped or time.monotonic() >= until
        while waiting and not late and len(running) < workers:
            job = waiting.pop(0)
            try:
                running.append(_Running(job, folder / f"program_{len(waiting)}.log"))
            except OSError as error:
                on_end(job, {"status": "failed", "note": str(error), "seconds": 0}, "")
        for program in list(running):
            if program.process.poll() is None and not program.is_lost():
                if late:
                    program.end("phase")
                elif program.asked_at is not None or program.seconds() > program.job.limit:
                    program.end("limit")
                continue
            program.send(signal.SIGKILL)  # what it may have left behind
            running.remove(program)
            on_end(program.job, *program.verdict())
        if late:
            waiting = []
        if stopped and not running:
            raise Stopped
        time.sleep(PAUSE)
