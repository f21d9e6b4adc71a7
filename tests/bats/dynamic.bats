# Dynamic tasks: specs that programs write while the workflow runs.
load helper

local_setup() {
	export LOG=$PWD/log
	: >log
	cat >d.yaml <<-'EOT'
	tasks:
	  inc: {pass_env: [LOG, SLOW], inputs: {n: int}, outputs: {m: int}, run: "echo inc $n >>$LOG; sleep ${SLOW:-0}; echo $((n + 1)) >$FLYTE_OUTPUTS/m"}
	  dyn: &dyn
	    dynamic: true
	    pass_env: [LOG, SPEC]
	    inputs: {n: int}
	    outputs: {m: int}
	    run: 'echo dyn $n >>$LOG; [ -z "$SPEC" ] || cat "$SPEC" >$FLYTE_DYNAMIC; echo 7 >$FLYTE_OUTPUTS/m'
	  cached:
	    dynamic: true
	    cache: "1"
	    pass_env: [LOG, SPEC]
	    inputs: {n: int}
	    outputs: {m: int}
	    run: 'echo dyn $n >>$LOG; cat "$SPEC" >$FLYTE_DYNAMIC'
	  endless:
	    dynamic: true
	    inputs: {n: int}
	    outputs: {m: int}
	    run: 'printf "nodes: {e: {task: endless, with: {n: %s}}}\noutputs: {m: \$e.m}\n" $n >$FLYTE_DYNAMIC'
	workflows:
	  sub:
	    inputs: {n: int}
	    nodes: {a: {task: inc, with: {n: $n}}}
	    outputs: {m: $a.m}
	  w:
	    inputs: {n: int}
	    nodes: {d: {task: dyn, with: {n: $n}}}
	    outputs: {m: $d.m}
	  each:
	    nodes: {d: {map: dyn, with: {n: [1, 2]}}}
	    outputs: {m: $d.m}
	launchplans:
	  fixed: {workflow: sub, fixed: {n: 50}}
	EOT
	export SPEC=$PWD/spec
}

spec() {
	cat >spec
}

@test "dynamic: without a spec its outputs count" {
	SPEC='' run -0 --separate-stderr flyte-run -q -o m d.yaml:w n=1
	equals 7 "$output"
}

@test "dynamic: YAML and JSON, tasks of its own, of the execution, of the file" {
	spec <<-'EOT'
	tasks:
	  own: {inputs: {n: int}, outputs: {m: int}, jq: .n * 10}
	nodes:
	  a: {task: own, with: {n: 1}}
	  b: {task: inc, with: {n: $a.m}}
	  c: {workflow: sub, with: {n: $b.m}}
	  d: {launchplan: fixed, after: [c]}
	  e: {map: own, with: {n: [$c.m, $d.m]}}
	outputs: {m: $e.m.1}
	EOT
	run -0 --separate-stderr flyte-run -q -o m --name y d.yaml:w n=1
	equals 510 "$output"
	echo '{"nodes": {"a": {"task": "inc", "with": {"n": 4}}}, "outputs": {"m": "$a.m"}}' |
		spec
	run -0 --separate-stderr flyte-run -q -o m d.yaml:w n=1
	equals 5 "$output"
	run -0 flyte-show --json y
	equals '"dynamic"' "$(echo "$output" | jq '.nodes[] | select(.node == "d").kind')"
	flyte-ctl fsck -q
}

@test "dynamic: a file with one workflow" {
	spec <<-'EOT'
	tasks:
	  own: {inputs: {n: int}, outputs: {m: int}, jq: .n * 10}
	  sad: {run: exit 1}
	  sorry: {pass_env: [LOG], run: "echo sorry >>$LOG"}
	workflows:
	  whole:
	    nodes:
	      a: {task: own, with: {n: 1}}
	      b: {task: inc, with: {n: $a.m}}
	      c: {workflow: sub, with: {n: $b.m}}
	    outputs: {m: $c.m}
	    on_failure: {task: sorry}
	EOT
	run -0 --separate-stderr flyte-run -q -o m --name y d.yaml:w n=1
	equals 12 "$output"
	run -0 flyte-show y
	has "whole  " "$output"
	sed -i 's/      c: {workflow/      x: {task: sad, after: [b]}\n      c: {after: [x], workflow/' spec
	: >log
	run -1 flyte-run -q d.yaml:w n=1
	equals "dyn 1 inc 10 sorry " "$(tr '\n' ' ' <log)"
	# constants have the types of the task's outputs
	echo '{"workflows": {"w": {"nodes": {"a": {"task": "inc", "with": {"n": 1}}}, "outputs": {"m": 77}}}}' | spec
	run -0 --separate-stderr flyte-run -q -o m d.yaml:w n=1
	equals 77 "$output"
	flyte-ctl fsck -q
}

