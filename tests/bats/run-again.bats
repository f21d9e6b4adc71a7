# flyte-run: --name, --wait, --resume, --recover, --relaunch.
load helper

local_setup() {
	export LOG=$PWD/log GOOD=$PWD/good
	: >log
	cat >r.yaml <<-'EOT'
	tasks:
	  note:
	    inputs: {n: int}
	    outputs: {n: int}
	    pass_env: [LOG]
	    run: echo note $n >>$LOG; echo $n >$FLYTE_OUTPUTS/n
	  may_fail:
	    inputs: {n: int}
	    outputs: {n: int}
	    pass_env: [LOG, GOOD]
	    run: echo may_fail $n >>$LOG; [ -e $GOOD ]; echo $((n + 1)) >$FLYTE_OUTPUTS/n
	  slow:
	    inputs: {n: int}
	    outputs: {n: int}
	    pass_env: [LOG, GOOD]
	    run: |
	      echo slow $n >>$LOG
	      while ! [ -e $GOOD ]; do sleep 0.02; done
	      echo $n >$FLYTE_OUTPUTS/n
	workflows:
	  w:
	    inputs: {n: {type: int, default: 1}}
	    nodes:
	      a: {task: note, with: {n: $n}}
	      b: {task: may_fail, with: {n: $a.n}}
	      c: {task: note, with: {n: $b.n}}
	    outputs: {n: $c.n}
	  long:
	    inputs: {n: {type: int, default: 1}}
	    nodes:
	      a: {task: note, with: {n: $n}}
	      b: {task: slow, with: {n: $a.n}}
	    outputs: {n: $b.n}
	EOT
}

logged() {
	echo $(cat log)
	: >log
}

# Waits for a line in the log.
await() {
	within 30 grep -q "$1" log
}

# ---- --name -------------------------------------------------------------------

@test "name: a name that succeeded gives its outputs again, nothing runs" {
	touch good
	run -0 flyte-run -q -o n --name nightly r.yaml:w
	equals 2 "$output"
	equals "note 1 may_fail 1 note 2" "$(logged)"
	run -0 --separate-stderr flyte-run -q -o n --name nightly r.yaml:w
	equals 2 "$output"
	equals "" "$stderr"
	equals "" "$(logged)"
	run -0 flyte-run -q --plain --name nightly r.yaml:w n=1
	equals '{"n":2}' "$output"
}

@test "name: a name that failed stays failed, and says why" {
	run -1 flyte-run -q --name nightly r.yaml:w
	: >log
	touch good
	run -1 --separate-stderr flyte-run -q --name nightly r.yaml:w
	equals "" "$output"
	has "nightly" "$stderr"
	has "node b failed: exit status 1" "$stderr"
	has "again: flyte-exec --replay nightly/b" "$stderr"
	has "r.yaml:w failed before (nightly)" "$stderr"
	equals "" "$(logged)"
}

@test "name: other inputs, another version, another thing = 4" {
	touch good
	run -0 flyte-run -q --name nightly r.yaml:w
	: >log
	run -4 --separate-stderr flyte-run -q --name nightly r.yaml:w n=2
	equals "" "$output"
	has "nightly" "$stderr"
	has "another value of input n" "$stderr"
	run -4 flyte-run -q --name nightly r.yaml:long
	sed -i 's/n + 1/n + 2/' r.yaml
	run -4 flyte-run -q --name nightly r.yaml:w
	equals "" "$(logged)"
}

@test "name: the same name elsewhere is another execution" {
	touch good
	run -0 flyte-run -q --name nightly r.yaml:w
	run -0 flyte-run -q --name nightly -d production r.yaml:w n=5
	equals "note 1 may_fail 1 note 2 note 5 may_fail 5 note 6" "$(logged)"
}

@test "name: run by another process = 75; --wait waits and gives its outputs" {
	flyte-run -q --name nightly r.yaml:long 3>&- &
	pid=$!
	await slow
	run -75 --separate-stderr flyte-run -q --name nightly r.yaml:long
	equals "" "$output"
	has "nightly" "$stderr"
	(sleep 0.3; touch good) 3>&- &
	run -0 flyte-run -q -o n --wait --name nightly r.yaml:long
	equals 1 "$output"
	wait $pid
	equals "note 1 slow 1" "$(logged)"
	run -2 flyte-run --wait r.yaml:long
	has "--wait needs --name or --resume" "$output"
}

@test "name: a killed one is resumed by the same command" {
	flyte-run -q --name nightly r.yaml:long 3>&- &
	await slow
	kill -9 $!
	wait $! || true
	{ sleep 0.4; touch good; } 3>&- &
	run -0 --separate-stderr flyte-run -o n --name nightly r.yaml:long
	equals 1 "$output"
	has "a: reused: it was done before" "$stderr"
	has "ended" "$stderr"
	equals "note 1 slow 1 slow 1" "$(logged)"
}

