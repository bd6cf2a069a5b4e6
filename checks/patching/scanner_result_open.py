"""A grave weakness that another scanner reports and that is still open.

Why it matters: somebody's tool has seen it, and so may an attacker's.
How it decides: a scanner reports it open, it is grave by the scanner's own word (severities) or its CVSS v3 score
(lowest_score, in tenths), and the days that policy gives, counted from the day on which the scanner says that it found
it first, are over. Without such a day the scanner's file counts. Where it gives no word, the score decides; where it gives
neither, it is unknown. A device that no scanner looked at whole is unknown, never a pass. It is that scanner's judgement,
which nobody here has checked: no other control rests on it, and where two scanners report one CVE on one device they
are one finding.
"""

from secscan.api import Expr, Params, Results, check, days_after, earlier_of, when


def deadline(result: Results, policy: Params) -> Expr:
    """The last day in time."""
    return days_after(earlier_of(result.first_seen_on, result.scanned_on), policy.grace_days)


def grave(result: Results, policy: Params) -> Expr:
    by_score = result.cvss3 >= policy.lowest_score
    by_word = result.severity.is_in(policy.severities)
    return (
        when(result.severity.is_missing()).then(by_score).otherwise(by_word | (~result.cvss3.is_missing() & by_score))
    )


@check(
    "patching.scanner-result-open",
    says="{about}: {scanner} reports it open, and calls it grave",
    unknown_says="{about}: no scanner says whether something grave is open there",
    fix="Install what mends it, or show the scanner's owner why it is wrong.",
    due=deadline,
    shows=("tool", "title", "cves", "product", "version", "fixed_in", "scanners"),
    looser={"severities": "fewer", "lowest_score": "higher"},
    severities=["critical"],
    lowest_score=90,
    grace_days=14,
)
def scanner_result_open(result: Results, policy: Params) -> Expr:
    return result.reported & result.open & grave(result, policy) & (deadline(result, policy) < policy.today)