@test "dynamic: a file with more, or with inputs, is refused by place" {
	spec <<-'EOT'
	workflows:
	  one: {nodes: {a: {task: inc, with: {n: 1}}}, outputs: {m: $a.m}}
	  two: {nodes: {a: {workflow: one}}, outputs: {m: $a.m}}
	EOT
	run -1 --separate-stderr flyte-run -q d.yaml:w n=1
	has '$FLYTE_DYNAMIC:3:3: error: ' "$stderr"
	has 'which of them is to run? one workflow is expected, given 2' "$stderr"
	has 'write what is to run as nodes: and outputs: beside workflows:' "$stderr"
	spec <<-'EOT'
	workflows:
	  one: {inputs: {n: int}, nodes: {a: {task: inc, with: {n: $n}}}, outputs: {m: $a.m}}
	EOT
	run -1 --separate-stderr flyte-run -q d.yaml:w n=1
	has 'inputs: nothing gives them values' "$stderr"
	echo 'workflows: {one: {nodes: {a: {task: inc, with: {n: 1}}}, outputs: {m: $a.m}}}
	launchplans: {p: {workflow: one}}' | spec
	run -1 --separate-stderr flyte-run -q d.yaml:w n=1
	has 'launchplans' "$stderr"
	# the whole of it again, when it is looked at later
	run -1 --separate-stderr flyte-run --resume last
	has 'launchplans' "$stderr"
	has '    | ' "$stderr"
}

@test "dynamic: what is registered can be named" {
	flyte-register -p lib --as v1 d.yaml
	spec <<-'EOT'
	nodes:
	  a: {task: lib/development/inc@v1, with: {n: 1}}
	  b: {launchplan: lib/development/sub, with: {n: $a.m}}
	outputs: {m: $b.m}
	EOT
	run -0 --separate-stderr flyte-run -q -o m d.yaml:w n=1
	equals 3 "$output"
	run -0 --separate-stderr flyte-run -q -o m -p lib w n=1
	equals 3 "$output"
}

@test "dynamic: faults are told by their place, nothing of it runs" {
	spec <<-'EOT'
	nodes:
	  a: {task: nosuch, with: {n: 1}}
	  b: {task: inc, with: {n: text}}
	outputs: {m: $b.m}
	EOT
	run -1 --separate-stderr flyte-run -q d.yaml:w n=1
	has '$FLYTE_DYNAMIC:2:13: error: bad reference: no task is called "nosuch"' "$stderr"
	has '$FLYTE_DYNAMIC:3:28: error: bad value: input "n": expected int, given "text"' "$stderr"
	equals "dyn 1" "$(cat log)"
	run -0 flyte-show --json last
	has DynamicWorkflowBuildFailed "$output"
	for text in '' '[]' 'nodes: {a: {task: inc, with: {n: 1}}}' \
		'{"nodes": {"a": {"task": "inc", "with": {"n": 1}}}, "outputs": {"x": "$a.m"}}' \
		'{"nodes": {"a": {"task": "inc", "with": {"n": "$b.m"}},
		  "b": {"task": "inc", "with": {"n": "$a.m"}}}, "outputs": {"m": "$a.m"}}' \
		'nodes: {' "$(printf '\xff')"; do
		printf %s "$text" | spec
		run -1 flyte-run -q d.yaml:w n=1
		has "node d failed" "$output"
	done
	flyte-ctl fsck -q
}

@test "dynamic: outputs of another type than the task's are refused" {
	spec <<-'EOT'
	tasks:
	  text: {outputs: {m: str}, jq: '"x"'}
	nodes: {a: {task: text}}
	outputs: {m: $a.m}
	EOT
	run -1 flyte-run -q d.yaml:w n=1
	has "node d failed" "$output"
	has "int" "$output"
}

@test "dynamic: one without end is ended" {
	run -1 flyte-run -q d.yaml:endless n=1
	has "nested deeper than" "$output"
	flyte-ctl fsck -q
}

@test "dynamic: as elements of a map" {
	spec <<-'EOT'
	nodes: {a: {task: inc, with: {n: 4}}}
	outputs: {m: $a.m}
	EOT
	run -0 --separate-stderr flyte-run -q --plain d.yaml:each
	equals '{"m":[5,5]}' "$output"
	flyte-ctl fsck -q
}

