"""The phase `sanitizer`: NVIDIA's compute-sanitizer over the tests."""

import re
import subprocess

from checks import google_test
from checks.phase import Phase, last_line

LIMIT = 120  # seconds a program may take; one that is slower is not finished, not wrong
# Programs that launch no kernel, or start other programs, or repeat what others test.
NOT_HERE = re.compile(r"^(architecture|scripts|gpu_check|predict|lesson.*|figures.*|picture.*|safetensors|write_file|"
                      r"philox|half|idx|row_plan|long_rows|compare|autograd|gradient_check|determinism|.*_cpu)_test$")
# Tests with hundreds of shapes or repeats: under racecheck they take minutes.
LARGE = ("*Seeded*:*Random*:*EveryNumber*:*SameBits*:*SameUnder*:*Schedule*:*Definition*:*EdgeSizes*:*EdgeShapes*:"
         "*LongRows*:*Thousand*:*AnyNumber*")
LAUNCHES = 200  # of those that are checked
SUMMARY = re.compile(r"SUMMARY: (\d+) (error|hazard)s?")
PROBLEM = re.compile(r"^=+ ((?:Invalid|(?:Error|Warning): Race|Uninitialized|Barrier error|Program hit).*)$", re.M)
NO_CALL = "before first instrumented API call"


def complaint(output):
    lines = [line for line in output.splitlines() if line.startswith("=========") and line.strip("= ")]
    return lines[-1].strip("= ") if lines else last_line(output)


def first_problem(output):
    problem = PROBLEM.search(output)
    return problem.group(1) if problem else ""


def judge(status, output):
    if NO_CALL in output:
        return {"status": "skipped", "note": "makes no CUDA call"}
    summary = SUMMARY.search(output)
    if not summary:
        return {"status": "failed", "note": f"ended with status {status}: {complaint(output)}"}
    found = f"{summary.group(1)} {summary.group(2)}s"
    if int(summary.group(1)) > 0:
        return {"status": "failed", "note": f"{found}: {first_problem(output)}"}
    if status != 0:
        return {"status": "failed", "note": f"{found}, but its tests ended with status {status}"}
    return {"status": "passed", "note": found}


class Sanitizer(Phase):
    name = "sanitizer"
    share = 17
    what = (f"compute-sanitizer: memcheck over all tests; racecheck, synccheck and initcheck over those of few shapes; "
            f"racecheck over the first {LAUNCHES} launches of the others")
    why = "It takes all the time there is, so it gets what the others leave."

    def missing(self, run):
        tool = run.place.sanitizer()
        if tool is None:
            return "there is no compute-sanitizer in PATH, the toolkit or a Python environment's nvidia/* folders"
        # Some drivers, and some machines' settings, do not let it in.
        probe = [tool, "--tool", "memcheck", str(run.place.bin / "weft-lessons"), "doctor"]
        try:
            ended = subprocess.run(probe, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True, errors="replace", timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"compute-sanitizer does not run here: {error}"
        if SUMMARY.search(ended.stdout) or NO_CALL in ended.stdout:
            return ""
        return f"compute-sanitizer refuses the device: {complaint(ended.stdout)}"

    def stages(self, run):
        programs = [path for path in run.place.programs("*_test") if not NOT_HERE.match(path.name)]

        def jobs(tool, what, *arguments, options=()):
            command = [run.place.sanitizer() or "compute-sanitizer", "--tool", tool, "--print-limit", "10", *options]
            return [run.job(f"{tool}{what}: {path.name}", [*command, path, *arguments], judge, LIMIT, threads=1,
                            where=google_test.running_test, at_limit="not reached", found=first_problem)
                    for path in programs]

        few = f"--gtest_filter=-{LARGE}"
        return [(max(2, run.place.cores), [
            *jobs("memcheck", ""),
            *jobs("racecheck", "", few), *jobs("synccheck", "", few), *jobs("initcheck", "", few),
            *jobs("racecheck", f", {LAUNCHES} launches", f"--gtest_filter={LARGE}",
                  options=("--launch-count", str(LAUNCHES))),
        ])]
