"""The phases whose programs are GoogleTest's: `tests`, `fragments` and `determinism`."""

import hashlib
import re

from checks import google_test
from checks.phase import Phase

# Not for this phase: they test the sources and scripts, or are a phase of their own.
NOT_HERE = ("architecture_test", "scripts_test", "gpu_check_test", "fragment_layout_test", "determinism_test")
# What took longest on an H200 goes first, so that the last to end is a short one.
LONGEST = ("batch_norm_kernel_test", "gemm_test", "pairwise_test", "activation_test", "loss_test", "avg_pool_test",
           "adaptive_optimizer_test", "log_softmax_test", "lessons_test", "max_pool_test", "softmax_backward_test",
           "convolution_kernel_test", "maxima_test")
NEED_DATA = ("idx_test", "lesson_devices_test", "lesson_overview_test", "lesson_pictures_test", "lesson_smoke_test",
             "lesson_stop_test", "lessons_test", "predict_test")
SHARDS = {"lesson_smoke_test": 13}  # it trains each of 26 lessons on both devices


def order(name):
    first = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return (0 if name in SHARDS else 1, first, name)


def judge_fragments(status, output):
    """Google Test's verdict, with the lines that the program says its result in."""
    verdict = google_test.judge(status, output)
    verdict["text"] = "\n".join(line for line in output.splitlines() if not line.startswith("["))[-2000:].strip()
    return verdict


class Tests(Phase):
    name = "tests"
    share = 26
    what = "every test program on the GPU, several at a time, --limit seconds for each at most"
    why = "Whether the kernels are right there is the first question; all other figures hang on it."

    def missing(self, run):
        return "" if run.place.programs("*_test") else "there are no test programs in this build"

    def left_out(self, run):
        if (run.place.data / "mnist").is_dir():
            return {}
        return {name: f"there is no {run.place.data / 'mnist'}: --data names a folder that has it" for name in NEED_DATA
                if run.place.program(name)}

    def stages(self, run):
        left_out = self.left_out(run)
        cores = run.place.cores
        workers = max(2, min(12, cores * 3 // 4))
        jobs = []
        for name in sorted((path.name for path in run.place.programs("*_test")), key=order):
            if name in NOT_HERE or name in left_out:
                continue
            shards = SHARDS.get(name, 1)
            for shard in range(shards):
                jobs.append(run.job(
                    name if shards == 1 else f"{name}, part {shard + 1} of {shards}", [run.place.bin / name],
                    google_test.judge, run.test_limit, threads=cores // workers, where=google_test.running_test,
                    environment={"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)}
                    if shards > 1 else {}))
        return [(workers, jobs)]


class Fragments(Phase):
    name = "fragments"
    share = 2
    what = "dumps the layouts of ldmatrix and mma and compares them with the executor's (fragments.txt)"
    why = "It takes a second, and the executor's tests of tensor cores stand on it."

    def missing(self, run):
        return "" if run.place.program("fragment_layout_test") else "fragment_layout_test is not in this build"

    def stages(self, run):
        return [(1, [run.job("fragment_layout_test", [run.place.bin / "fragment_layout_test"], judge_fragments, run.test_limit,
                             where=google_test.running_test,
                             environment={"WEFT_FRAGMENT_DUMP": str(run.out / "fragments.txt")})])]


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
            f"the same bits in {len(compared)} of {len(compared)} digests"}, "")
