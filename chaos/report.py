"""The table people read, and the goals."""

from chaos.verdict import Verdict

NAMES = {
    "acknowledged": "acknowledged",
    "lost": "lost",
    "duplicated": "duplicated",
    "undelivered": "undelivered",
    "repeated_effects": "repeated effects",
    "faults": "faults",
    "late_p50_s": "late p50, s",
    "late_p99_s": "late p99, s",
    "late_max_s": "late max, s",
}
ANSWERS = {200, 201, 503, "none"}  # what a client may get while things break
GOALS = {"lost": 0, "duplicated": 0, "undelivered": 0, "repeated_effects": 0, "late_p99_s": 60, "late_max_s": 120}


def table(ours: Verdict, naive: Verdict) -> str:
    """Both arms side by side with the goals, then what else was seen."""
    lines = [f"{'':<18}{'Liaison':>10}{'naive':>10}{'goal':>8}"]
    for name, words in NAMES.items():
        goal = f"≤{GOALS[name]}" if name in GOALS else ""
        lines.append(f"{words:<18}{getattr(ours, name):>10}{getattr(naive, name):>10}{goal:>8}")
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in ours.more.items())])


def is_good(ours: Verdict) -> bool:
    """Whether every goal is met, no answer was a refusal or an error, all is well again and no process is left."""
    met = all(getattr(ours, name) <= goal for name, goal in GOALS.items())
    clean = ours.more["ready"] and not ours.more["left_over"] and set(ours.more["answers"]) <= ANSWERS
    return bool(met and ours.acknowledged and clean)
