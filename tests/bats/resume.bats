# flyte-run --resume after kill -9: what completed does not run again, attempts
# never overlap, nothing is left behind.
load helper

local_setup() {
	export LOG=$PWD/log LONG
	LONG=$(long_sleep)
	: >log
	cat >r.yaml <<-'EOT'
	tasks:
	  step:
	    inputs: {n: int, name: str}
	    outputs: {n: int}
	    pass_env: [LOG]
	    run: |
	      last=$(cat $LOG.$name 2>/dev/null || echo none)
	      case $(sed 's/.*) //;s/ .*//' /proc/$last/stat 2>/dev/null) in
	      ""|Z|X) ;;
	      *) echo OVERLAP $name >>$LOG ;;
	      esac
	      echo $$ >$LOG.$name
	      echo start $name >>$LOG
	      sleep 0.03
	      echo $((n + 1)) >$FLYTE_OUTPUTS/n
	  slow:
	    outputs: {n: int}
	    pass_env: [LOG, LONG]
	    run: |
	      echo start slow >>$LOG
	      sleep $LONG &
	      [ $(grep -c slow $LOG) -gt 1 ] || wait
	      echo 1 >$FLYTE_OUTPUTS/n
	workflows:
	  sub:
	    inputs: {n: int}
	    nodes:
	      x: {task: step, with: {n: $n, name: x}}
	      y: {task: step, with: {n: $x.n, name: y}}
	    outputs: {n: $y.n}
	  w:
	    nodes:
	      a: {task: step, with: {n: 0, name: a}}
	      b: {task: step, with: {n: $a.n, name: b}}
	      c: {task: step, with: {n: $a.n, name: c}}
	      s: {workflow: sub, with: {n: $b.n}}
	      d: {task: step, with: {n: $s.n, name: d}, after: [c]}
	      e: {task: step, with: {n: $d.n, name: e}}
	    outputs: {n: $e.n}
	  one: {nodes: {a: {task: slow}}, outputs: {n: $a.n}}
	EOT
}

journal() {
	echo "$FLYTE_HOME"/executions/default/development/*/"$1"/journal
}

# Names of the tasks that the journal calls done.
done_in() {
	sed -n 's/.*"r": "node", "p": "\([^"]*\)", "s": "SUCCEEDED".*/\1/p' \
		"$(journal "$1")" 2>/dev/null | sed 's,.*/,,' | grep -v '^s$' || true
}

# Lets a new process go on with the execution ID; $2... is the command.
# Whatever was done before it must not start again in it.
check_not_again() { # FROM-LINE DONE...
	local from=$1 name
	shift
	for name; do
		! tail -n "+$((from + 1))" log | grep -q "start $name\$" || {
			echo "$name was done and ran again"
			return 1
		}
	done
}

# The run called k is killed after each of the delays, then goes on to its end.
killed_after() {
	local delay before from
	flyte-run -q -j 2 --name k r.yaml:w >/dev/null 2>&1 3>&- &
	sleep "$1"
	kill -9 $! 2>/dev/null || true
	wait $! 2>/dev/null || true
	shift
	for delay; do
		before=$(done_in k) from=$(wc -l <log)
		flyte-run -q -j 2 --name k r.yaml:w >/dev/null 2>&1 3>&- &
		sleep "$delay"
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		check_not_again "$from" $before
	done
	before=$(done_in k) from=$(wc -l <log)
	run -0 flyte-run -q -o n --name k r.yaml:w
	equals 6 "$output"
	check_not_again "$from" $before
	run -1 grep OVERLAP log
}

@test "resume: killed at many instants" {
	for t in 0 0.004 0.008 0.012 0.02 0.03 0.05 0.07 0.09 0.12 0.15 0.2; do
		rm -rf "$FLYTE_HOME" log.*
		: >log
		killed_after $t
	done
}

@test "resume: killed again and again" {
	killed_after 0.05 0.01 0.05 0.02 0.06 0.005 0.07
}

@test "resume: killed after each record of the journal" {
	for lines in 1 2 3 4 6 8 10 13 16 20; do
		rm -rf "$FLYTE_HOME" log.*
		: >log
		flyte-run -q -j 2 --name k r.yaml:w >/dev/null 2>&1 3>&- &
		for _ in $(seq 500); do
			[ ! -e "$(journal k)" ] ||
				[ "$(wc -l <"$(journal k)")" -lt "$lines" ] || break
		done
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		before=$(done_in k) from=$(wc -l <log)
		run -0 flyte-run -q -o n --resume last
		equals 6 "$output"
		check_not_again "$from" $before
		run -1 grep OVERLAP log
	done
}

