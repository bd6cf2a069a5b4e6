"""What ``init`` writes: files that are valid as they are and say what to change."""

from __future__ import annotations

from typing import Final

_SCHEMA: Final = "# yaml-language-server: $schema={path}\n"

SECSCAN: Final = """\
# The partnership: who it is, what each council exports, and how its network is cut up.
# Names below are examples; put yours in their place. 'secscan policy lint secscan.yaml' names every mistake by line.

partnership:
  name: Example partnership

councils:
  - id: example
    name: Example District Council
    sources: []
    # What its own tools export, in inventory/example/ or in a folder named YYYY-MM-DD below it.
    # Take off the '#', and the '[]' above:
    # - id: example-assets
    #   as: secscan-assets
    #   file: assets*.csv
    # - id: example-software
    #   as: secscan-software
    #   file: software*.csv

# Parts of the network. 'internet' is every address that no other zone has.
zones:
  - id: internet
    internet: true
  # - id: example-servers
  #   council: example
  #   addresses: [10.0.16.0/22]
  #   trusted: true

# Firewall exports in firewalls/, and the zones that each device stands between. Take off the '#' and the '[]'.
firewalls: []
# - id: example-edge
#   as: secscan-rules
#   file: edge*.csv
#   zones: [internet, example-servers]

# Boxes from which a scan is run.
vantage_points: []

policies:
  baseline: baseline
  overlays: [policies/overlay.yaml]
  exceptions: policies/exceptions.yaml
  mitigations: policies/mitigations.yaml
  entitlements: policies/entitlements.csv

reports:
  title: Cyber security posture
  marking: OFFICIAL-SENSITIVE
"""

OVERLAY: Final = """\
# What this partnership asks for on top of the baseline. A control of the baseline needs only what changes here; what
# asks for less than the baseline is printed in every report with its 'reason'. 'secscan policy lint' reads this file.
# To use an example, take off the '#', and the '[]' or '{}' above it.

title: Example partnership policy
version: "1"
extends: baseline

controls: []
# - id: LEG-04  # zones that may reach unsupported systems
#   with: {trusted_zones: [management, backup]}
#   reason: Administration and backup need a way in; both zones are supported and watched.
# - id: NET-06  # from where nobody administers anything: add the zones of your users
#   with: {user_zones: [internet]}
# - id: PAT-01  # a tighter window needs no reason
#   with:
#     window_days: {medium: 30}

# The lowest version of a product that is accepted, in quotes.
minimum_versions: {}
#   python: "3.12"

# Products whose free extended support (for example Debian LTS) is in use here.
free_extensions: []
"""

EXCEPTIONS: Final = """\
# Decisions to live with one finding until a day. Owner and approver are roles, and not the same one. An exception never
# turns a failure into a pass: it is shown as accepted, by whom and until when, and is open again the day after.
# Take off the '#' and the '[]' below.

exceptions: []
# - control: LEG-01
#   council: example
#   asset: EX-0001
#   until: 2030-06-30
#   owner: Head of Finance Systems
#   approver: Chief Information Officer
#   reason: Replacement funded; cut-over in June.
"""

MITIGATIONS: Final = """\
# Protections that are claimed for systems that cannot be mended. Each is tested against the firewall rules and against
# what scans saw; a sentence alone mitigates nothing. Take off the '#' and the '[]' below.

mitigations: []
# - id: example-isolated
#   council: example
#   asset: EX-0001
#   kind: isolation
#   ports: [any]
#   blocked_from: [internet]
#   both_directions: true
#   claimed_by: Network Manager
"""

ENTITLEMENTS: Final = "product,until,cycle,assets,reference,council\n"

GITIGNORE: Final = "# The record and the reports stay on this machine.\n/state/\n/reports/\n"

SCHEMA_FOLDER: Final = ".secscan/schema"

FILES: Final = {
    "policies/overlay.yaml": _SCHEMA.format(path="../.secscan/schema/policy.json") + OVERLAY,
    "policies/exceptions.yaml": _SCHEMA.format(path="../.secscan/schema/exceptions.json") + EXCEPTIONS,
    "policies/mitigations.yaml": _SCHEMA.format(path="../.secscan/schema/mitigations.json") + MITIGATIONS,
    "policies/entitlements.csv": ENTITLEMENTS,
    ".gitignore": GITIGNORE,
    "secscan.yaml": _SCHEMA.format(path=".secscan/schema/secscan.json") + SECSCAN,
}
"""Path -> text. secscan.yaml is last: without it the folder is not a workspace yet."""
