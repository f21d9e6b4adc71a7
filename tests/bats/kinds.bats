# Every kind of node with real processes: kinds/NAME.yaml has a workflow w and
# its inputs in a first line "# args:"; kinds/NAME.tree is how it must end,
# kinds/NAME.plan what -n says before.  Each is also killed with -9 again and
# again and must end in the same tree.
load helper

local_setup() {
	kinds=$BATS_TEST_DIRNAME/kinds
	export PATH="$PATH:/usr/bin"
}

args_of() {
	sed -n '1s/^# args: *//p' "$kinds/$1.yaml"
}

# What became of an execution: status of the nodes, outputs, its own end.
tree_of() {
	flyte-show --json "$1" | jq -r '
	def plain: if type == "object" then
		if has("literals") then .literals | map_values(plain) | tojson
		elif has("scalar") then .scalar | plain
		elif has("union") then .union.value | plain
		elif has("primitive") then .primitive | to_entries[0].value
		elif has("collection") then
			[.collection.literals[]? | plain | tostring]
		elif has("noneType") then "none"
		else "..." end else . end;
	(.nodes | map("\(.node)  \(.phase)  \(.outputs // "" | plain)") |
	sort[]), "\(.phase)  \(.outputs // "" | plain)"' |
		sed 's/ *$//'
}

# run_kind NAME EXECUTION: to its end; its status does not matter here.
run_kind() {
	local args
	eval "args=($(args_of "$1"))"
	flyte-run -q -j 2 --name "$2" "$kinds/$1.yaml:w" "${args[@]}" \
		>out 2>err || true
}

check_kind() {
	local args
	eval "args=($(args_of "$1"))"
	if [ -n "${KINDS_UPDATE:-}" ]; then
		flyte-run -n "$kinds/$1.yaml:w" "${args[@]}" >"$kinds/$1.plan"
		run_kind "$1" once
		tree_of once >"$kinds/$1.tree"
		return
	fi
	flyte-run -n "$kinds/$1.yaml:w" "${args[@]}" | same "$kinds/$1.plan"
	run_kind "$1" once
	tree_of once | same "$kinds/$1.tree"
	flyte-ctl fsck -q
}

# Killed after each of some times; then it goes on to its end.  Most of that is
# waiting, so all are at once.
check_killed() {
	local delay pid n=0 killed=()
	export SLOW=0.05
	for delay in 0.02 0.07 0.13 0.19 0.26; do
		n=$((n + 1))
		mkdir "k$n"
		(cd "k$n" && run_killed "$1" "k$n" "$delay") &
		killed+=($!)
	done
	for pid in "${killed[@]}"; do
		wait "$pid"
	done
	flyte-ctl fsck -q
}

run_killed() {
	local pid args
	eval "args=($(args_of "$1"))"
	flyte-run -q -j 2 --name "$2" "$kinds/$1.yaml:w" "${args[@]}" \
		>/dev/null 2>&1 3>&- &
	pid=$!
	sleep "$3"
	kill -9 $pid 2>/dev/null || true
	wait $pid 2>/dev/null || true
	run_kind "$1" "$2"
	tree_of "$2" | same "$kinds/$1.tree"
}

@test "kinds: task" {
	check_kind task
}

@test "kinds: task, killed and resumed" {
	check_killed task
}

@test "kinds: sub" {
	check_kind sub
}

@test "kinds: sub, killed and resumed" {
	check_killed sub
}

@test "kinds: switch" {
	check_kind switch
}

@test "kinds: switch, killed and resumed" {
	check_killed switch
}

@test "kinds: noway" {
	check_kind noway
}

@test "kinds: noway, killed and resumed" {
	check_killed noway
}

@test "kinds: map" {
	check_kind map
}

@test "kinds: map, killed and resumed" {
	check_killed map
}

@test "kinds: mapfails" {
	check_kind mapfails
}

@test "kinds: mapfails, killed and resumed" {
	check_killed mapfails
}

@test "kinds: mapflow" {
	check_kind mapflow
}

@test "kinds: mapflow, killed and resumed" {
	check_killed mapflow
}

@test "kinds: launch" {
	check_kind launch
}

@test "kinds: launch, killed and resumed" {
	check_killed launch
}

@test "kinds: launchfails" {
	check_kind launchfails
}

@test "kinds: launchfails, killed and resumed" {
	check_killed launchfails
}