@test "dynamic: cached as a whole" {
	spec <<-'EOT'
	nodes: {a: {task: inc, with: {n: 4}}}
	outputs: {m: $a.m}
	EOT
	run -0 --separate-stderr flyte-run -q -o m d.yaml:cached n=1
	equals 5 "$output"
	: >log
	run -0 --separate-stderr flyte-run -q -o m d.yaml:cached n=1
	equals 5 "$output"
	equals "" "$(cat log)"
}

@test "dynamic: killed inside it goes on with the graph that was written" {
	spec <<-'EOT'
	tasks:
	  own: {inputs: {n: int}, outputs: {m: int}, jq: .n * 10}
	nodes:
	  a: {task: inc, with: {n: 4}}
	  b: {task: inc, with: {n: $a.m}}
	  c: {launchplan: fixed, after: [b]}
	  d: {task: own, with: {n: $c.m}}
	outputs: {m: $d.m}
	EOT
	export SLOW=0.3
	flyte-run -q --name k d.yaml:w n=1 >/dev/null 2>&1 3>&- &
	pid=$!
	within 30 grep -q 'inc 5' log
	kill -9 $pid
	wait $pid || true
	echo rubbish | spec
	rm d.yaml
	SLOW=0 run -0 --separate-stderr flyte-run -q -o m --resume k
	equals 510 "$output"
	equals "1 1" "$(grep -c dyn log) $(grep -c 'inc 4' log)"
	flyte-ctl fsck -q
}

@test "dynamic: a failure inside is recovered without the task itself" {
	cat >>d.yaml <<-'EOT'
	  unused: {workflow: sub}
	EOT
	sed -i 's/^workflows:/  may: {pass_env: [GOOD], inputs: {n: int}, outputs: {m: int}, run: "[ -e $GOOD ]; echo $n >$FLYTE_OUTPUTS\/m"}\n&/' d.yaml
	export GOOD=$PWD/good
	spec <<-'EOT'
	nodes:
	  a: {task: inc, with: {n: 4}}
	  b: {task: may, with: {n: $a.m}}
	outputs: {m: $b.m}
	EOT
	run -1 flyte-run -q --name f d.yaml:w n=1
	touch good
	: >log
	run -0 --separate-stderr flyte-run -q -o m --recover f
	equals 5 "$output"
	equals "" "$(cat log)"
	flyte-ctl fsck -q
}

# A package as pyflyte makes it: a container whose program writes futures.pb.
flyte_package() {
	encode() {
		protoc -I "$TOP/lib/idl/proto" --encode="flyteidl.$1" \
			"$TOP/lib/idl/proto/flyteidl/$2.proto"
	}
	id() {
		echo "id {resource_type: $1 project: \"p\" domain: \"d\" name: \"$2\" version: \"v\"}"
	}
	template() {
		cat <<-EOT
		$(id TASK "$1") type: "python-task" metadata {retries {}}
		interface {
		  inputs {variables {key: "n" value {type {simple: INTEGER}}}}
		  outputs {variables {key: "o" value {type {simple: INTEGER}}}}
		}
		container {image: "none" command: "sh" args: "-ec" args: "$2" args: "{{.outputPrefix}}"}
		EOT
	}
	echo 'literals {key: "o" value {scalar {primitive {integer: 42}}}}' |
		encode core.LiteralMap core/literals >out.pb
	encode core.DynamicJobSpec core/dynamic_job >fut.pb <<-EOT
	min_successes: 1
	tasks {$(template inner "echo inner >>$LOG; cp $PWD/out.pb \$0/outputs.pb")}
	nodes {
	  id: "dn0" metadata {name: "inner"}
	  inputs {var: "n" binding {scalar {primitive {integer: 4}}}}
	  task_node {reference_$(id TASK inner)}
	}
	outputs {var: "o" binding {promise {node_id: "dn0" var: "o"}}}
	EOT
	echo "template {$(template dyn "echo dyn >>$LOG; cp $PWD/fut.pb \$0/futures.pb")}" |
		encode admin.TaskSpec admin/task >1_dyn_1.pb
	encode admin.WorkflowSpec admin/workflow >2_w_2.pb <<-EOT
	template {
	  $(id WORKFLOW w) metadata {} metadata_defaults {}
	  interface {inputs {} outputs {variables {key: "o" value {type {simple: INTEGER}}}}}
	  nodes {
	    id: "n0" metadata {name: "dyn"}
	    inputs {var: "n" binding {scalar {primitive {integer: 1}}}}
	    task_node {reference_$(id TASK dyn)}
	  }
	  outputs {var: "o" binding {promise {node_id: "n0" var: "o"}}}
	}
	EOT
	tar czf pkg.tgz 1_dyn_1.pb 2_w_2.pb
}

