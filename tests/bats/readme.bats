load helper

# The tour of the README, command by command, as a reader would type it.

tour() {
	sed -n '/^## A five-minute tour/,/^## /s/^    \$ //p' "$TOP/README.md"
}

@test "every command of the README's tour works" {
	cp -r "$TOP/examples" examples
	chmod -R u+w examples
	cd examples
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
	cp -r "$TOP/examples" examples
	cd examples
	run --separate-stderr flyte-exec --plain ./square.sh n=7
	equals 49 "$(printf '%s' "$output" | jq '.[]')"
	total=$(awk -F, '{s += $2} END {print s}' spend/employees.csv)
	run --separate-stderr flyte-run -q --plain spend/spend.yaml:calculate_spend emp_df=spend/employees.csv factor=3
	equals $((3 * total)) "$(printf '%s' "$output" | jq .total)"
}
