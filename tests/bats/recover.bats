# flyte-run --recover: what would be done just so again is taken over.
load helper

local_setup() {
	export LOG=$PWD/log GOOD=$PWD/good
	: >log
	cat >r.yaml <<-'EOT'
	tasks:
	  inc: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: "echo inc $n >>$LOG; echo $((n + 1)) >$FLYTE_OUTPUTS/m"}
	  half: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: "echo half $n >>$LOG; echo $((n / 2)) >$FLYTE_OUTPUTS/m"}
	  may: {pass_env: [LOG, GOOD], inputs: {n: int}, outputs: {m: int}, run: "echo may $n >>$LOG; [ $n != 3 ] || [ -e $GOOD ]; echo $n >$FLYTE_OUTPUTS/m"}
	workflows:
	  sub:
	    inputs: {n: int}
	    nodes: {s: {task: inc, with: {n: $n}}, t: {task: may, with: {n: $s.m}}}
	    outputs: {m: $t.m}
	  line:
	    inputs: {n: int}
	    nodes:
	      a: {task: half, with: {n: $n}}
	      b: {task: inc, with: {n: $a.m}}
	      c: {task: inc, with: {n: $b.m}}
	    outputs: {m: $c.m}
	  nested:
	    inputs: {n: int}
	    nodes: {s: {workflow: sub, with: {n: $n}}, z: {task: inc, with: {n: $s.m}}}
	    outputs: {m: $z.m}
	  launched:
	    inputs: {n: int}
	    nodes: {p: {launchplan: sub, with: {n: $n}}, z: {task: inc, with: {n: $p.m}}}
	    outputs: {m: $z.m}
	  map:
	    inputs: {l: list(int)}
	    nodes: {m: {map: may, with: {n: $l}, concurrency: 1}}
	    outputs: {m: $m.m}
	  switch:
	    inputs: {n: int}
	    nodes:
	      b:
	        switch:
	          - {if: $n > 5, task: inc, with: {n: $n}}
	          - {task: inc, with: {n: 1}}
	      c: {task: may, with: {n: 3}, after: [b]}
	    outputs: {m: $b.m}
	  skips:
	    failure_policy: fail_after_executable_nodes_complete
	    inputs: {n: int}
	    nodes:
	      a: {task: may, with: {n: $n}}
	      b: {task: inc, with: {n: $a.m}}
	      free: {task: inc, with: {n: 10}}
	    outputs: {m: $b.m}
	EOT
}

logged() {
	echo $(sort log)
	: >log
}

recover() {
	run -0 --separate-stderr flyte-run -v --plain "$@"
	flyte-ctl fsck -q
}

@test "recover: inputs that are others run again, until results are the same" {
	flyte-run -q --name f r.yaml:line n=4
	logged
	recover --recover f n=5
	equals '{"m":4}' "$output"
	equals "half 5" "$(logged)"
	has "a: runs: input n differs: 5, was 4 in default/development/f/a" "$stderr"
	has "b: recovered" "$stderr"
	recover --recover f n=6
	equals "half 6 inc 3 inc 4" "$(logged)"
}

@test "recover: a task that has changed runs again" {
	flyte-run -q --name f r.yaml:line n=4
	logged
	recover --recover f r.yaml:line
	equals "" "$(logged)"
	sed -i 's/n \/ 2/(n + 1) \/ 2/' r.yaml
	recover --recover f r.yaml:line
	equals "half 4" "$(logged)"
	has "a: runs: command differs: " "$stderr"
	recover --recover f
	equals "" "$(logged)"
	recover --recover f r.yaml:line n=7
	equals "half 7 inc 4 inc 5" "$(logged)"
}

@test "recover: another version of what is registered" {
	flyte-register -p p --as v1 r.yaml
	flyte-run -q -p p --name f line@v1 n=4
	logged
	sed -i 's/n + 1))/n + 1 ))/' r.yaml
	flyte-register -p p --as v2 r.yaml
	recover -p p --recover f line@v2
	equals "inc 2 inc 3" "$(logged)"
}

@test "recover: sub-workflows are looked into" {
	run -1 flyte-run -q --name f r.yaml:nested n=2
	logged
	touch good
	run -0 flyte-run -n --recover f
	has "recover s/s" "$output"
	has "run     s/t  (it failed then)" "$output"
	has "depends z" "$output"
	recover --recover f
	equals '{"m":4}' "$output"
	equals "inc 3 may 3" "$(logged)"
	recover --recover last --force s/0/s
	equals "inc 2" "$(logged)"
}

