# Processes that make themselves independent of their task end with the run.
load helper

local_setup() {
	span=$(long_sleep)
	cat >l.yaml <<-EOT
	tasks:
	  leaves:
	    # It is one of its own before the task ends: else it ends with it.
	    outputs: {pid: int}
	    run: |
	      setsid sh -c 'echo \$\$ >pid && mv pid \$FLYTE_OUTPUTS/pid; exec sleep $span' >/dev/null 2>&1 </dev/null &
	      until [ -s \$FLYTE_OUTPUTS/pid ]; do sleep 0.01; done
	  child: {run: "sleep $span >/dev/null 2>&1 &"}
	  looks: {inputs: {pid: int}, outputs: {there: bool}, run: "kill -0 \$pid && echo true >\$FLYTE_OUTPUTS/there || echo false >\$FLYTE_OUTPUTS/there"}
	  hangs: {run: "setsid sleep $span & exec sleep $span"}
	workflows:
	  w:
	    nodes: {a: {task: leaves}, b: {task: looks, with: {pid: \$a.pid}}}
	    outputs: {there: \$b.there}
	  parent: {nodes: {p: {launchplan: w}}}
	  quiet: {nodes: {a: {task: child}}}
	  stopped: {nodes: {a: {task: hangs}}}
	EOT
}

@test "left: a daemon serves later nodes and ends with the run, which says so" {
	run -0 --separate-stderr flyte-run -o there l.yaml:w
	equals true "$output"
	has "ended 1 process that tasks left running" "$stderr"
	no_sleeper "$span"
	run -0 --separate-stderr flyte-run -q l.yaml:w
	equals "" "$stderr"
	no_sleeper "$span"
	run -0 --separate-stderr flyte-run l.yaml:parent
	has "ended 1 process" "$stderr"
	no_sleeper "$span"
}

@test "left: what is in the task's group ends with it, without a word" {
	run -0 --separate-stderr flyte-run l.yaml:quiet
	lacks "left running" "$stderr"
	no_sleeper "$span"
}

@test "left: flyte-exec ends it, too" {
	run -0 --separate-stderr flyte-exec l.yaml:leaves
	has "leaves: ended 1 process that it left running" "$stderr"
	no_sleeper "$span"
}

@test "left: an interrupted run leaves none" {
	flyte-run -q l.yaml:stopped 3>&- &
	pid=$!
	both_sleep() { [ "$(pgrep -fc "sleep $span")" -ge 2 ]; }
	within 30 both_sleep
	kill -INT $pid
	wait $pid || true
	no_sleeper "$span"
}

@test "left: other children of ours are none of its business" {
	other=$(long_sleep)
	sh -c "sleep $other & exec flyte-run -q l.yaml:quiet"
	pgrep -f "^sleep $other"
	kill "$(pgrep -f "^sleep $other")"
}

@test "left: what a daemon prints later is not the output of the next attempt" {
	cat >late.yaml <<-EOT
	tasks:
	  says:
	    inputs: {n: int}
	    outputs: {o: str}
	    stdout: o
	    run: |
	      wait_for() { for i in \$(seq 1000); do [ -e "\$1" ] && return; sleep 0.01; done; exit 1; }
	      if [ \$n = 1 ]; then
	        setsid sh -c ': >$PWD/up; for i in \$(seq 1000); do [ -e $PWD/go ] && break; sleep 0.01; done; echo late; : >$PWD/late' </dev/null &
	        wait_for $PWD/up
	      else
	        : >$PWD/go
	        wait_for $PWD/late
	      fi
	      echo says \$n
	workflows:
	  w:
	    nodes: {a: {task: says, with: {n: 1}}, b: {task: says, with: {n: 2}, after: [a]}, c: {task: says, with: {n: 3}, after: [b]}}
	    outputs: {o: [\$a.o, \$b.o, \$c.o]}
	EOT
	run -0 --separate-stderr flyte-run -q -j1 --plain late.yaml:w
	equals '{"o":["says 1","says 2","says 3"]}' "$output"
	[ -e late ]
}

@test "left: files of an attempt are its own, whatever the next one writes" {
	cat >own.yaml <<-EOT
	tasks:
	  t:
	    inputs: {n: int, words: str}
	    outputs: {o: str}
	    stdout: o
	    run: |
	      ln \$FLYTE_INPUTS/words $PWD/words-\$n
	      : >\$FLYTE_INPUTS/more
	      mkdir \$FLYTE_OUTPUTS/more
	      ls -A . \$FLYTE_INPUTS \$FLYTE_OUTPUTS | grep -v : | tr '\\n' ' '
	      : >here
	workflows:
	  w:
	    nodes: {a: {task: t, with: {n: 1, words: long words}}, b: {task: t, with: {n: 2, words: few}, after: [a]}}
	    outputs: {o: [\$a.o, \$b.o]}
	EOT
	run -0 --separate-stderr flyte-run -q -j1 --plain own.yaml:w
	equals '{"o":["more n words  more o","more n words  more o"]}' "${output//  more o /  more o}"
	equals "long words" "$(cat words-1)"
	equals few "$(cat words-2)"
}