@test "name: of many at once one runs, the others get 75 or the result" {
	touch good
	pids=
	for i in 1 2 3 4 5 6; do
		{ s=0; flyte-run -q -o n --name one r.yaml:w >out.$i 2>err.$i || s=$?; echo $s >status.$i; } 3>&- &
		pids="$pids $!"
	done
	wait $pids
	equals "note 1 may_fail 1 note 2" "$(logged)"
	for i in 1 2 3 4 5 6; do
		case $(cat status.$i) in
		0) equals 2 "$(cat out.$i)" ;;
		75) equals "" "$(cat out.$i)" ;;
		*) cat err.$i; false ;;
		esac
	done
}

@test "name: Flyte's rule for names" {
	for bad in Upper 1st a_b trailing- "" a/b ../x "$(printf 'a%.0s' {1..64})"; do
		run -2 flyte-run --name "$bad" r.yaml:w
	done
	[ ! -e "$FLYTE_HOME/executions" ]
}

@test "name: without one every run is new" {
	touch good
	run -0 flyte-run -q r.yaml:w
	run -0 flyte-run -q r.yaml:w
	equals "note 1 may_fail 1 note 2 note 1 may_fail 1 note 2" "$(logged)"
}

# ---- --resume ---------------------------------------------------------------------

@test "resume: of what ended: its outputs or its failure" {
	touch good
	run -0 flyte-run -q --name done r.yaml:w
	: >log
	run -0 flyte-run -q -o n --resume last
	equals 2 "$output"
	run -0 flyte-run -q -o n --resume don
	equals 2 "$output"
	equals "" "$(logged)"
	rm good
	run -1 flyte-run -q --name broken r.yaml:w
	run -1 flyte-run -q --resume broken
	run -5 flyte-run --resume nosuch
	has nosuch "$output"
}

@test "resume: no inputs, reference or name with it" {
	run -2 flyte-run --resume last r.yaml:w
	run -2 flyte-run --resume last n=1
	run -2 flyte-run --resume last --name x
	run -2 flyte-run --resume last --recover last
	run -2 flyte-run --from a r.yaml:w
	has "--from and --force need --recover" "$output"
}

# ---- --recover, --relaunch --------------------------------------------------------

@test "recover: what succeeded is reused, in a new execution" {
	run -1 flyte-run -q --name first r.yaml:w
	equals "note 1 may_fail 1" "$(logged)"
	touch good
	run -0 --separate-stderr flyte-run -o n --recover first
	equals 2 "$output"
	has "a: recovered" "$stderr"
	has "2 ran, 1 recovered" "$stderr"
	equals "may_fail 1 note 2" "$(logged)"
	run -1 flyte-run -q --resume first
}

@test "recover: --force runs a node again, --from also what comes after" {
	touch good
	run -0 flyte-run -q --name first r.yaml:w
	: >log
	run -0 flyte-run -q --recover first
	equals "" "$(logged)"
	run -0 flyte-run -q --recover first --force b
	equals "may_fail 1" "$(logged)"
	run -0 flyte-run -q --recover first --from b
	equals "may_fail 1 note 2" "$(logged)"
	run -0 flyte-run -q --recover first --force a --force c
	equals "note 1 note 2" "$(logged)"
}

@test "recover: a node that is not there is an error, not ignored" {
	touch good
	run -0 flyte-run -q --name first r.yaml:w
	: >log
	run -5 flyte-run -q --recover first --force nosuch
	has "--force nosuch: no such node; there are a, b, c" "$output"
	run -5 flyte-run -q --recover first --from nosuch
	equals "" "$(logged)"
}

@test "recover: given inputs take the place of the old; what they touch runs" {
	touch good
	run -0 flyte-run -q --name first r.yaml:w
	: >log
	run -0 flyte-run -q -o n --recover first n=5
	equals 6 "$output"
	equals "note 5 may_fail 5 note 6" "$(logged)"
}

@test "recover: -n tells what would run" {
	run -1 flyte-run -q --name first r.yaml:w
	run -0 flyte-run -n --recover first
	has "recover a" "$output"
	has "run     b" "$output"
	has "depends c" "$output"
}

@test "recover: a running one is 75" {
	flyte-run -q --name live r.yaml:long 3>&- &
	pid=$!
	await slow
	run -75 flyte-run -q --recover live
	touch good
	wait $pid
}

@test "relaunch: the same again, new; given inputs take the place of the old" {
	touch good
	run -0 flyte-run -q --name first r.yaml:w n=3
	: >log
	run -0 flyte-run -q -o n --relaunch first
	equals 4 "$output"
	run -0 flyte-run -q -o n --relaunch first n=7
	equals 8 "$output"
	equals "note 3 may_fail 3 note 4 note 7 may_fail 7 note 8" "$(logged)"
	run -2 flyte-run --relaunch first nosuch=1
	run -2 flyte-run --relaunch first r.yaml:w
}

@test "relaunch: what ran is kept; the file is not read again" {
	touch good
	run -0 flyte-run -q --name first r.yaml:w n=3
	rm r.yaml
	run -0 flyte-run -q -o n --relaunch first
	equals 4 "$output"
}