@test "dynamic: futures.pb of flytekit, run, shown, replayed, recovered" {
	flyte_package
	run -0 --separate-stderr flyte-run -q -o o --name f pkg.tgz:w
	equals 42 "$output"
	equals "dyn inner" "$(echo $(cat log))"
	run -0 flyte-show f
	has "dn0" "$output"
	run -0 flyte-exec -o o --replay f/n0/dn0
	equals 42 "$output"
	run -0 --separate-stderr flyte-exec --replay f/n0
	equals '"dn0"' "$(jq '.nodes[0].id' <<<"$output")"
	: >log
	run -0 --separate-stderr flyte-run -q -o o --recover f
	equals 42 "$output"
	equals "" "$(cat log)"
	flyte-ctl fsck -q
}

@test "dynamic: nested, each with what it names" {
	spec <<-'EOT'
	tasks:
	  more:
	    dynamic: true
	    inputs: {n: int}
	    outputs: {m: int}
	    run: 'printf "nodes: {x: {task: inc, with: {n: %s}}}\noutputs: {m: \$x.m}\n" $n >$FLYTE_DYNAMIC'
	nodes:
	  a: {task: more, with: {n: 5}}
	  b: {map: more, with: {n: [$a.m, 8]}}
	outputs: {m: $b.m.0}
	EOT
	run -0 --separate-stderr flyte-run -q -o m --name n d.yaml:w n=1
	equals 7 "$output"
	run -0 flyte-show --json n
	equals "a a/x b b/n0 b/n0/x b/n1 b/n1/x" "$(jq -r '.nodes[].node' <<<"$output" |
		sed -n 's,^d/,,p' | sort | xargs)"
	run -0 flyte-exec -o m --replay n/d/b/n1/x
	equals 9 "$output"
}

@test "dynamic: a resume finds what the file had, in a launched workflow too" {
	cat >f.yaml <<-'EOT'
	tasks:
	  add: {inputs: {n: int}, outputs: {o: int}, jq: .n + 1}
	  many:
	    inputs: {n: int}
	    outputs: {o: int}
	    dynamic: true
	    env: {BASE: FOLDER}
	    run: |
	      [ -e $BASE/go$n ] || { touch $BASE/go$n; kill -9 $PPID; sleep 9; }
	      { echo 'nodes:'
	        echo '  n0: {workflow: twice, with: {n: '$n'}}'
	        for i in $(seq 300); do
	          echo "  n$i: {task: add, with: {n: \$n$((i - 1)).o}}"
	        done
	        echo 'outputs: {o: $n300.o}'
	      } >$FLYTE_DYNAMIC
	workflows:
	  twice:
	    inputs: {n: int}
	    nodes: {a: {task: add, with: {n: $n}}, b: {task: add, with: {n: $a.o}}}
	    outputs: {o: $b.o}
	  inner:
	    inputs: {n: int}
	    nodes: {m: {task: many, with: {n: $n}}}
	    outputs: {o: $m.o}
	  all:
	    nodes:
	      a: {task: many, with: {n: 1}}
	      b: {launchplan: inner, with: {n: $a.o}}
	    outputs: {o: $b.o}
	EOT
	sed -i "s,FOLDER,$PWD," f.yaml
	run -137 flyte-run -q --name k f.yaml:all
	rm f.yaml
	mkdir elsewhere
	cd elsewhere
	run -137 flyte-run -q --resume k
	run -0 flyte-run -q --resume k -o o
	equals 605 "$output"
	# The graphs are long: they lie beside the journal.
	ls "$FLYTE_HOME"/executions/*/*/*/k/literals/*
	run -0 --separate-stderr flyte-run -q --recover k --force a/n7 --force b -o o
	equals 605 "$output"
	run -0 flyte-run -q --relaunch k -o o
	equals 605 "$output"
}

@test "dynamic: a serialized task that runs itself is told, and does not wait for itself" {
	cat >s.yaml <<-'EOT'
	tasks:
	  self:
	    inputs: {n: int}
	    outputs: {o: int}
	    cache: {version: "1", serialize: true}
	    dynamic: true
	    run: |
	      cat >$FLYTE_DYNAMIC <<'END'
	      nodes: {a: {task: self, with: {n: 1}}}
	      outputs: {o: $a.o}
	      END
	EOT
	run -1 timeout 120 flyte-run s.yaml:self n=1
	has "nested deeper" "$output"
	has "not serialized: it is part of what computes the same" "$output"
}