@test "recover: executions that were launched are recovered too" {
	run -1 flyte-run -q --name f r.yaml:launched n=2
	logged
	touch good
	run -0 flyte-run -n --recover f
	has "recover p > s" "$output"
	has "run     p > t  (it failed then)" "$output"
	recover --recover f
	equals '{"m":4}' "$output"
	equals "inc 3 may 3" "$(logged)"
	recover --recover last
	equals "" "$(logged)"
}

@test "recover: elements of a map, each for itself" {
	run -1 flyte-run -q --name f r.yaml:map 'l=[1,2,3,4]'
	logged
	touch good
	recover --recover f
	equals '{"m":[1,2,3,4]}' "$output"
	equals "may 3 may 4" "$(logged)"
	recover --recover last 'l=[1,2,5,4,9]'
	equals "may 5 may 9" "$(logged)"
}

@test "recover: a branch is taken anew" {
	run -1 flyte-run -q --name f r.yaml:switch n=1
	logged
	touch good
	recover --recover f
	equals "may 3" "$(logged)"
	recover --recover f n=9
	equals '{"m":10}' "$output"
	equals "inc 9 may 3" "$(logged)"
}

@test "recover: what was skipped runs" {
	run -1 flyte-run -q --name f r.yaml:skips n=3
	equals "inc 10 may 3" "$(logged)"
	touch good
	recover --recover f
	equals "inc 3 may 3" "$(logged)"
	has "b: runs: it was skipped then" "$stderr"
}

@test "recover: a cached task that is asked for really runs" {
	sed -i 's/  inc: {/  inc: {cache: "1", /' r.yaml
	flyte-run -q --name f r.yaml:line n=4
	logged
	recover --recover f --force b
	equals "inc 2" "$(logged)"
}

@test "recover: killed and resumed it still recovers" {
	sed -i 's/^workflows:/  slow: {pass_env: [LOG], inputs: {n: int}, run: "echo slow >>$LOG; [ $(grep -c slow $LOG) != 2 ] || sleep 100"}\n&/' r.yaml
	cat >>r.yaml <<-'EOT'
	  two:
	    inputs: {n: int}
	    nodes: {a: {task: slow, with: {n: $n}}, b: {task: inc, with: {n: $n}, after: [a]}, c: {task: inc, with: {n: 7}, after: [b]}}
	    outputs: {m: $b.m}
	EOT
	flyte-run -q --name f r.yaml:two n=1
	flyte-run -q --name k --recover f --force a 3>&- &
	pid=$!
	twice() { [ "$(grep -c slow log)" = 2 ]; }
	within 30 twice
	kill -9 $pid
	wait $pid || true
	run -0 flyte-run -q --resume k
	equals "inc 1 inc 7 slow slow slow" "$(logged)"
	flyte-ctl fsck -q
}

@test "recover: what is taken over whole is said, before and after" {
	cat >>r.yaml <<-'EOT'
	  whole:
	    inputs: {n: int}
	    nodes:
	      s: {workflow: sub, with: {n: $n}}
	      p: {launchplan: sub, with: {n: $n}}
	      m: {map: inc, with: {n: [1, 2]}}
	      g: {gate: {sleep: 10ms}}
	      f: {task: may, with: {n: 3}, after: [s, p, m, g]}
	    outputs: {m: $s.m}
	EOT
	run -1 flyte-run -q --name f r.yaml:whole n=1
	touch good
	run -0 flyte-run -n --recover f
	equals "1 to run, 4 to reuse
recover g  (from default/development/f/g)
recover m  (from default/development/f/m)
recover p  (from default/development/f/p)
recover s  (from default/development/f/s)
run     f  (it failed then)" "$(sort <<<"$output")"
	recover --recover f
	has "1 ran, 4 recovered" "$stderr"
}

@test "recover: bad requests" {
	run -5 flyte-run --recover nosuch
	flyte-run -q --name f r.yaml:line n=4
	run -5 flyte-run --recover f --force nosuch
	run -2 flyte-run --recover f nosuch=1
	run -5 flyte-run --recover f r.yaml:nosuch
	echo 'tasks: {' >bad.yaml
	run -3 flyte-run --recover f bad.yaml:w
	run -2 flyte-run --relaunch f r.yaml:line
}

