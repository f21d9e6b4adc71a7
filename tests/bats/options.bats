# Options that no other test needs, and that each is in some test.
load helper

@test "options: every program has --help and --version" {
	local p
	for p in flyte flyte-register flyte-run flyte-exec flyte-cache flyte-show flyte-ctl; do
		run -0 "$p" --help
		has "usage: $p " "$output"
		run -0 "$p" -h
		run -0 "$p" --version
		has "$(cat "$TOP/VERSION")" "$output"
	done
}

@test "options: -r, -p, -d, --type, --color and --wait where they are rare" {
	cat >o.yaml <<-'EOF'
	tasks:
	  one: {inputs: {n: int}, outputs: {m: int}, cache: "1", jq: .n}
	workflows:
	  one: {inputs: {n: int}, nodes: {a: {task: one, with: {n: $n}}}, outputs: {m: $a.m}}
	  held: {nodes: {g: {gate: approve}}}
	EOF
	flyte-register -q -r "$PWD/reg" -p here -d staging --as v1 o.yaml
	run -5 flyte-exec -p here -d staging one n=3
	run -0 flyte-exec -q -r "$PWD/reg" -p here -d staging --type=task one n=3 -o m
	equals 3 "$output"
	run -0 flyte-run -r reg -p here -d staging --name r --type=workflow --color=always one n=4
	run -0 flyte-show -d staging
	has "succeeded" "$output"
	run -0 flyte-show -d production
	equals "flyte-show: nothing has been run yet in domain production" "$output"
	run -0 flyte-cache ls -d staging
	has "here/staging/one" "$output"
	run -0 flyte-cache ls -d production
	equals "flyte-cache: there are no entries in domain production" "$output"
	run -0 flyte-ctl fsck -p here -d staging
	has "1 execution" "$output"
	flyte-run -q -p here -d staging -r reg --name w held >/dev/null 2>&1 3>&- &
	waits() { flyte-show w | grep -q 'flyte-ctl approve'; }
	within 30 waits
	run -0 flyte-ctl stop -p here -d staging --wait --timeout=50s w
	run -0 flyte-show w
	has "w  aborted" "$output"
	all_ended
}

@test "options: each of each program stands in some test" {
	local p o s missing=""
	grep -hE 'flyte(-| )[a-z]+ ' "$TOP"/tests/bats/*.bats "$TOP"/tests/bats/kinds/* >lines
	for p in flyte-register flyte-run flyte-exec flyte-cache flyte-show flyte-ctl; do
		grep -E "$p |flyte ${p#flyte-} " lines >mine
		"$p" --help | sed -n 's/^ *\(-[a-zA-Z]\), \(--[a-z-]*\).*/\2 \1/p; s/^  *\(--[a-z-]*\).*/\1/p' >offered
		while read -r o s; do
			case $o in --help | --version) continue ;; esac
			grep -qE -- "(^|[ \"'\$(])($o${s:+|-[a-zA-Z]*${s#-}})([] =\"')]|\$)" mine ||
				missing="$missing $p:$o"
		done <offered
	done
	equals "" "$missing"
}