@test "kinds: dynamic" {
	check_kind dynamic
}

@test "kinds: dynamic, killed and resumed" {
	check_killed dynamic
}

@test "kinds: gate" {
	check_kind gate
}

@test "kinds: gate, killed and resumed" {
	check_killed gate
}

@test "kinds: failure" {
	check_kind failure
}

@test "kinds: failure, killed and resumed" {
	check_killed failure
}

@test "kinds: paths" {
	check_kind paths
}

@test "kinds: paths, killed and resumed" {
	check_killed paths
}

@test "kinds: a map over lists of different lengths, a launch plan without end" {
	cat >bad.yaml <<-'EOT'
	tasks:
	  add: {inputs: {a: int, b: int}, outputs: {m: int}, run: "echo $((a + b)) >$FLYTE_OUTPUTS/m"}
	workflows:
	  zip:
	    inputs: {a: list(int), b: list(int)}
	    nodes: {m: {map: add, with: {a: $a, b: $b}}}
	    outputs: {m: $m.m}
	  loop:
	    inputs: {n: int}
	    nodes: {p: {launchplan: loop, with: {n: $n}}}
	EOT
	run -0 flyte-run -n bad.yaml:zip 'a=[1,2]' 'b=[1]'
	has "fail    m  (input arrays have different lengths: a has 2, b has 1)" "$output"
	run -1 flyte-run -q bad.yaml:zip 'a=[1,2]' 'b=[1]'
	has "input arrays have different lengths" "$output"
	run -1 flyte-run -q bad.yaml:loop n=1
	has "does loop launch itself?" "$output"
	flyte-ctl fsck -q
}

@test "kinds: killed more often than it may fail" {
	cat >often.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {m: int}, run: "echo x >>$BEGAN; [ -e $OK ] || sleep 100; echo $n >$FLYTE_OUTPUTS/m", pass_env: [OK, BEGAN]}
	workflows:
	  w: {nodes: {a: {task: t, with: {n: 1}}}, outputs: {m: $a.m}}
	EOT
	export OK=$PWD/ok BEGAN=$PWD/began
	began() { [ "$(grep -c x began)" = "$1" ]; }
	for i in 1 2 3 4 5 6; do
		flyte-run -q --name o often.yaml:w >/dev/null 2>&1 3>&- &
		within 30 began $i
		kill -9 $!
		wait $! || true
	done
	touch ok
	run -0 --separate-stderr flyte-run -q -o m --name o often.yaml:w
	equals 1 "$output"
	flyte-ctl fsck -q
}

@test "kinds: operators" {
	check_kind operators
}

@test "kinds: operators, killed and resumed" {
	check_killed operators
}

@test "kinds: elements" {
	check_kind elements
}

@test "kinds: elements, killed and resumed" {
	check_killed elements
}

@test "kinds: timeouts" {
	check_kind timeouts
}

@test "kinds: types" {
	check_kind types
}

@test "kinds: types, killed and resumed" {
	check_killed types
}

@test "kinds: failures" {
	check_kind failures
}

@test "kinds: failures, killed and resumed" {
	check_killed failures
}

@test "kinds: msgpack" {
	check_kind msgpack
}

@test "kinds: msgpack, killed and resumed" {
	check_killed msgpack
}

# The last child found no place, and nobody told it of the one that came free.
@test "kinds: executions that are launched share the places" {
	cat >share.yaml <<-'EOT'
	tasks:
	  inc: {inputs: {n: int}, outputs: {m: int}, run: "sleep 0.1; echo $((n + 1)) >$FLYTE_OUTPUTS/m"}
	  nap: {inputs: {n: int}, run: "sleep 0.1$n"}
	workflows:
	  one: {inputs: {n: int}, nodes: {a: {task: inc, with: {n: $n}}}, outputs: {m: $a.m}}
	  w:
	    nodes:
	      m: {map: {workflow: one}, with: {n: [1, 2, 3, 4, 5]}, concurrency: 3}
	      b: {map: nap, with: {n: [1, 2, 3, 4, 5]}}
	    outputs: {m: $m.m}
	EOT
	for j in 1 2 3; do
		run -0 --separate-stderr timeout 60 flyte-run -q -j $j --plain share.yaml:w
		equals '{"m":[2,3,4,5,6]}' "$output"
	done
}

