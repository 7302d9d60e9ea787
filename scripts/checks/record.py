"""What is known so far: checks.json, saved whenever something ends, and logs.txt. --resume reads both again."""

import datetime
import json
import os

FILES = ("report.md", "checks.json", "logs.txt", "results.json", "peers.json", "fragments.txt", "roofline.png",
         "ratios.png")  # all that a run leaves in its folder
ENDED = ("passed", "failed")  # of a phase: nothing of it is run again
LOG_HEAD, LOG_TAIL = 200_000, 100_000  # characters of a program's output that are kept


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


class BadRecord(Exception):
    """A checks.json that cannot be gone on with."""


class Record:
    def __init__(self, folder, context, resume):
        self.folder = folder
        self.file = folder / "checks.json"
        self.data = {"context": context, "phases": {}}
        there = [name for name in FILES if (folder / name).exists()]
        if there and not self.file.exists():
            raise BadRecord(f"--out: expected an empty folder or one of an earlier run, found {folder} with {there[0]} "
                            "and no checks.json")
        if resume and there:
            self._read(context)
        else:
            for name in there:
                (folder / name).unlink()
        self.save()

    def _read(self, context):
        try:
            for file in (self.folder / "results.json", self.folder / "peers.json", self.file):
                earlier = json.loads(file.read_text()) if file.exists() else {}
            known, phases = earlier["context"], earlier["phases"]
            for phase in phases.values():
                for verdict in (phase, *phase["items"].values()):
                    verdict["status"] + "", verdict["seconds"] + 0
            known["begun"] + ""
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRecord(f"{file}: expected what an earlier run wrote, found {error!r}") from error
        for key in ("gpu", "origin"):
            if known.get(key) != context[key]:
                raise BadRecord(f"--resume: expected the {key} of {self.file}, {known.get(key)}; found "
                                f"{context[key]}")
        self.data = {"context": {**context, "begun": known["begun"]}, "phases": phases}

    def phase(self, name):
        return self.data["phases"].setdefault(name, {"status": "not reached", "seconds": 0, "items": {}})

    def has_ended(self, name):
        return self.data["phases"].get(name, {}).get("status") in ENDED

    def item_has_ended(self, phase, item):
        status = self.phase(phase)["items"].get(item, {}).get("status", "not reached")
        return status not in ("not reached", "skipped")

    def add(self, phase, item, verdict, output):
        """What came of a program, and the text that it printed."""
        self.phase(phase)["items"][item] = verdict
        self.save()
        if len(output) > LOG_HEAD + LOG_TAIL:
            left_out = len(output) - LOG_HEAD - LOG_TAIL
            output = "\n".join([output[:LOG_HEAD], f"... {left_out} characters left out ...", output[-LOG_TAIL:]])
        with open(self.folder / "logs.txt", "a", encoding="utf-8") as file:
            file.write(f"=== {phase}/{item}: {verdict['status']}, {verdict['seconds']} s, {now()}\n"
                       f"{output.rstrip()}\n\n")

    def save(self):
        partial = self.folder / ".checks.json"
        partial.write_text(json.dumps(self.data, indent=1) + "\n")
        os.replace(partial, self.file)
