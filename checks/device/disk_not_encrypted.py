"""A portable device whose disk is not encrypted.

Why it matters: a laptop left on a train is then a letter to whoever finds it.
How it decides: the device is of a type that policy calls portable, and some source says that its disk is not encrypted. A
device whose type is not known may be portable. Where nobody says whether it is encrypted, it is unknown.
"""

from secscan.api import Assets, Expr, Params, check


@check(
    "device.disk-not-encrypted",
    says="The disk of a portable device is not encrypted",
    unknown_says="{hostname}: no source says whether its disk is encrypted",
    fix="Encrypt the disk, and keep the recovery key where the council can find it.",
    about=lambda asset, policy: asset.type.is_in(policy.portable_types),
    looser={"portable_types": "fewer"},
    portable_types=["laptop", "notebook", "tablet", "phone"],
)
def disk_not_encrypted(asset: Assets, policy: Params) -> Expr:
    return asset.type.is_in(policy.portable_types) & ~asset.encrypted
