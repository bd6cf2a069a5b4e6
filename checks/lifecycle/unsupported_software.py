"""Software past its end of support.

Why it matters: nobody will mend the next hole found in it.
How it decides: neither the vendor's own date nor the extended support that this council holds reaches today. An
extension on offer is not an extension bought. Software that the catalogue does not know is unknown.
"""

from secscan.api import Expr, Installs, Params, check, days_after, later_of


@check(
    "lifecycle.unsupported-software",
    says="{release}: security support ended on {eol_on}",
    unknown_says="{product_or_name}: nobody here knows when its support ends",
    fix="Upgrade it, retire it, or record a mitigation and test it.",
    shows=("name", "version", "extended_on"),
    grace_days=0,
)
def unsupported_software(install: Installs, policy: Params) -> Expr:
    supported_until = later_of(install.eol_on, install.entitled_until)
    over = days_after(supported_until, policy.grace_days) < policy.today
    entitled = ~install.entitled_until.is_missing() & (install.entitled_until >= policy.today)
    ended_undated = (install.support == "ended-undated") & ~entitled
    return ended_undated | ((install.support == "dated") & over)
