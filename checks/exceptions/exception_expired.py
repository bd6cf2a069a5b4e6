"""An accepted risk past its last day.

Why it matters: the risk is still there, and nobody carries it any more.
How it decides: the last day of the exception is past. It fails until the exception is renewed by its approver or taken out of
the file, whether its finding is still there or not: a decision that nobody looks at again is none. It was due on that day.
"""

from secscan.api import Exceptions, Expr, Params, check, days_after


@check(
    "exceptions.exception-expired",
    says="{exception}: the risk was accepted until {until} and not since",
    unknown_says="{exception}: nobody knows until when the risk is accepted",
    fix="Mend what it was about and take the exception out, or have it renewed with a new day and reason.",
    shows=("control", "accepts", "risk_owner", "approver", "renewed"),
    grace_days=0,
)
def exception_expired(exception: Exceptions, policy: Params) -> Expr:
    return days_after(exception.until, policy.grace_days) < policy.today
