"""The phase `device`: which GPU this is, and whether this build can use it."""

import re

from checks.phase import Phase

NO_GPU = re.compile(r"^gpu +none: (.*)$", re.M)


def judge_doctor(status, output):
    """The doctor also misses data sets; here only the GPU counts."""
    none = NO_GPU.search(output)
    if none:
        return {"status": "failed", "note": f"this build cannot use the GPU: {none.group(1)}"}
    if not re.search(r"^gpu +\S", output, re.M):
        return {"status": "failed", "note": f"weft-lessons doctor ended with status {status}"}
    return {"status": "passed", "text": output.strip()}


def judge_report(status, output):
    del output
    return {"status": "passed"} if status == 0 else {"status": "failed", "note": f"ended with status {status}"}


class Device(Phase):
    name = "device"
    share = 2
    what = "nvidia-smi with clocks and power limits; weft-lessons doctor"
    why = "It says what all the rest is about; where this build cannot use the GPU, nothing else is run. Always done."

    def missing(self, run):
        return "" if run.place.program("weft-lessons") else "weft-lessons is not in this build"

    def stages(self, run):
        return [(2, [
            run.job("doctor", [run.place.bin / "weft-lessons", "doctor"], judge_doctor, 60),
            run.job("nvidia-smi", ["nvidia-smi"], judge_report, 30),
            run.job("clocks and power", ["nvidia-smi", "-q", "-d", "CLOCK,POWER"], judge_report, 30),
        ])]

    @staticmethod
    def problem(record):
        """Why nothing else can be run; empty where all is well."""
        doctor = record.data["phases"].get(Device.name, {}).get("items", {}).get("doctor", {})
        return doctor["note"] if doctor.get("status") == "failed" else ""
