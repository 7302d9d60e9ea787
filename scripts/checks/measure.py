"""The phases that measure: `benchmarks` and `peers`."""

import importlib
import shutil
import subprocess
import sys

from checks.phase import Phase, judge_status

LIMIT = 300  # seconds a program may take
# The rows that say most first: with little time the last ones are not reached. The shares need the ceilings.
ORDER = ("ceilings_bench", "gemm_bench", "convolution_bench", "convolution_pool_bench", "training_step_bench",
         "softmax_bench", "batch_norm_bench", "pooling_bench", "flat_bench", "reduction_bench", "optimizer_bench")
# What is ended leaves no rows: a program whose vendor searches for seconds in each problem runs in parts.
PARTS = {"convolution_bench": ("convolution_forward", "convolution_backward_data", "convolution_backward_weight")}


class Benchmarks(Phase):
    name = "benchmarks"
    share = 24
    what = "ours and the vendor's libraries in turn, a family at a time (results.json, roofline.png, ratios.png)"
    why = "Speed is what the project is for; once the results are right, it is the next question."

    def missing(self, run):
        if not run.place.program("ceilings_bench"):
            return "the benchmarks are not in this build: it found no cuBLASLt, cuDNN or Google Benchmark"
        return ""

    def stages(self, run):
        (run.work / "bench").mkdir(exist_ok=True)

        def job(path, part):
            name = f"{path.name}, {part}" if part else path.name
            only = [f"--benchmark_filter=^{part}/"] if part else []
            return run.job(name, [path, f"--benchmark_out={self._rows_of(run, name)}", *only], judge_status, LIMIT)

        programs = sorted(run.place.programs("*_bench"), key=lambda path: (
            ORDER.index(path.name) if path.name in ORDER else len(ORDER), path.name))
        return [(1, [job(path, part) for path in programs for part in PARTS.get(path.name, ("",))])]

    @staticmethod
    def _rows_of(run, job):
        return run.work / "bench" / f"{job}.json"

    def finish(self, run):
        items = run.record.phase(self.name)["items"]
        files = [file for name, verdict in items.items()
                 if verdict["status"] == "passed" and (file := self._rows_of(run, name)).exists()]
        if not files:
            return
        sys.path.insert(0, str(run.place.bench))
        results = importlib.import_module("results")
        kept, file = [], run.out / "results.json"
        rows, context = results.rows_of_programs([str(file) for file in files])
        if file.exists():  # of families that ended before a resume
            earlier, known = results.load(str(file))
            fresh = {row["family"] for row in rows}
            kept, context = [row for row in earlier if row["family"] not in fresh], {**known, **context}
        results.save(str(file), kept + rows, context)
        wrong = [f"{row['family']}/{row['kind']}/{row['shape']}/{row['contender']}" for row in kept + rows
                 if row["contender"].startswith("ours") and "wrong" in row.get("problem", "")]
        run.record.add(self.name, "results compared", {
            "status": "failed" if wrong else "passed", "seconds": 0,
            "note": f"wrong results: {', '.join(wrong)}" if wrong else f"{len(kept + rows)} rows, none of ours wrong",
            "text": self._shares(results, kept + rows)}, self._table(run, file))
        self._plot(run, file)

    @staticmethod
    def _shares(results, rows):
        """A line for each family: the vendor's time over ours, above 1 where ours is faster."""
        lines = [f"{family}: ours faster in {faster} of {count}, geometric mean {mean:.2f}, {low:.2f} to {high:.2f}"
                 for family, count, faster, mean, low, high in results.summary(rows)]
        return "\n".join(["The vendor's time over ours, float32 (bench/table results.json prints every row):", *lines])

    @staticmethod
    def _table(run, file):
        return subprocess.run([sys.executable, run.place.bench / "table", file], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False).stdout

    @staticmethod
    def _plot(run, file):
        """The pictures, where there is a gnuplot; without one results.json can be drawn elsewhere."""
        folder = run.work / "plot"
        if shutil.which("gnuplot"):
            subprocess.run([sys.executable, run.place.bench / "plot", file, folder], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            for picture in folder.glob("*.png"):
                shutil.copy(picture, run.out)


class Peers(Phase):
    name = "peers"
    share = 12
    what = "training steps of lessons 04, 08, 12, 24, 26 beside PyTorch's and JAX's (peers.json)"
    why = "They compare as the benchmarks do, but need PyTorch or JAX; the slow autotuning only with --peers full."

    def missing(self, run):
        return "" if (run.place.bench / "peers/run").exists() else "bench/peers/run is not there"

    def stages(self, run):
        slow = ["--slow"] if run.all_peers else []
        # By its own time the slow form ends when its phase does.
        return [(1, [run.job("bench/peers/run", [run.place.bench / "peers/run", "--device", "gpu", "--out",
                                                 run.work / "peers.json", *slow], self._judge,
                             3600 if run.all_peers else LIMIT)])]

    @staticmethod
    def _judge(status, output):
        verdict = judge_status(status, output)
        return {**verdict, "text": output.strip()[-6000:]} if verdict["status"] == "passed" else verdict

    def finish(self, run):
        file = run.work / "peers.json"
        if file.exists():
            shutil.copy(file, run.out)
