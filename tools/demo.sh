#!/bin/sh
# The demonstration: three invented councils over twelve months, then this machine as one more organisation.
set -eu
bin=$1
demo=$2
secscan() { "$bin/secscan" -w "$demo" "$@"; }

if [ -e "$demo/secscan.yaml" ]; then
    echo "$demo is there already; remove it first, or choose another: make demo DEMO=elsewhere" >&2
    exit 2
fi
"$bin/secscan" init "$demo" --sample -q
for day in $(ls "$demo"/inventory/* | grep -E "^[0-9]{4}-[0-9]{2}-[0-9]{2}\$" | sort -u); do
    printf 'scanning the set of %s\n' "$day"
    code=0
    secscan scan --as-of "$day" --no-report -q || code=$?
    # 3 says that the evidence was not complete: exports have faults, and one council stops reporting.
    [ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"
done
echo "collecting this machine"
secscan collect --out "$demo/this-machine.json" -q
secscan import "$demo/this-machine.json" --council this-machine --new-council "This machine" -q
code=0
secscan scan || code=$?
[ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"
echo
echo "Done. (The scan ended with $code: 3 says that the evidence is not complete, and the report says where.)"
echo "Open the report:  $(cd "$demo" && pwd)/reports/latest/index.html"
