"""Runs the phases in their order, each within its share of the time."""

import time

from checks import programs, report
from checks.determinism import Determinism
from checks.device import Device
from checks.lessons import Lessons
from checks.measure import Benchmarks, Peers
from checks.sanitizer import Sanitizer
from checks.tests import Fragments, Tests

# The most telling for its time first; what is slow without end comes last.
PHASES = (Device(), Tests(), Fragments(), Lessons(), Benchmarks(), Peers(), Determinism(), Sanitizer())
NAMES = tuple(phase.name for phase in PHASES)


def shares(phases, seconds):
    """Seconds for each phase where every one takes all that it may."""
    whole = sum(phase.share for phase in phases)
    return {phase.name: seconds * phase.share / whole for phase in phases}


def plan(phases, minutes):
    lines = [f"Within {minutes:g} minutes, the build not counted. What a phase leaves of its share goes to the later "
             "ones.", ""]
    for number, phase in enumerate(phases, 1):
        share = shares(phases, minutes)[phase.name]
        lines += [f"{number}. {phase.name}, {share:.1f} min: {phase.what}", f"   {phase.why}"]
    return "\n".join(lines)


class Engine:
    def __init__(self, run, phases, minutes):
        self.run, self.phases, self.seconds = run, phases, minutes * 60
        self.begin = time.monotonic()
        self.stop_signal = 0

    def stop(self, number, frame):
        """Handles SIGINT, SIGTERM and SIGHUP."""
        del frame
        self.stop_signal = number

    def all(self):
        """Runs what has not ended; the exit status."""
        waiting = [phase for phase in self.phases if not self.run.record.has_ended(phase.name)]
        try:
            while waiting:
                phase = waiting[0]
                left = self.begin + self.seconds - time.monotonic()
                self._one(phase, max(0.0, shares(waiting, left)[phase.name]))
                waiting.pop(0)
                report.write(self.run, self.known(), self)
                if phase.name == Device.name and Device.problem(self.run.record):
                    return 2
        except programs.Stopped:
            pass
        finally:
            for phase in waiting:
                self._named(phase)
            self.run.record.save()
            report.write(self.run, self.known(), self)
        return self.status()

    def seconds_used(self):
        return time.monotonic() - self.begin

    def known(self):
        """The phases that were asked for, now or before a resume."""
        return [phase for phase in PHASES if phase in self.phases or phase.name in self.run.record.data["phases"]]

    def status(self):
        good = ("passed", "skipped")
        return 0 if all(self.run.record.phase(phase.name)["status"] in good for phase in self.known()) else 1

    def _one(self, phase, limit):
        record = self.run.record.phase(phase.name)
        begin = time.monotonic()
        reason = phase.missing(self.run) if limit > 0 else ""
        if reason:
            record.update(status="skipped", reason=reason)
            self._say(phase.name, f"skipped: {reason}")
            return
        record.pop("reason", None)
        try:
            stages = self._named(phase)
            for name, why in phase.left_out(self.run).items():
                record["items"][name] = {"status": "skipped", "note": why, "seconds": 0}
            for workers, jobs in stages:
                jobs = [job for job in jobs if not self.run.record.item_has_ended(phase.name, job.name)]
                programs.run(jobs, workers, begin + limit, self.run.work,
                             lambda job, verdict, output: self._ended(phase.name, job, verdict, output),
                             lambda: self.stop_signal)
        finally:
            phase.finish(self.run)
            seconds = record["seconds"] + time.monotonic() - begin
            record.update(status=status_of(record["items"]), seconds=round(seconds, 1), share_seconds=round(limit, 1))
            self.run.record.save()
            self._say(phase.name, f"{record['status']}, {record['seconds']} s of {limit:.0f} s")

    def _ended(self, phase, job, verdict, output):
        self.run.record.add(phase, job.name, verdict, output)
        if verdict["status"] in ("failed", "timed out"):
            self._say(f"{phase}/{job.name}", f"{verdict['status']}: {verdict.get('note', '')}")

    def _named(self, phase):
        """Its stages, every program being named in the record from now on, whether it is reached or not."""
        stages = phase.stages(self.run)
        items = self.run.record.phase(phase.name)["items"]
        for _, jobs in stages:
            for job in jobs:
                items.setdefault(job.name, {"status": "not reached", "seconds": 0})
        return stages

    @staticmethod
    def _say(what, text):
        print(f"{time.strftime('%H:%M:%S')} {what}: {text}", flush=True)


def status_of(items):
    """Of a phase, by what came of its programs."""
    found = {verdict["status"] for verdict in items.values()}
    if "not reached" in found:
        return "incomplete"
    if found & {"failed", "timed out"}:
        return "failed"
    return "passed" if "passed" in found else "skipped"
