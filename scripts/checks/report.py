"""Writes report.md from the record."""

import os

from checks.record import now


def table(head, rows):
    lines = [head, ["---"] * len(head)]
    lines += [[str(cell).replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]


def counts(items):
    """"70 passed, 1 failed": what came of a phase's programs."""
    found = {}
    for verdict in items.values():
        found[verdict["status"]] = found.get(verdict["status"], 0) + 1
    return ", ".join(f"{number} {status}" for status, number in sorted(found.items()))


def tests_of(items):
    numbers = [sum(verdict.get(f"tests_{key}", 0) for verdict in items.values())
               for key in ("passed", "failed", "skipped")]
    return "{} tests passed, {} failed, {} skipped".format(*numbers) if any(numbers) else ""


def why_all_skipped(known):
    notes = {verdict.get("note", "") for verdict in known["items"].values()}
    return notes.pop() if known["status"] == "skipped" and len(notes) == 1 else ""


def summary(phases, record):
    rows = []
    for phase in phases:
        known = record.phase(phase.name)
        notes = [known.get("reason", ""), counts(known["items"]), tests_of(known["items"]), why_all_skipped(known)]
        rows.append([phase.name, known["status"], f"{known['seconds']:.0f} s", f"{known.get('share_seconds', 0):.0f} s",
                     "; ".join(filter(None, notes))])
    return table(["phase", "result", "time", "share", "what"], rows)


def failed(phases, record):
    """The programs that failed or hung, with what they said."""
    lines = [f"- {phase.name}: {name}: {verdict.get('note', '')[:500]}"
             for phase in phases for name, verdict in record.phase(phase.name)["items"].items()
             if verdict["status"] in ("failed", "timed out")]
    return ["## Failed", "", *lines, ""] if lines else []


def not_reached(phases, record):
    """The programs that were not run, or not to their end, by phase."""
    lines = []
    for phase in phases:
        names = [name + (f" ({verdict['note']})" if verdict.get("note") else "")
                 for name, verdict in record.phase(phase.name)["items"].items() if verdict["status"] == "not reached"]
        if names:
            lines.append(f"- {phase.name}, {len(names)}: {'; '.join(names)}")
    return ["## Not reached", "", *lines, ""] if lines else []


def details(phases, record):
    lines = []
    for phase in phases:
        items = record.phase(phase.name)["items"]
        ran = {name: verdict for name, verdict in items.items() if verdict["status"] != "not reached"}
        if not ran:
            continue
        lines += [f"## {phase.name}", ""]
        for verdict in ran.values():
            if verdict.get("text"):
                lines += [*("    " + line for line in verdict["text"].splitlines()), ""]
        rows = []
        for name, verdict in ran.items():
            tests = [verdict.get(f"tests_{key}") for key in ("passed", "failed", "skipped")]
            found = f"{tests[0]} passed, {tests[1]} failed, {tests[2]} skipped" if tests[0] is not None else ""
            claims = f"found {'; '.join(verdict['found'])}" if "found" in verdict else ""
            rows.append([name, verdict["status"], f"{verdict['seconds']:.1f} s",
                         "; ".join(filter(None, [found, claims, verdict.get("note", "")]))])
        lines += table(["program", "result", "time", "what"], rows)
    return lines


def write(run, phases, engine):
    record = run.record
    context = record.data["context"]
    signal = f" Ended by signal {engine.stop_signal}." if engine.stop_signal else ""
    lines = [f"# Weft on {context['gpu']}", "",
             f"{context['origin']}. Begun {context['begun']}, written {now()}; {engine.seconds_used():.0f} s of "
             f"{engine.seconds:.0f} s used in this run.{signal}", "",
             *summary(phases, record),
             *failed(phases, record),
             *not_reached(phases, record),
             *details(phases, record)]
    partial = record.folder / ".report.md"
    partial.write_text("\n".join(lines))
    os.replace(partial, record.folder / "report.md")