@test "resume: a journal cut at every record and in the middle of one" {
	run -0 flyte-run -q --name k r.yaml:w
	cp "$(journal k)" whole
	for lines in $(seq 1 3 "$(wc -l <whole)"); do
		: >log
		{ head -n "$lines" whole; printf '0badc0de 99 17'; } >"$(journal k)"
		before=$(done_in k)
		run -0 flyte-run -q -o n --resume k
		equals 6 "$output"
		check_not_again 0 $before
		run -1 grep 0badc0de "$(journal k)"
	done
}

@test "resume: what the dead run left is ended, with its children, and said" {
	flyte-run -q --name k r.yaml:one 3>&- &
	within 30 [ -s log ]
	kill -9 $!
	wait $! || true
	pgrep -f "sleep $LONG" >/dev/null
	run -0 --separate-stderr flyte-run -o n --resume last
	equals 1 "$output"
	has "left by an earlier run" "$stderr"
	no_sleeper "$LONG"
}

@test "resume: the same name in another home is not touched" {
	flyte-run -q --name k r.yaml:one 3>&- &
	pid=$!
	within 30 [ -s log ]
	mkdir other
	cp -a "$FLYTE_HOME" other/home
	run -0 env FLYTE_HOME="$PWD/other/home" flyte-run -q -o n --resume last
	kill -0 $pid
	pgrep -f "sleep $LONG" >/dev/null
	kill -INT $pid
	wait $pid || true
}

@test "resume: a damaged line in the middle is 7, with the path; nothing is lost" {
	damaged=1
	run -0 flyte-run -q --name k r.yaml:w
	sed -i '3s/RUNNING/RUNNINK/' "$(journal k)"
	cp "$(journal k)" before
	: >log
	run -7 --separate-stderr flyte-run -q --resume k
	equals "" "$output"
	has "$(journal k)" "$stderr"
	run -7 flyte-run -q --name k r.yaml:w
	run -7 flyte-run -q --recover k
	cmp before "$(journal k)"
	equals "" "$(cat log)"
}

@test "resume: by two at once, one goes on and the other gets 75" {
	flyte-run -q --name k r.yaml:w >/dev/null 2>&1 3>&- &
	within 30 [ -s log ]
	kill -9 $!
	wait $! || true
	s1=0 s2=0
	flyte-run -q --resume k >o1 2>e1 3>&- &
	flyte-run -q --resume k >o2 2>e2 3>&- || s2=$?
	wait $! || s1=$?
	case "$s1 $s2" in
	"0 75" | "75 0" | "0 0") ;;
	*) cat e1 e2; false ;;
	esac
	run -1 grep OVERLAP log
}

@test "resume: --durable runs the same way" {
	run -0 flyte-run -q -o n --durable r.yaml:w
	equals 6 "$output"
}

@test "resume: a damaged long literal ends it, nothing runs twice, recover goes on" {
	damaged=1
	cat >l.yaml <<-'EOT'
	tasks:
	  long: {inputs: {n: int}, outputs: {o: str}, jq: '"x" * .n'}
	  late: {inputs: {s: str}, outputs: {n: int}, stdout: n, pass_env: [LOG], run: "[ -e $LOG.go ] || kill -9 $PPID; printf %s $s | wc -c"}
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: long, with: {n: $n}}, c: {task: late, with: {s: $a.o}}}
	    outputs: {n: $c.n, o: $a.o}
	EOT
	flyte-run -q --name k l.yaml:w n=20000 || :
	lit=$(echo "$FLYTE_HOME"/executions/*/*/*/k/literals/*)
	chmod u+w "$lit"
	printf y | dd of="$lit" bs=1 seek=100 conv=notrunc status=none
	touch log.go
	run -7 flyte-run --resume k
	has "damaged" "$output"
	has "--recover k" "$output"
	equals 1 "$(grep -c '"r": "start", "p": "a"' "$FLYTE_HOME"/executions/*/*/*/k/journal)"
	run -0 flyte-show k
	has "interrupted" "$output"
	run -0 flyte-run -n --recover k
	has "its inputs or outputs of then cannot be read" "$output"
	run -0 flyte-run -q --recover k -o n
	equals 20000 "$output"
	# A finished one still shows what is whole.
	lit=$(echo "$FLYTE_HOME/executions/$(sed 's,/[^/]*$,,' "$FLYTE_HOME/executions/last")"/*/"$(sed 's,.*/,,' "$FLYTE_HOME/executions/last")"/literals/*)
	rm -f "$lit"
	run -7 flyte-show last
	has "succeeded" "$output"
}

@test "resume: an execution that is removed while it runs is told to be" {
	cat >s.yaml <<-'EOT'
	tasks:
	  a: {outputs: {o: int}, stdout: o, pass_env: [VICTIM], run: 'rm -rf $VICTIM/executions/*/*/*/gone; echo 1'}
	workflows:
	  w: {nodes: {a: {task: a}, b: {task: a, after: [a]}}, outputs: {o: $a.o}}
	EOT
	VICTIM=$FLYTE_HOME run -8 flyte-run --name gone s.yaml:w
	has "was removed while the execution ran" "$output"
}
