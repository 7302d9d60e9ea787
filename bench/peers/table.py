"""What bench/peers/run measured, as a file and as one table."""

import json
import statistics

KINDS = ("gather_and_step", "ready_step")


def save(path: str, rows: list[dict], context: dict) -> None:
    """A row a line, so that two files can be compared by eye too."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    with open(path, "w") as file:
        file.write('{"context": ' + json.dumps(context) + ',\n"rows": [\n' + lines + "\n]}\n")


def load(path: str) -> tuple[list[dict], dict]:
    """Throws ValueError with what was expected."""
    try:
        with open(path) as file:
            document = json.load(file)
        for row in document["rows"]:
            if "problem" not in row and not all(row["rounds_us"][kind] for kind in KINDS):
                raise ValueError(f"a row of {row['contender']} without rounds")
        return document["rows"], document["context"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"expected a file of bench/peers/run, found {path}: {error}") from error


def median(row: dict, kind: str) -> float:
    return statistics.median(row["rounds_us"][kind])


def time_text(microseconds: float) -> str:
    digits = 1 if microseconds < 1000 else 0
    return f"{microseconds:,.{digits}f}"


def cells(row: dict, kind: str, rivals: list[dict]) -> list[str]:
    """Median, range, and what the best peer's median is of this one."""
    rounds = row["rounds_us"][kind]
    best = min((median(rival, kind) for rival in rivals), default=None)
    return [time_text(median(row, kind)), f"{time_text(min(rounds))} to {time_text(max(rounds))}",
            f"{best / median(row, kind):.2f}" if best else ""]


def text(rows: list[dict], context: dict) -> str:
    """Markdown that is aligned, so that it reads in a terminal too."""
    half = ["median, µs", "range, µs", "best peer / this"]
    table = [["lesson", "threads" if context["device"] == "cpu" else "device", "contender",
              *(f"gather and step: {half[0]}", *half[1:]), *(f"ready batch: {half[0]}", *half[1:])]]
    for row in rows:
        group = [r for r in rows if (r["lesson"], r["where"]) == (row["lesson"], row["where"])]
        rivals = [r for r in group if r["is_peer"] and "problem" not in r]
        head = [row["lesson"], row["where"], row["contender"]]
        if "problem" in row:
            table.append([*head, row["problem"].replace("|", "/"), *[""] * 5])
        else:
            table.append([*head, *(cell for kind in KINDS for cell in cells(row, kind, rivals))])
    widths = [max(len(line[c]) for line in table if len(line[c]) < 60) for c in range(9)]
    lines = [" | ".join(cell.ljust(width) if c < 3 else cell.rjust(width)
                        for c, (cell, width) in enumerate(zip(line, widths))) for line in table]
    rule = " | ".join("-" * width if c < 3 else "-" * (width - 1) + ":" for c, width in enumerate(widths))
    head = ", ".join(f"{key}: {value}" for key, value in context.items())
    return "\n".join([head, "", *(f"| {line} |" for line in (lines[0], rule, *lines[1:]))])
