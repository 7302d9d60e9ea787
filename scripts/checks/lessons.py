"""The phase `lessons`: each trains on the GPU, and its claims hold."""

import json

from checks.phase import Phase, last_line

FULL = ("04", "24", "26", "25", "12")  # those whose time is shown, the quickest first
LIMIT_SMOKE, LIMIT_FULL = 60, 120  # seconds
NO_DATA = "expected the data set"


class Lessons(Phase):
    name = "lessons"
    share = 12
    what = f"all lessons' smoke form, several at a time, then {', '.join(FULL)} in full, alone, with times"
    why = "They show in a minute that the whole library trains there."

    def missing(self, run):
        return "" if run.place.lessons() else "weft-lessons is not in this build"

    def stages(self, run):
        names = run.place.lessons()
        workers = max(2, min(8, run.place.cores // 2))

        def job(form, name, limit, threads, *flags):
            folder = run.work / form / name
            command = [run.place.bin / "weft-lessons", "run", name, "--quiet", "--device", "gpu", "--out", folder,
                       *flags]
            return run.job(f"{name}, {form}", command, self._judge_of(folder), limit, threads=threads)

        full = [name for number in FULL for name in names if name.startswith(number)]
        return [(workers, [job("smoke", name, LIMIT_SMOKE, run.place.cores // workers, "--smoke") for name in names]),
                (1, [job("full", name, LIMIT_FULL, run.place.cores) for name in full])]

    @staticmethod
    def _judge_of(folder):
        """All claims must hold, those too that the program itself only reports."""
        def judge(status, output):
            try:
                result = json.loads((folder / "result.json").read_text())
            except (OSError, ValueError):
                if NO_DATA in output:
                    sentence = next(line for line in output.splitlines() if NO_DATA in line)
                    return {"status": "skipped", "note": sentence[sentence.index(NO_DATA):]}
                return {"status": "failed", "note": f"ended with status {status}: {last_line(output)}"}
            claims = result.get("claims", [])
            broken = [f"{claim['claim']}, found {claim['found']}" for claim in claims if not claim["holds"]]
            verdict = {"status": "passed", "found": [claim["found"] for claim in claims]}
            if broken:
                verdict.update(status="failed", note="; ".join(broken))
            elif status != 0 or not claims:
                verdict.update(status="failed", note=result.get("stopped") or f"ended with status {status}")
            return verdict
        return judge
