"""Who trains the same as ours is timed, in turn with it."""

import table
from contestants import Problem

# Of a loss: sums of up to 16,384 products in another order, five steps one after the other. Observed: 3e-7, with
# batch norm, which divides by what is left after a subtraction, 2e-5.
TOLERANCE = 1e-4


class Contest:
    """One lesson on one device: rows of those who train the same, timed in turn."""

    def __init__(self, lesson: str, where: str, ours, peers, slow: bool) -> None:
        self.lesson, self.where = lesson, where
        self.rows: list[dict] = []
        self.timed: list[tuple[dict, object]] = []  # row, function that times a round
        self.expected: list[float] = []
        self._enter("Weft eager", False, lambda: ours.losses(lesson), lambda: ours.round(lesson))
        for peer in peers if self.timed else []:  # where ours has a problem there is nothing to compare with
            try:
                contenders = peer.ask("contenders", lesson, slow)
            except Problem as problem:
                self._row(peer.hello["name"], True)["problem"] = str(problem)
                continue
            for name in contenders:
                self._enter(f"{peer.hello['name']} {name}", True, lambda p=peer, n=name: p.ask("losses", lesson, n),
                            lambda p=peer, n=name: p.ask("round", lesson, n))

    def time(self, rounds: int) -> None:
        for _ in range(rounds):
            for row, time_round in self.timed:
                if "problem" in row:
                    continue
                try:
                    for kind, microseconds in zip(table.KINDS, time_round()):
                        row["rounds_us"][kind].append(round(microseconds, 3))
                except Problem as problem:
                    row["problem"] = str(problem)

    def _row(self, contender: str, is_peer: bool) -> dict:
        self.rows.append({"lesson": self.lesson, "where": self.where, "contender": contender, "is_peer": is_peer,
                          "rounds_us": {kind: [] for kind in table.KINDS}})
        return self.rows[-1]

    def _enter(self, contender: str, is_peer: bool, losses, time_round) -> None:
        row = self._row(contender, is_peer)
        try:
            found = losses()
            self.expected = self.expected or found
            row["losses_off"] = largest_difference(found, self.expected)
            if not row["losses_off"] <= TOLERANCE:
                raise Problem(f"wrong: a loss is off ours by {row['losses_off']:.2g} of it, expected {TOLERANCE:.0e}")
            self.timed.append((row, time_round))
        except Problem as problem:
            row["problem"] = str(problem)


def largest_difference(found: list[float], expected: list[float]) -> float:
    """Of what is expected; infinite where a number is missing."""
    if len(found) != len(expected) or None in found + expected:
        return float("inf")
    differences = [abs(f - e) / abs(e) for f, e in zip(found, expected)]
    return max(d if d == d else float("inf") for d in differences)
