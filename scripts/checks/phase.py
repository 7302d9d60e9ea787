"""What every phase is: jobs in stages, a share of the time, and a reason for its place in the order."""

import abc
import dataclasses
import pathlib
from typing import Dict, List, Tuple

from checks.place import Place
from checks.programs import Job
from checks.record import Record


@dataclasses.dataclass
class Run:
    """What the phases share."""

    place: Place
    record: Record
    out: pathlib.Path
    work: pathlib.Path  # a folder that goes away
    all_peers: bool
    test_limit: float  # seconds a test program may take

    def job(self, name, command, judge, limit, **more):
        """A job in the environment that every program gets; `threads` of OpenMP where it says so."""
        environment = {**self.place.environment, **more.pop("environment", {})}
        threads = more.pop("threads", None)
        if threads:
            environment["OMP_NUM_THREADS"] = str(max(1, threads))
        return Job(name, [str(word) for word in command], judge, limit, environment=environment, **more)


class Phase(abc.ABC):
    name = ""
    share = 0  # of 100
    what = ""  # for --plan
    why = ""  # it stands where it does in the order

    def missing(self, run: Run) -> str:
        """Why this phase cannot be run here; empty where it can."""
        del run
        return ""

    def left_out(self, run: Run) -> Dict[str, str]:
        """Programs that cannot be run here, and why."""
        del run
        return {}

    @abc.abstractmethod
    def stages(self, run: Run) -> List[Tuple[int, List[Job]]]:
        """(how many at a time, jobs), one stage after the other."""

    def finish(self, run: Run) -> None:
        """After the last job, also where not all were reached."""


def last_line(output):
    """What a program says last is why it ended."""
    lines = output.strip().splitlines()
    return lines[-1].strip()[:300] if lines else "it printed nothing"


def judge_status(status, output):
    """For a program whose exit status says it all: 2 and a sentence where it cannot run here."""
    if status == 0:
        return {"status": "passed"}
    if "error while loading shared libraries" in output or status == 2:
        return {"status": "skipped", "note": last_line(output)}
    return {"status": "failed", "note": f"ended with status {status}: {last_line(output)}"}
