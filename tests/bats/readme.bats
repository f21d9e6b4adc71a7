load helper

# The tour of the README, command by command, as a reader would type it.

tour() {
	sed -n '/^## A five-minute tour/,/^## /s/^    \$ //p' "$TOP/README.md"
}

@test "every command of the README's tour works" {
	cp -r "$TOP/examples/spend" spend
	chmod -R u+w spend
	cd spend
	tour >../tour
	[ "$(wc -l <../tour)" -ge 15 ]
	n=0
	while IFS= read -r line; do
		n=$((n + 1))
		if ! bash -c "set -o pipefail; $line" >../out 2>../err </dev/null; then
			echo "failed: $line"
			cat ../out ../err
			return 1
		fi
	done <../tour
	[ "$n" -ge 15 ]
}

@test "the tour's results are right" {
	cp -r "$TOP/examples/spend" spend
	cd spend
	run --separate-stderr flyte-exec --plain ./square.sh n=7
	equals '{"squared":49}' "$(printf '%s' "$output" | jq -c . )" || equals 49 "$(printf '%s' "$output" | jq -c '.[]')"
	total=$(awk -F, '{s += $2} END {print s}' employees.csv)
	run --separate-stderr flyte-run -q --plain spend.yaml:calculate_spend emp_df=employees.csv factor=3
	equals $((3 * total)) "$(printf '%s' "$output" | jq .total)"
}