@test "kinds: a map over a task that takes and gives lists" {
	cat >lists.yaml <<-'EOT'
	tasks:
	  rev: {inputs: {l: list(int)}, outputs: {r: list(int)}, run: "ls $FLYTE_INPUTS/l | wc -l >seen; echo \"[7, $(cat seen)]\" >$FLYTE_OUTPUTS/r"}
	workflows:
	  w: {inputs: {l: list(list(int))}, nodes: {m: {map: rev, with: {l: $l}}}, outputs: {r: $m.r}}
	EOT
	run -0 --separate-stderr flyte-run -q --plain lists.yaml:w 'l=[[5], [6, 8]]'
	equals '{"r":[[7,1],[7,2]]}' "$output"
	run -0 --separate-stderr flyte-exec -q --plain --replay last/m/0/n1
	equals '{"r":[7,2]}' "$output"
}

@test "kinds: a map that flytekit made gives each element a list of its item" {
	# In the place of flytekit: the index and inputs.pb into a file, o0 = 7.
	mkdir -p bin
	cat >bin/pyflyte-map-execute <<-'EOT'
	#!/bin/sh -eu
	while [ $# -gt 0 ]; do
		case $1 in
		--inputs) in=$2 ;;
		--output-prefix) out=$2 ;;
		esac
		shift
	done
	eval "index=\$$BATCH_JOB_ARRAY_INDEX_VAR_NAME"
	od -An -v -tx1 "$in" | tr -d ' \n' >>"$SEEN"
	echo " $index" >>"$SEEN"
	printf '\012\014\012\002o0\022\006\012\004\012\002\010\007' >"$out/outputs.pb"
	EOT
	chmod +x bin/pyflyte-map-execute
	# A task of flytekit sees nothing of the user's but these.
	sed -i "2i SEEN=$PWD/seen" bin/pyflyte-map-execute
	export PATH="$PWD/bin:$PATH"
	flyte-register -k -q -p s -d d --as v1 \
		"$TOP/tests/corpus/flytekit/pkg/plain.tgz" || true
	run -0 --separate-stderr flyte-run -q -j 1 --plain --type workflow \
		-p s -d d wf.maps.given 'xs=[5, 6]'
	equals '{"o0":[7,7]}' "$output"
	# x: a list of 5 alone, of 6 alone
	equals "0a0f0a0178120a12080a060a040a020805 0
0a0f0a0178120a12080a060a040a020806 0" "$(cat seen)"
	run -0 --separate-stderr flyte-exec -q --plain -p s -d d \
		--replay last/n0/0/n1
	equals '{"o0":7}' "$output"
	equals "0a0f0a0178120a12080a060a040a020806 0" "$(tail -n 1 seen)"
}

@test "kinds: code that flytekit packed is unpacked in the attempt's folder" {
	mkdir -p bin
	cat >bin/pyflyte-fast-execute <<-EOT
	#!/bin/sh -eu
	echo "\$@" >$PWD/seen
	exit 1
	EOT
	chmod +x bin/pyflyte-fast-execute
	export PATH="$PWD/bin:$PATH"
	flyte-register -k -q -p s -d d --as v1 \
		"$TOP/tests/corpus/flytekit/pkg/fast.tgz" || true
	run -1 flyte-run -q --type task -p s -d d wf.maps.square x=1
	has " --dest-dir . -- pyflyte-execute --inputs /" "$(cat seen)"
}

@test "kinds: a map over a workflow keeps the places of elements, also of none" {
	cat >m.yaml <<-'EOT'
	tasks:
	  not3: {inputs: {n: int}, outputs: {o: int}, jq: 'if .n == 3 then error("three") else .n end'}
	workflows:
	  one: {inputs: {n: int}, nodes: {m: {task: not3, with: {n: $n}}}, outputs: {o: $m.o}}
	  all:
	    inputs: {l: list(int)}
	    nodes: {m: {map: {workflow: one}, with: {n: $l}, min_success_ratio: 0.3}}
	    outputs: {o: $m.o}
	EOT
	run -0 --separate-stderr flyte-run -q --plain m.yaml:all l='[3,1,2]'
	equals '{"o":[null,1,2]}' "$output"
	run -0 --separate-stderr flyte-run -q --plain m.yaml:all l='[]'
	equals '{"o":[]}' "$output"
}
