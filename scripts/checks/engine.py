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
LEAST = 2  # seconds for which a phase is worth beginning
DEVICE_LIMIT = 60  # seconds
NAMES = tuple(phase.name for phase in PHASES)


def shares(phases, seconds):
    """Seconds for each phase where every one takes all that it may."""
    whole = sum(phase.share for phase in phases)
    return {phase.name: seconds * phase.share / whole for phase in phases}


def plan(phases, minutes):
    lines = [f"Within {minutes:g} minutes, the build not counted. What a phase leaves of its share goes to the later "
             "ones, and in the end to those that were cut short.", ""]
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
        try:
            self._look_at_the_device()
            if Device.problem(self.run.record):
                return 2
            # A phase that cannot be run here has no share.
            self._pass([phase for phase in self._waiting() if self._can_run(phase)])
            # What the last ones left goes to those that were cut short.
            while self._left() > LEAST and (cut := self._cut_short()):
                self._pass(cut)
        except programs.Stopped:
            pass
        finally:
            for phase in self._waiting():
                if self._status_of(phase) != "skipped":
                    self._named(phase)
            self.run.record.save()
            report.write(self.run, self.known(), self)
        return self.status()

    def _look_at_the_device(self):
        """First of all, asked for or not: without a GPU that this build can use every test of one is skipped, and
        what is left passes."""
        device = PHASES[0]
        if not self.run.record.has_ended(device.name) and self._can_run(device):
            self._one(device, min(DEVICE_LIMIT, self._left()))

    def _pass(self, phases):
        for number, phase in enumerate(phases):
            self._one(phase, shares(phases[number:], self._left())[phase.name])
            report.write(self.run, self.known(), self)

    def _left(self):
        return max(0.0, self.begin + self.seconds - time.monotonic())

    def _waiting(self):
        return [phase for phase in self.phases if not self.run.record.has_ended(phase.name)]

    def _status_of(self, phase):
        return self.run.record.phase(phase.name)["status"]

    def _cut_short(self):
        return [phase for phase in self._waiting() if self._status_of(phase) == "incomplete"
                and any(self._not_ended(phase, jobs) for _, jobs in phase.stages(self.run))]

    def _not_ended(self, phase, jobs):
        """Those that are still to be run; last the ones that reached their own limit before."""
        items = self.run.record.phase(phase.name)["items"]
        return sorted((job for job in jobs if not self.run.record.item_has_ended(phase.name, job.name)),
                      key=lambda job: items[job.name]["seconds"] >= job.limit)

    def _can_run(self, phase):
        record = self.run.record.phase(phase.name)
        reason = phase.missing(self.run)
        record.pop("reason", None)
        if reason:
            record.update(status="skipped", reason=reason)
            self._say(phase.name, f"skipped: {reason}")
        return not reason

    def seconds_used(self):
        return time.monotonic() - self.begin

    def known(self):
        """The phases that were asked for, now or before a resume."""
        return [phase for phase in PHASES if phase in self.phases or phase.name in self.run.record.data["phases"]]

    def status(self):
        return 0 if all(self._status_of(phase) in ("passed", "skipped") for phase in self.known()) else 1

    def _one(self, phase, limit):
        record = self.run.record.phase(phase.name)
        begin = time.monotonic()
        try:
            stages = self._named(phase)
            for name, why in phase.left_out(self.run).items():
                record["items"][name] = {"status": "skipped", "note": why, "seconds": 0}
            for workers, jobs in stages:
                programs.run(self._not_ended(phase, jobs), workers, begin + limit, self.run.work,
                             lambda job, verdict, output: self._ended(phase.name, job, verdict, output),
                             lambda: self.stop_signal)
        finally:
            phase.finish(self.run)
            seconds, share = record["seconds"] + time.monotonic() - begin, record.get("share_seconds", 0) + limit
            record.update(status=status_of(record["items"]), seconds=round(seconds, 1), share_seconds=round(share, 1))
            self.run.record.save()
            self._say(phase.name, f"{record['status']}, {record['seconds']} s of {share:.0f} s")

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
        try:
            print(f"{time.strftime('%H:%M:%S')} {what}: {text}", flush=True)
        except OSError:  # whoever read this is gone; the report is still wanted
            pass


def status_of(items):
    """Of a phase, by what came of its programs."""
    found = {verdict["status"] for verdict in items.values()}
    if "not reached" in found:
        return "incomplete"
    if found & {"failed", "timed out"}:
        return "failed"
    return "passed" if "passed" in found else "skipped"
