#!/bin/sh
# The demonstration: three invented councils over twelve months, then this machine as one more organisation.
set -eu
bin=$1
demo=$2
secscan() { "$bin/secscan" -w "$demo" "$@"; }
scan() { # 3 says that the evidence was not complete: exports have faults, and one council stops reporting
    code=0
    secscan scan "$@" || code=$?
    [ "$code" = 0 ] || [ "$code" = 3 ] || exit "$code"
}

started=$(date +%s)
took() { # what a step took, and what all took so far
    now=$(date +%s)
    printf '  %s s, %s s so far\n' "$((now - ${last:-$started}))" "$((now - started))"
    last=$now
}

if [ -e "$demo/secscan.yaml" ]; then
    echo "$demo is there already; remove it first, or choose another: make demo DEMO=elsewhere" >&2
    exit 2
fi
echo "making the sample"
"$bin/secscan" init "$demo" --sample -q
took
days=$(ls "$demo"/inventory/* | grep -E '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' | sort -u)
newest=$(printf '%s\n' "$days" | tail -n 1)
for day in $days; do
    [ "$day" = "$newest" ] && break
    printf 'scanning the set of %s\n' "$day"
    scan --as-of "$day" --no-report -q >/dev/null
    took
done
echo "collecting this machine, as one more organisation"
secscan collect --out "$demo/this-machine.json"
secscan import "$demo/this-machine.json" --council this-machine --new-council "This machine" -q
took
printf 'scanning the set of %s, and this machine\n' "$newest"
scan
took
echo
echo "Done. (The last scan ended with $code. 3 means that the evidence is not complete: the report says where.)"
echo "Ask why:          $bin/secscan -w $demo explain LEG-01"
echo "Open the report:  $(cd "$demo" && pwd)/reports/latest/index.html"
