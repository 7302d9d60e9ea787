"""What a GoogleTest program said."""

import re

COUNTS = re.compile(r"^\[  (PASSED|SKIPPED|FAILED) *\] (\d+) tests?\b", re.M)
FAILED = re.compile(r"^\[  FAILED  \] (\S+?),? ?(?:where .*)?\((?:\d+) ms\)$", re.M)
RUN = re.compile(r"^\[ RUN      \] (\S+)$", re.M)
OVER = re.compile(r"^\[(?:       OK|  FAILED |  SKIPPED) \] (\S+?),? .*\(\d+ ms\)$", re.M)


def running_test(output):
    """The test that had begun and not ended."""
    begun, over = RUN.findall(output), set(OVER.findall(output))
    return begun[-1] if begun and begun[-1] not in over else ""


def judge(status, output):
    """The verdict on a program's exit status and output, with its counts."""
    counts = {"PASSED": 0, "SKIPPED": 0, "FAILED": 0}
    for word, number in COUNTS.findall(output):
        counts[word] = int(number)
    failed = sorted(set(FAILED.findall(output)))
    verdict = {"status": "passed", "tests_passed": counts["PASSED"], "tests_skipped": counts["SKIPPED"],
               "tests_failed": max(counts["FAILED"], len(failed))}
    if status != 0 or failed:
        at = running_test(output)
        crash = f"ended with status {status}" + (f" in {at}" if at else "")
        verdict.update(status="failed", note=", ".join(failed) or crash)
    elif counts["PASSED"] == 0 and counts["SKIPPED"] == 0:
        verdict.update(status="failed", note="ran no test")
    elif counts["PASSED"] == 0:
        verdict.update(status="skipped", note="every test was skipped")
    return verdict