@test "recover: what a launch plan fixes is not to be given, and is its own" {
	cat >fix.yaml <<-'EOF'
	tasks:
	  add: {inputs: {a: int, b: int}, outputs: {o: int}, jq: .a + .b}
	workflows:
	  w: {inputs: {a: int, b: int}, nodes: {x: {task: add, with: {a: $a, b: $b}}}, outputs: {o: $x.o}}
	launchplans:
	  p: {workflow: w, fixed: {a: 1}}
	EOF
	flyte-register -q -p fix --as v1 fix.yaml
	run -0 flyte-run -q -p fix --name f p b=10 -o o
	equals 11 "$output"
	run -2 flyte-run --recover f a=2
	equals "flyte-run: input a: is fixed by the launch plan" "$output"
	run -2 flyte-run --relaunch f a=2
	run -0 flyte-run -q --recover f b=20 -o o
	equals 21 "$output"
	sed -i 's/fixed: {a: 1}/fixed: {a: 3}/' fix.yaml
	flyte-register -q -p fix --as v2 fix.yaml
	run -0 flyte-run -q -p fix --recover f p -o o
	equals 13 "$output"
}

# A dynamic task reruns when what it made would be done otherwise, no sooner.
dynamic_spec() {
	cat >d.yaml <<-'EOT'
	tasks:
	  inc: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: "echo inc $n >>$LOG; echo $((n + 1)) >$FLYTE_OUTPUTS/m"}
	  may: {pass_env: [LOG, GOOD], inputs: {n: int}, outputs: {m: int}, run: "echo may $n >>$LOG; [ $n != 3 ] || [ -e $GOOD ]; echo $n >$FLYTE_OUTPUTS/m"}
	  last: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: "echo last $n >>$LOG; echo $n >$FLYTE_OUTPUTS/m"}
	  dyn:
	    dynamic: true
	    pass_env: [LOG]
	    inputs: {n: int}
	    outputs: {m: int}
	    run: |
	      echo dyn >>$LOG
	      cat >$FLYTE_DYNAMIC <<EOS
	      tasks: {own: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: 'echo own \$n >>\$LOG; echo \$n >\$FLYTE_OUTPUTS/m'}}
	      nodes:
	        o: {task: own, with: {n: $n}}
	        a: {task: inc, with: {n: \$o.m}}
	        m: {task: may, with: {n: \$a.m}}
	      outputs: {m: \$m.m}
	      EOS
	workflows:
	  w:
	    inputs: {n: int}
	    nodes:
	      d: {task: dyn, with: {n: $n}}
	      l: {task: last, with: {n: $d.m}}
	    outputs: {m: $l.m}
	EOT
}

@test "recover: a dynamic task only reruns when what it made has changed" {
	dynamic_spec
	flyte-run -q --name f d.yaml:w n=1
	equals "dyn inc 1 last 2 may 2 own 1" "$(logged)"
	# something else
	sed -i 's/echo last \$n/echo last $n !/' d.yaml
	run -0 flyte-run -n --recover f d.yaml:w
	has "recover d" "$output"
	has "run     l  (command differs: " "$output"
	recover --recover f d.yaml:w
	equals "last 2 !" "$(logged)"
	# a task that it names: the spec is made again, then what differs
	sed -i 's/echo inc \$n/echo inc $n !/' d.yaml
	recover --recover f d.yaml:w
	has "d: runs: what it runs has changed" "$stderr"
	has "d/o: recovered" "$stderr"
	has "d/a: runs: command differs: " "$stderr"
	has "d/m: recovered" "$stderr"
	equals "dyn inc 1 ! last 2 !" "$(logged)"
	# itself
	sed -i 's/echo dyn/echo dyn !/' d.yaml
	recover --recover f d.yaml:w
	has "d: runs: command differs: " "$stderr"
	equals "dyn ! inc 1 ! last 2 !" "$(logged)"
}

@test "recover: what failed inside a dynamic task runs as it is now" {
	dynamic_spec
	run -1 flyte-run -q --name f d.yaml:w n=2
	equals "dyn inc 2 may 3 own 2" "$(logged)"
	sed -i 's/\[ \$n != 3 \] ||.*GOOD \];/echo mended >>$LOG;/' d.yaml
	recover --recover f d.yaml:w
	equals '{"m":3}' "$output"
	equals "dyn last 3 may 3 mended" "$(logged)"
}

@test "recover: a dynamic task that launches is taken as it is, or its executions are" {
	dynamic_spec
	cat >>d.yaml <<-'EOT'
	  sub:
	    inputs: {n: int}
	    nodes: {a: {task: inc, with: {n: $n}}}
	    outputs: {m: $a.m}
	EOT
	sed -i 's/m: {task: may, with: {n: \\$a.m}}/m: {launchplan: sub, with: {n: \\$a.m}}/' d.yaml
	flyte-run -q --name f d.yaml:w n=1
	equals "dyn inc 1 inc 2 last 3 own 1" "$(logged)"
	recover --recover f d.yaml:w
	equals "" "$(logged)"
	sed -i 's/echo last \$n/echo last $n !/' d.yaml
	recover --recover f d.yaml:w
	equals "dyn last 3 !" "$(logged)"
}
