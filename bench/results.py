"""What the benchmark programs measured, as rows: read from Google Benchmark's JSON, one row for each contender
of a problem, with the rounds it was timed in. bench/run, bench/table, bench/compare and bench/plot share it."""

import json
import statistics
import sys


def rows_of_programs(paths):
    """One list of rows, and the context, of what several programs wrote."""
    rows, context = {}, {}
    for path in paths:
        document = json.loads(open(path).read())
        context |= {key: document["context"][key] for key in ("date", "gpu", "driver", "vendor")
                    if key in document["context"]}
        for run in document["benchmarks"]:
            family, kind, shape, contender = run["name"].split("/")[:4]
            row = rows.setdefault((family, kind, shape, contender),
                                  {"family": family, "kind": kind, "shape": shape, "contender": contender,
                                   "rounds_us": []})
            if run.get("error_occurred"):
                row["problem"] = run["error_message"]
            else:
                row["rounds_us"].append(round(run["real_time"], 4))
                row |= {key: run[key] for key in ("flops", "bytes", "error")}
    return list(rows.values()), context


def save(path, rows, context):
    """A results file: a row a line, so that two of them can be compared by eye too."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    with open(path, "w") as file:
        file.write('{"context": ' + json.dumps(context) + ',\n"rows": [\n' + lines + "\n]}\n")


def load(path):
    """A results file of bench/run."""
    try:
        document = json.loads(open(path).read())
        return document["rows"], document["context"]
    except (OSError, ValueError, KeyError) as error:
        print(f"bench: expected a results file of bench/run, found {path}: {error}", file=sys.stderr)
        sys.exit(2)


def microseconds(row):
    return statistics.median(row["rounds_us"]) if row["rounds_us"] else None


def noise(row):
    """Half of what lies between the fastest and the slowest round, as a share of the median."""
    return (max(row["rounds_us"]) - min(row["rounds_us"])) / 2 / microseconds(row)


def rate(row):
    """(number, unit): TFLOP/s where operations bound the problem, else GB/s."""
    time = microseconds(row)
    return (row["flops"] / time / 1e6, "TFLOP/s") if row["flops"] else (row["bytes"] / time / 1e3, "GB/s")


class Ceilings:
    """What the device could do in the same run: the copy and the product that bound a row."""

    def __init__(self, rows):
        self.of = {(row["kind"], row["contender"]): row for row in rows if row["family"] == "ceilings"}
        # A copy by the vendor's call and the fastest of the kernels that walk once over large arrays.
        walks = [rate(row)[0] for row in rows
                 if row["family"] in ("add", "relu", "ceilings") and not row.get("flops") and row["rounds_us"]
                 and row.get("bytes", 0) > 5e8]
        self.gb_per_s = max(walks, default=None)
        node = self.of.get(("latency", "graph_node"))
        self.node_us = microseconds(node) if node else None

    def share(self, row):
        """The least time that a row's problem can take, over the time it took; None where it is not known."""
        if self.gb_per_s is None or self.node_us is None:
            return None
        least = max(row["bytes"] / self.gb_per_s / 1e3, self.node_us)
        kind = row["contender"].rsplit("_", 1)[-1]
        product = self.of.get((kind if kind in ("tf32", "bf16") else "fp32",
                               f"cublas_{kind if kind in ('tf32', 'bf16') else 'fp32'}"))
        if row["flops"] and product and product["rounds_us"]:
            least = max(least, row["flops"] / rate(product)[0] / 1e6)
        return least / microseconds(row)


def problems(rows):
    """Rows by problem, in their order: {(family, kind, shape): [row, ...]}."""
    found = {}
    for row in rows:
        found.setdefault((row["family"], row["kind"], row["shape"]), []).append(row)
    return found


def vendor_of(group):
    """The vendor's fastest row in our arithmetic: float32, on our layout; None where it has none."""
    names = ("cublas_fp32", "cudnn_fp32", "cudnn", "cudnn_nhwc")
    known = [row for row in group if row["contender"] in names and row["rounds_us"]]
    return min(known, key=microseconds, default=None)


def ours_of(group):
    known = [row for row in group if row["contender"].startswith("ours") and row["rounds_us"]]
    return min(known, key=microseconds, default=None)
