"""Software whose support ends soon.

Why it matters: a replacement takes a budget, a supplier and a test. Who hears of the end on the day has none of them.
How it decides: the vendor's last day, or that of the extended support which this council holds, whichever is later, is
today or within the horizon. What has ended already is another check's; an extension on offer is not an extension bought.
The finding is due on that last day. Software that the catalogue does not know is unknown.
"""

from secscan.api import Expr, Installs, Params, check, days_after, later_of


def last_day(install: Installs, policy: Params) -> Expr:
    """The last day on which somebody mends it for this council."""
    return later_of(install.eol_on, install.entitled_until)


@check(
    "lifecycle.support-ends-soon",
    says="{release}: support for this council ends soon",
    unknown_says="{product_or_name}: nobody here knows when its support ends",
    fix="Plan its replacement now, with an owner and a day, or buy extended support in time.",
    due=last_day,
    shows=("name", "version", "extended_on"),
    looser={"horizon_days": "lower"},
    unknown_when=lambda install, policy: install.support.is_missing(),
    horizon_days=180,
)
def support_ends_soon(install: Installs, policy: Params) -> Expr:
    until = last_day(install, policy)
    only_bought = (install.support == "ended-undated") & ~install.entitled_until.is_missing()
    ends = (install.support == "dated") | only_bought
    return ends & (until >= policy.today) & (days_after(until, -policy.horizon_days) <= policy.today)
