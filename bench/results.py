"""What the benchmark programs measured, as rows: read from Google Benchmark's JSON, one row for each contender
of a problem, with the rounds it was timed in. bench/run, bench/table, bench/compare and bench/plot share it."""

import json
import os
import statistics
import sys

NAMES = ("family", "kind", "shape", "contender")
# Families as they are shown; others follow in the order of the file.
ORDER = ("gemm", "convolution_forward", "convolution_backward_data", "convolution_backward_weight", "convolution_relu_max_pool",
         "convolution_pooled_backward_weight", "max_pool", "max_pool_backward", "avg_pool", "avg_pool_backward",
         "global_avg_pool", "batch_norm",
         "batch_norm_backward", "softmax", "softmax_backward", "add", "relu", "relu_backward", "sigmoid",
         "dropout")


def refuse(expected, path, found):
    print(f"bench: expected {expected}, found {path}: {found}", file=sys.stderr)
    sys.exit(2)


def rows_of_programs(paths):
    """One list of rows, and the context, of what several programs wrote; ends the program with status 2 where one is
    no such file."""
    rows, context = {}, {}
    for path in paths:
        try:
            document = json.loads(open(path).read())
            context |= {key: document["context"][key] for key in ("date", "gpu", "driver", "vendor")
                        if key in document["context"]}
            for run in document["benchmarks"]:
                add_round(rows, run)
        except KeyError as error:
            refuse("what a benchmark program wrote", path, f"there is no {error}")
        except (OSError, ValueError, TypeError) as error:
            refuse("what a benchmark program wrote", path, error)
    return list(rows.values()), context


def add_round(rows, run):
    """One of Google Benchmark's entries, family/kind/shape/contender/round..., to its row."""
    names = dict(zip(NAMES, run["name"].split("/")))
    row = rows.setdefault(tuple(names.values()), names | {"rounds_us": []})
    if run.get("error_occurred"):
        row["problem"] = run["error_message"]
    else:
        row["rounds_us"].append(round(run["real_time"], 4))
        row |= {key: run[key] for key in ("flops", "bytes", "error")}


def save(path, rows, context):
    """A results file: a row a line, so that two of them can be compared by eye too."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    partial = f"{path}.partial"  # who is ended here leaves no half of a file
    try:
        with open(partial, "w") as file:
            file.write('{"context": ' + json.dumps(context) + ',\n"rows": [\n' + lines + "\n]}\n")
        os.replace(partial, path)
    except OSError as error:
        refuse("a file to write to", path, error.strerror)


def load(path):
    """(rows, context) of a results file of bench/run; ends the program with status 2 where it is none."""
    try:
        document = json.loads(open(path).read())
        rows, context = document["rows"], document["context"]
        for row in rows:
            if not all(isinstance(row[key], str) for key in NAMES) or not isinstance(row["rounds_us"], list):
                raise ValueError(f"a row of other types: {json.dumps(row)[:120]}")
            if any(not time > 0 for time in row["rounds_us"]):
                raise ValueError(f"a round that took no time, in the row {json.dumps(row)[:120]}")
            if row["rounds_us"]:
                row["flops"] + row["bytes"]
        context.get("gpu")
        return rows, context
    except KeyError as error:
        refuse("a results file of bench/run", path, f"there is no {error}")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        refuse("a results file of bench/run", path, error)


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


# The vendor's contenders in our arithmetic, float32, and on our layout.
SAME_ARITHMETIC = ("cublas_fp32", "cudnn_fp32", "cudnn_fp32_sequence", "cudnn_fp32_bias_relu", "cudnn", "cudnn_nhwc")


def vendor_of(group):
    """The vendor's fastest row in our arithmetic; None where it has none."""
    known = [row for row in group if row["contender"] in SAME_ARITHMETIC and row["rounds_us"]]
    return min(known, key=microseconds, default=None)


def ours_of(group):
    """What the library chooses ("ours"), or else the fastest of our techniques; None where none ran."""
    known = [row for row in group if row["contender"].startswith("ours") and row["rounds_us"]]
    chosen = [row for row in known if row["contender"] == "ours"]
    return min(chosen or known, key=microseconds, default=None)


def ratios(rows):
    """{family: [(shape, the vendor's time over ours), ...]} of the problems that both have, families in ORDER."""
    found = {}
    for (family, _, shape), group in problems(rows).items():
        ours, vendor = ours_of(group), vendor_of(group)
        if family != "ceilings" and ours and vendor:
            found.setdefault(family, []).append((shape, microseconds(vendor) / microseconds(ours)))
    rank = lambda family: ORDER.index(family) if family in ORDER else len(ORDER)
    return {family: found[family] for family in sorted(found, key=rank)}


def summary(rows):
    """One entry a family: (family, problems, those in which ours is faster, geometric mean, smallest, largest)."""
    entries = []
    for family, group in ratios(rows).items():
        values = [ratio for _, ratio in group]
        entries.append((family, len(values), sum(value > 1 for value in values), statistics.geometric_mean(values),
                        min(values), max(values)))
    return entries
