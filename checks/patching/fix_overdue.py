"""A security fix that is missing past its window.

Why it matters: once a fix is public, so is the hole it closes.
How it decides: the fix is missing and the window that its severity has, counted from the day the vendor released
it, is over. Day 0 is the day of release; with 14 days, day 14 is in time and day 15 is late. A fix whose vendor
states no severity takes the shortest window, and so does one that scores high whatever its word.
"""

from secscan.api import Expr, Fixes, Params, check, days_after, due_on, earlier_of, when


def deadline(fix: Fixes, policy: Params) -> Expr:
    """The last day in time: the window of the fix's severity, or the short one where its score is high."""
    by_word = due_on(fix.released_on, fix.severity, policy.window_days, otherwise=policy.otherwise_days)
    scores_high = ~fix.cvss3.is_missing() & (fix.cvss3 >= policy.high_score)
    by_score = days_after(fix.released_on, policy.high_score_days)
    return when(scores_high).then(earlier_of(by_word, by_score)).otherwise(by_word)


@check(
    "patching.fix-overdue",
    says="{product_or_name}: {fixed_in} ({severity}), released on {released_on}, is not installed",
    unknown_says="{product_or_name}: nobody knows whether a fix is missing past its window",
    fix="Install the update, or say why it cannot be and record a mitigation.",
    due=deadline,
    shows=("advisory",),
    looser={"window_days": "higher", "otherwise_days": "higher", "high_score": "higher", "high_score_days": "higher"},
    window_days={"critical": 14, "high": 14, "important": 14, "medium": 90, "moderate": 90, "low": 180},
    otherwise_days=14,
    high_score=70,
    high_score_days=14,
)
def fix_overdue(fix: Fixes, policy: Params) -> Expr:
    return fix.missing & (deadline(fix, policy) < policy.today)
