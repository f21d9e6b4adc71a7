# flyte-exec --replay: the task of any node, wherever it ran.
load helper

local_setup() {
	cat >r.yaml <<-'EOT'
	tasks:
	  dbl: {inputs: {n: int}, outputs: {o: int}, run: 'echo $((n * 2)) >$FLYTE_OUTPUTS/o'}
	  dyn:
	    dynamic: true
	    inputs: {n: int}
	    outputs: {o: int}
	    run: |
	      cat >$FLYTE_DYNAMIC <<EOS
	      tasks:
	        own: {inputs: {n: int}, outputs: {o: int}, jq: .n * 10}
	      nodes:
	        a: {task: own, with: {n: $n}}
	        b: {task: dbl, with: {n: \$a.o}}
	        c: {workflow: inner, with: {n: \$b.o}}
	        l: {launchplan: inner, with: {n: \$c.o}}
	        m: {map: dbl, with: {n: [\$l.o, 3]}}
	        s:
	          switch:
	            - {if: \$a.o > 1, task: dbl, with: {n: 5}}
	            - {task: own, with: {n: 6}}
	      outputs: {o: \$s.o}
	      EOS
	  bad: {inputs: {n: int}, run: exit 3}
	  slow: {inputs: {n: int}, outputs: {o: int}, run: 'sleep 3; echo $n >$FLYTE_OUTPUTS/o'}
	  sorry: {inputs: {n: int}, outputs: {o: int}, run: 'echo $((n + 1000)) >$FLYTE_OUTPUTS/o'}
	workflows:
	  inner:
	    inputs: {n: int}
	    nodes: {d: {task: dbl, with: {n: $n}}}
	    outputs: {o: $d.o}
	  outer:
	    inputs: {n: int}
	    nodes:
	      l: {launchplan: inner, with: {n: $n}}
	      m: {map: {launchplan: inner}, with: {n: [1, 2]}}
	    outputs: {o: $l.o}
	  w:
	    inputs: {n: int}
	    nodes:
	      d: {task: dyn, with: {n: $n}}
	      e: {map: dyn, with: {n: [1, 2]}}
	      p: {launchplan: outer, with: {n: $n}}
	      f: {task: bad, with: {n: $n}, after: [d, e, p]}
	    on_failure: {task: sorry, with: {n: $n}}
	  timed:
	    inputs: {n: int}
	    nodes: {s: {task: slow, with: {n: $n}, timeout: 100ms}}
	EOT
}

# replayed NODE VALUE: of the execution r
replayed() {
	run -0 --separate-stderr flyte-exec -o o --replay "r/$1"
	equals "$1 $2" "$1 $output"
}

@test "replay: what dynamic tasks made, children, failure nodes" {
	run -1 flyte-run -q --name r r.yaml:w n=3
	replayed d/a 30
	replayed d/0/b 60
	replayed d/c/d 120
	replayed d/m/n0 480
	replayed d/s/s-n0 10
	replayed d/0/s/0/s-n0 10
	replayed e/n1/a 20
	replayed e/0/n1/0/c/0/d 80
	# executions that nodes launched, and those that they did
	replayed d/l/d 240
	replayed p/l/d 6
	replayed p/0/m/0/n1/0/d 4
	replayed fn0 1003
	run -5 --separate-stderr flyte-exec --replay r/p/nope
	has "nope: no such node" "$stderr"
	for n in p e d/c d/l; do
		run -2 --separate-stderr flyte-exec --replay "r/$n"
		has "is not a node that runs a task" "$stderr"
	done
}

@test "replay: a dynamic task shows what it wrote" {
	run -1 flyte-run -q --name r r.yaml:w n=3
	run -0 --separate-stderr flyte-exec --replay r/e/n1
	has "a: {task: own, with: {n: 2}}" "$output"
	has "which flyte-run runs" "$stderr"
	run -0 --separate-stderr flyte-exec -q r.yaml:dyn n=7
	has "a: {task: own, with: {n: 7}}" "$output"
	equals "" "$stderr"
	run -6 --separate-stderr flyte-exec -o o --replay r/d
	has "has no outputs yet" "$stderr"
}

@test "replay: the node's own timeout holds, and another if given" {
	run -1 flyte-run -q --name t r.yaml:timed n=3
	run -124 flyte-exec --replay t/s
	run -0 flyte-exec -o o --replay t/s --timeout 20s
	equals 3 "$output"
}

@test "replay: --shell inside a dynamic graph" {
	run -1 flyte-run -q --name r r.yaml:w n=3
	export SHELL=/bin/sh
	run -7 --separate-stderr flyte-exec --replay r/d/c/d --shell \
		<<<'echo "$n"; exit 7'
	equals 60 "$output"
}

@test "replay: --with has other text for what the task runs" {
	run -1 flyte-run -q --name r r.yaml:w n=3
	mkdir new
	run -2 flyte-exec --replay r/d/c/d --with new
	has "expected a file called dbl, such as dbl.sh" "$output"
	run -2 flyte-exec --replay r/d/a --with new
	has "such as own.jq" "$output"
	echo 'echo $((n * 100)) >$FLYTE_OUTPUTS/o' >new/dbl.sh
	echo '.n * 7' >new/own.jq
	run -0 flyte-exec -o o --replay r/d/c/d --with new
	equals 6000 "$output"
	run -0 flyte-exec -o o --replay r/d/a --with new n=3
	equals 21 "$output"
	: >new/dbl.py
	run -2 flyte-exec --replay r/d/c/d --with new
	has "could be the text of task dbl" "$output"
	printf 'a\0b' >new/bad
	run -2 flyte-exec --replay r/f --with new
	has "given a NUL byte" "$output"
	cat >c.yaml <<-'EOT'
	tasks: {c: {outputs: {o: str}, stdout: o, command: [echo, hi]}}
	workflows: {w: {nodes: {c: {task: c}}}}
	EOT
	flyte-run -q --name c c.yaml:w
	run -2 flyte-exec --replay c/c --with new
	has "its command is part of it" "$output"
}

@test "replay: --with has other code for what is registered, too" {
	mkdir lib new new/lib
	echo 'echo old >"$FLYTE_OUTPUTS/o"' >lib/step
	echo 'echo new >"$FLYTE_OUTPUTS/o"' >new/lib/step
	cat >l.yaml <<-'EOT'
	tasks:
	  t: {outputs: {o: str}, files: [lib/step], run: . "$FLYTE_CODE/lib/step"}
	workflows:
	  w: {nodes: {a: {task: t}}}
	EOT
	flyte-register --as v1 l.yaml
	flyte-run -q --name l w
	run -0 flyte-exec -o o --replay l/a
	equals old "$output"
	run -0 flyte-exec -o o --replay l/a --with new
	equals new "$output"
}
