"""The phases `tests` and `fragments`, whose programs are GoogleTest's."""

from checks import google_test
from checks.phase import Phase

# Not for this phase: they test the sources and scripts, or are a phase of their own.
NOT_HERE = ("architecture_test", "scripts_test", "bench_test", "training_step_bench_test", "gpu_check_test",
            "fragment_layout_test", "determinism_test")
# What took longest on an H200 goes first, then what is in parts, so that the last to end is a short one.
LONGEST = ("batch_norm_kernel_test", "gemm_test", "pairwise_test", "activation_test", "loss_test", "avg_pool_test",
           "adaptive_optimizer_test", "log_softmax_test", "lessons_test", "max_pool_test", "softmax_backward_test",
           "convolution_kernel_test", "maxima_test")
NEED_DATA = ("idx_test", "lesson_devices_test", "lesson_overview_test", "lesson_pictures_test", "lesson_smoke_test",
             "lesson_stop_test", "lessons_test", "predict_test")
SHARDS = {"lesson_smoke_test": 12}  # it trains each of 26 lessons on both devices


def order(name):
    first = LONGEST.index(name) if name in LONGEST else len(LONGEST)
    return (first, name not in SHARDS, name)


def judge_fragments(status, output):
    """Google Test's verdict, with the lines that the program says its result in."""
    verdict = google_test.judge(status, output)
    lines = [line for line in output.splitlines() if not line.startswith(("[", "Running main"))]
    verdict["text"] = "\n".join(lines)[-2000:].strip()
    return verdict


class Tests(Phase):
    name = "tests"
    share = 26
    what = "every test program on the GPU, several at a time, --limit seconds for each at most"
    why = "Whether the kernels are right there is the first question; all other figures hang on it."

    def missing(self, run):
        return "" if run.place.programs("*_test") else "there are no test programs in this build"

    def left_out(self, run):
        missing = [str(run.place.data / name) for name in ("mnist", "anime") if not (run.place.data / name).is_dir()]
        why = f"there is no {' and no '.join(missing)}: --data names a folder that has them"
        return {name: why for name in NEED_DATA if missing and run.place.program(name)}

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
        return [(1, [run.job("fragment_layout_test", [run.place.bin / "fragment_layout_test"], judge_fragments,
                             run.test_limit, where=google_test.running_test,
                             environment={"WEFT_FRAGMENT_DUMP": str(run.out / "fragments.txt")})])]
