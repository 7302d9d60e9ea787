"""The phase `determinism`: the same input gives the same bits."""

import hashlib
import re

from checks import google_test
from checks.phase import Phase

REPEATS = 100
DIGEST = re.compile(r"^digest: (\S+) ([0-9a-f]+) of \d+ runs$", re.M)
TRAINED = 3  # times that a lesson is trained in a process of its own


def judge_digests(status, output):
    return {**google_test.judge(status, output), "digests": dict(DIGEST.findall(output))}


class Determinism(Phase):
    name = "determinism"
    share = 5
    what = (f"ops, their gradients and training steps {REPEATS} times in one process, then in two more; "
            f"lesson 23 trained {TRAINED} times: the same bits")
    why = "The tests of single kernels have repeated themselves over 100 times already, in `tests`."

    def missing(self, run):
        return "" if run.place.program("determinism_test") else "determinism_test is not in this build"

    def stages(self, run):
        def repeats(name, count):
            return run.job(name, [run.place.bin / "determinism_test"], judge_digests, run.test_limit,
                           where=google_test.running_test, environment={"WEFT_REPEATS": str(count)})

        def training(number):
            folder = run.work / f"repeated_{number}"

            def judge(status, output):
                model = folder / "model.safetensors"
                if status not in (0, 1) or not model.exists():  # whether the claim holds is for the lessons
                    return {"status": "failed", "note": f"ended with status {status} and no model"}
                return {"status": "passed", "digests": {"lesson 23": hashlib.sha256(model.read_bytes()).hexdigest()}}

            command = [run.place.bin / "weft-lessons", "run", "23", "--smoke", "--quiet", "--device", "gpu", "--out",
                       folder]
            return run.job(f"lesson 23, training {number}", command, judge, run.test_limit)

        stages = [(1, [repeats(f"{REPEATS} runs", REPEATS)]),
                  (2, [repeats("a second process", 1), repeats("a third process", 1)])]
        if run.place.program("weft-lessons"):
            stages.append((TRAINED, [training(number + 1) for number in range(TRAINED)]))
        return stages

    def finish(self, run):
        items = run.record.phase(self.name)["items"]
        found = {}
        for verdict in items.values():
            for name, digest in verdict.get("digests", {}).items():
                found.setdefault(name, []).append(digest)
        compared = {name: digests for name, digests in found.items() if len(digests) > 1}
        if not compared:
            return
        differ = [name for name, digests in compared.items() if len(set(digests)) > 1]
        run.record.add(self.name, "processes compared", {
            "status": "failed" if differ else "passed", "seconds": 0,
            "note": f"different bits: {', '.join(differ)}" if differ else
            f"the same bits in all {len(compared)} digests of {max(map(len, compared.values()))} processes"}, "")
