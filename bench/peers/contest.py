"""Who trains the same as ours is timed, in turn with it."""

import table
from contestants import Problem

# Of the first loss: sums of up to 16,384 float32 products in another order. The steps enlarge the difference: in lesson
# 26 with batch norm PyTorch's gradients are 0.4 % off float64's on channels last with one thread, which sums 262,144
# numbers one after the other, and its losses were off by 3e-6, 7e-4, 5e-3 and 3.5e-2. All others stayed under 2e-5.
TOLERANCE, GROWTH = 1e-5, 10


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
            if len(found) != len(self.expected) or None in found:
                raise Problem(f"wrong: expected {len(self.expected)} losses, found {found}")
            row["losses_off"] = [abs(f - e) / abs(e) for f, e in zip(found, self.expected)]
            for step, off in enumerate(row["losses_off"]):
                if not off <= (most := TOLERANCE * GROWTH**step):
                    raise Problem(f"wrong: loss {step + 1} is off ours by {off:.1e} of it, expected {most:.0e} at most")
            self.timed.append((row, time_round))
        except Problem as problem:
            row["problem"] = str(problem)
