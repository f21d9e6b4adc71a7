# jq tasks that are wrong, or that would not end: found before anything runs,
# ended like any other task, and never the end of the program.

load helper

# task EXPRESSION: spec.yaml with a task of it.
task() {
	cat >spec.yaml <<-EOF
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, jq: '$1'}
	workflows:
	  w:
	    inputs: {list: list(int)}
	    nodes: {m: {map: t, with: {n: \$list}}}
	    outputs: {o: \$m.o}
	EOF
}

@test "jq: an expression that does not compile is found before anything runs" {
	task '.n | nosuch'
	for c in "flyte-register check ./spec.yaml" \
		"flyte-register ./spec.yaml" \
		"flyte-register -O x.tgz ./spec.yaml" \
		"flyte-run -n ./spec.yaml:t n=1" \
		"flyte-run ./spec.yaml:t n=1"; do
		# shellcheck disable=SC2086
		run -3 --separate-stderr $c
		# shellcheck disable=SC2154
		has 'spec.yaml:2:48: error: bad expression: jq: nosuch/0 is not defined at <top-level>, line 1 [bad-expression]' "$stderr"
	done
	[ ! -e x.tgz ]
}

@test "jq: one that takes long gets a process, the rest of the map does not" {
	task 'if .n == 3 then reduce range(200000) as $i (0; . + 1) else .n end'
	run -0 --separate-stderr flyte-run --plain ./spec.yaml:w list='[1,2,3,4]'
	equals '{"o":[1,2,200000,4]}' "$output"
	# its inputs are on record all the same, as those of the others
	run -0 flyte-exec --replay last/m/0/n2 --plain
	equals '{"o":200000}' "$output"
	run -0 flyte-exec --replay last/m/0/n3 --plain
	equals '{"o":4}' "$output"
}

@test "jq: one that never ends is ended by a signal and by flyte-ctl" {
	task 'def f: f; f'
	flyte-run --name never ./spec.yaml:t n=1 2>err &
	pid=$!
	within 30 pgrep -P "$pid" jqrun
	run -0 flyte-ctl stop never
	status=0
	wait "$pid" || status=$?
	[ "$status" != 0 ]
	flyte-run --name again ./spec.yaml:t n=1 2>err &
	pid=$!
	within 30 pgrep -P "$pid" jqrun
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	equals 143 "$status"
}

@test "jq: without end and memory it is the task that fails" {
	task 'def f: 1 + f; f'
	said='t failed: jq: libjq broke off: the expression calls itself too often'
	[ "$(basename "$FLYTE_TEST_BUILD")" = asan ] && skip 'the sanitizer ends a process without memory itself'
	ulimit -v 600000
	run -1 --separate-stderr flyte-run ./spec.yaml:t n=1
	has "$said" "$stderr"
	run -1 --separate-stderr flyte-exec ./spec.yaml:t n=1
	has 'jq: ' "$stderr"
}

@test "jq: --jq that libjq can not cope with is an error, not an abort" {
	task '.n'
	[ "$(basename "$FLYTE_TEST_BUILD")" = asan ] && skip 'the sanitizer ends a process without memory itself'
	ulimit -v 600000
	run -1 --separate-stderr flyte-run --jq 'def f: 1 + f; f' ./spec.yaml:t n=1
	has 'flyte-run: --jq: jq: ' "$stderr"
}

@test "jq: what jq would round is refused where it comes out, and taken in quotes" {
	cat >b.yaml <<-'EOT'
	tasks:
	  times: {inputs: {n: int}, outputs: {o: list(int)}, jq: '[.n * 1001]'}
	  same: {inputs: {n: int}, outputs: {o: int}, ints: text, jq: .n}
	  float: {inputs: {n: int}, outputs: {o: float}, jq: .n * 1001}
	EOT
	run -1 flyte-run -q b.yaml:times n=9007199254741
	has "jq rounds integers beyond 2^53" "$output"
	run -0 flyte-run -q -o o b.yaml:same n=9223372036854775807
	equals 9223372036854775807 "$output"
	run -0 flyte-run -q -o o b.yaml:same n=-7
	equals -7 "$output"
	run -0 flyte-run -q b.yaml:float n=9007199254741
}

@test "jq: debug and stderr harm nobody" {
	cat >d.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, jq: '.n | debug | debug | stderr'}
	EOT
	run -0 --separate-stderr flyte-run -q -o o d.yaml:t n=3
	equals 3 "$output"
	run -0 --separate-stderr flyte-run -q --jq '.o | debug' d.yaml:t n=3
	equals 3 "$output"
}
