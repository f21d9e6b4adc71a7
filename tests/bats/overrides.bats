# What a node says in place of its task.
load helper

local_setup() {
	export LOG=$PWD/log
	: >log
	cat >o.yaml <<-'EOT'
	tasks:
	  fails: {pass_env: [LOG], retries: 1, inputs: {n: int}, outputs: {m: int}, run: "echo try >>$LOG; exit 1"}
	  sleeps: {inputs: {n: int}, outputs: {m: int}, timeout: 100s, run: "exec sleep 100"}
	  cached: {pass_env: [LOG], cache: "1", inputs: {n: int}, outputs: {m: int}, run: "echo run $n >>$LOG; echo $n >$FLYTE_OUTPUTS/m"}
	  plain: {pass_env: [LOG], inputs: {n: int}, outputs: {m: int}, run: "echo run $n >>$LOG; echo $n >$FLYTE_OUTPUTS/m"}
	workflows:
	  retries: {nodes: {a: {task: fails, with: {n: 1}, retries: 3}}, outputs: {m: $a.m}}
	  fewer: {nodes: {a: {task: fails, with: {n: 1}, retries: 0}}, outputs: {m: $a.m}}
	  timeout: {nodes: {a: {task: sleeps, with: {n: 1}, timeout: 200ms}}, outputs: {m: $a.m}}
	  uncached: {nodes: {a: {task: cached, with: {n: 1}, cache: false}}, outputs: {m: $a.m}}
	  newer: {nodes: {a: {task: cached, with: {n: 1}, cache: "2"}}, outputs: {m: $a.m}}
	  caches: {nodes: {a: {task: plain, with: {n: 1}, cache: "1"}}, outputs: {m: $a.m}}
	  same: {nodes: {a: {task: cached, with: {n: 1}}}, outputs: {m: $a.m}}
	  map: {nodes: {a: {map: fails, with: {n: [1]}, retries: 2}}, outputs: {m: $a.m}}
	  sub: {nodes: {a: {task: sleeps, with: {n: 1}}}, outputs: {m: $a.m}}
	  inner: {nodes: {s: {workflow: sub, timeout: 200ms}}, outputs: {m: $s.m}}
	  image: {nodes: {a: {task: plain, with: {n: 1}, image: "x:1", resources: {requests: {cpu: 1}, limits: {mem: 1Gi}}, interruptible: true}}, outputs: {m: $a.m}}
	EOT
}

runs() {
	wc -l <log
	: >log
}

@test "overrides: retries, also of elements" {
	run -1 flyte-run -q o.yaml:retries
	equals 4 "$(runs)"
	# Flyte cannot tell 0 from nothing said.
	run -1 flyte-run -q o.yaml:fewer
	equals 2 "$(runs)"
	run -1 flyte-run -q o.yaml:map
	equals 3 "$(runs)"
	flyte-ctl fsck -q
}

@test "overrides: timeout of a task and of a sub-workflow" {
	start=$(date +%s)
	run -1 flyte-run -q o.yaml:timeout
	run -1 flyte-run -q o.yaml:inner
	[ $(($(date +%s) - start)) -lt 20 ]
	flyte-ctl fsck -q
}

@test "overrides: cache, its version, none" {
	flyte-run -q o.yaml:same
	flyte-run -q o.yaml:same
	equals 1 "$(runs)"
	flyte-run -q o.yaml:uncached
	flyte-run -q o.yaml:uncached
	equals 2 "$(runs)"
	flyte-run -q o.yaml:newer
	flyte-run -q o.yaml:newer
	equals 1 "$(runs)"
	flyte-run -q o.yaml:caches
	flyte-run -q o.yaml:caches
	equals 1 "$(runs)"
	flyte-run -q o.yaml:same
	equals 0 "$(runs)"
}

@test "overrides: image, resources and interruptible are taken" {
	run -0 --separate-stderr flyte-run -q -o m o.yaml:image
	equals 1 "$output"
}

@test "overrides: limits of a node hold, also in a replay, and it is marked interruptible" {
	cat >l.yaml <<-'EOT'
	tasks:
	  eat:
	    resources: {limits: {mem: 400Mi}}
	    run: exec awk 'BEGIN { s = "0123456789abcdef"; while (length(s) < 60 * 1048576) s = s s }'
	workflows:
	  w:
	    failure_policy: fail_after_executable_nodes_complete
	    nodes:
	      roomy: {task: eat, interruptible: true}
	      tight: {task: eat, resources: {limits: {mem: 48Mi}}}
	EOT
	run -1 --separate-stderr flyte-run -q --name l l.yaml:w
	run -0 flyte-show --json l
	equals "roomy SUCCEEDED true
tight FAILED null" "$(jq -r '.nodes[] | "\(.node) \(.phase) \(.attempts[0].interruptible)"' <<<"$output" | sort)"
	run -0 flyte-exec --replay l/roomy
	run ! flyte-exec --replay l/tight
}

@test "overrides: maps with other bound values do not share results" {
	cat >b.yaml <<-'EOT'
	tasks:
	  add: {pass_env: [LOG], cache: "1", inputs: {a: int, b: int}, outputs: {m: int}, run: "echo $a $b >>$LOG; echo $((a + b)) >$FLYTE_OUTPUTS/m"}
	workflows:
	  w:
	    nodes:
	      x: {map: add, with: {a: [1, 2], b: 10}}
	      y: {map: add, with: {a: [1, 2], b: 20}, after: [x]}
	    outputs: {x: $x.m, y: $y.m}
	EOT
	run -0 --separate-stderr flyte-run -q --plain b.yaml:w
	equals '{"x":[11,12],"y":[21,22]}' "$output"
	equals 4 "$(runs)"
	run -0 --separate-stderr flyte-run -q --plain b.yaml:w
	equals '{"x":[11,12],"y":[21,22]}' "$output"
	equals 0 "$(runs)"
}

@test "overrides: what a sub-workflow runs ends with its time" {
	sed -i 's/exec sleep 100/exec sleep 86311/' o.yaml
	run -1 flyte-run -q --name t o.yaml:inner
	run -0 flyte-show --json t
	has imeout "$(echo "$output" | jq '.nodes[] | select(.node == "s").error')"
	run -1 pgrep -f "sleep 86311"
	flyte-ctl fsck -q
}
