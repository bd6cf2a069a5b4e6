"""A backup that last succeeded too long ago.

Why it matters: what was done since then is lost with the machine, and after ransomware the backup is all there is.
How it decides: the last success lies more than max_age_days back; where a database runs, more than database_days. A
success that lies ahead of today is a broken clock and reads as not known.
"""

from secscan_backups.table import Backups

from secscan.api import Expr, Params, check, days_after


def ahead(job: Backups, policy: Params) -> Expr:
    return job.succeeded_on > policy.today


@check(
    "backup.too-old",
    says="Backup '{job}' last succeeded on {succeeded_on}",
    unknown_says="No day is known on which a backup of it succeeded",
    fix="Find out why the job fails, run it, and try a restore.",
    unknown_when=ahead,
    shows=("offline", "restored_on"),
    max_age_days=7,
    database_days=1,
)
def too_old(job: Backups, policy: Params) -> Expr:
    late = days_after(job.succeeded_on, policy.max_age_days) < policy.today
    late_for_a_database = days_after(job.succeeded_on, policy.database_days) < policy.today
    return late | (job.holds_database & late_for_a_database)
