# flyte-register: registering, looking, conflicts, versions.
load helper

local_setup() {
	cat > spec.yaml <<-'END'
	tasks:
	  double:
	    inputs: {n: int}
	    outputs: {r: int}
	    run: echo $((n * 2)) > "$FLYTE_OUTPUTS/r"
	workflows:
	  twice:
	    inputs: {n: {type: int, default: 1}}
	    nodes:
	      a: {task: double, with: {n: $n}}
	      b: {task: double, with: {n: $a.r}}
	    outputs: {r: $b.r}
	launchplans:
	  nightly:
	    workflow: twice
	    fixed: {n: 7}
	    schedule: {every: 1d}
	END
}

# A spec whose task does something else.
other() {
	sed 's/n \* 2/n + n/' spec.yaml > other.yaml
}

@test "register: a spec gives a task, a workflow and its launch plans" {
	run -0 flyte-register --as v1 spec.yaml
	equals "registered task        default/development/double@v1
registered workflow    default/development/twice@v1
registered launch_plan default/development/nightly@v1
registered launch_plan default/development/twice@v1" "$output"
}

@test "register: the same again is unchanged and succeeds" {
	flyte-register -q --as v1 spec.yaml
	run -0 flyte-register --as v1 spec.yaml
	has "unchanged  task        default/development/double@v1" "$output"
	lacks registered "$output"
}

@test "register: -q prints nothing on success" {
	run -0 flyte-register -q --as v1 spec.yaml
	equals "" "$output"
	run -0 flyte-register -q --as v1 spec.yaml
	equals "" "$output"
}

@test "register: other content is a conflict that says what differs" {
	flyte-register -q --as v1 spec.yaml
	other
	run -4 --separate-stderr flyte-register --as v1 other.yaml
	equals "" "$output"
	has "task default/development/double@v1: registered before with other content" "$stderr"
	has "config[flyte.run]" "$stderr"
	has "give another with --as" "$stderr"
	has "nothing was registered" "$stderr"
}

@test "register: a conflict leaves nothing of the rest behind" {
	flyte-register -q --as v1 spec.yaml
	other
	cat >> other.yaml <<-'END'
	  extra: {workflow: twice}
	END
	run -4 flyte-register --as v1 other.yaml
	run -5 flyte-register show extra
}

@test "register: -k registers what does not conflict" {
	flyte-register -q --as v1 spec.yaml
	sed 's/{n: 7}/{n: 8}/' spec.yaml > other.yaml
	cat >> other.yaml <<-'END'
	  extra: {workflow: twice}
	END
	run -4 --separate-stderr flyte-register -k --as v1 other.yaml
	has "registered launch_plan default/development/extra@v1" "$output"
	has "launch plan default/development/nightly@v1: registered before" "$stderr"
	run -0 flyte-register show extra
}

@test "register: -n says what would be, and writes nothing" {
	run -0 flyte-register -n --as v1 spec.yaml
	has "new        workflow    default/development/twice@v1" "$output"
	[ ! -e "$FLYTE_HOME/registry" ]
	run -9 flyte-register -n --exit-code --as v1 spec.yaml
	flyte-register -q --as v1 spec.yaml
	run -0 flyte-register -n --exit-code --as v1 spec.yaml
	has "unchanged" "$output"
}

@test "register: -n tells of a conflict" {
	flyte-register -q --as v1 spec.yaml
	other
	run -4 flyte-register -n --as v1 other.yaml
	has "registered before with other content" "$output"
}

@test "register: --jsonl prints an object a line" {
	run -0 flyte-register --jsonl --as v1 spec.yaml
	equals '{"outcome": "registered", "kind": "task", "id": "default/development/double@v1"}' "${lines[0]}"
	equals 4 "${#lines[@]}"
}

@test "register: project and domain by option and by environment" {
	run -0 flyte-register -p payroll -d staging --as v1 spec.yaml
	has "task        payroll/staging/double@v1" "$output"
	FLYTE_PROJECT=alpha FLYTE_DOMAIN=production run -0 flyte-register --as v1 spec.yaml
	has "task        alpha/production/double@v1" "$output"
}

@test "register: a registry elsewhere with -r" {
	run -0 flyte-register -r there --as v1 spec.yaml
	[ -f there/default/development/task/double@v1 ]
	[ ! -e "$FLYTE_HOME/registry" ]
	run -0 flyte-register -r there show double@v1
	run -5 flyte-register show double@v1
}

@test "register: http registries are refused by name" {
	run -6 flyte-register -r https://flyte.example.org --as v1 spec.yaml
	has "registry https://flyte.example.org: a registry by https is not there yet" "$output"
	run -6 flyte-register -r http://x list
}

@test "register: nothing given is wrong usage" {
	run -2 flyte-register
	has "nothing to register" "$output"
}

@test "register: a file that is not there" {
	run -5 flyte-register nope.yaml
	has "nope.yaml" "$output"
}

@test "register: options of other verbs are refused" {
	run -2 flyte-register --json spec.yaml
	has "--json does not go with registering" "$output"
	run -2 flyte-register list --as v1
	has "--as does not go with list" "$output"
	run -2 flyte-register --copy some spec.yaml
	has '--copy: expected none, auto or all, given "some"' "$output"
	run -2 flyte-register check --format xml spec.yaml
	has '--format: expected text or json, given "xml"' "$output"
	run -2 flyte-register list --limit 0
	has "--limit: 0" "$output"
	run -2 flyte-register list --type tusk
	has '--type: expected task, workflow or launch_plan, given "tusk"' "$output"
}

@test "register: a faulty spec registers nothing, with its place" {
	sed -i 's/\$a.r}}/$a.q}}/' spec.yaml
	run -3 --separate-stderr flyte-register --as v1 spec.yaml
	equals "" "$output"
	has "spec.yaml:11:" "$stderr"
	has "nothing was registered" "$stderr"
	[ ! -e "$FLYTE_HOME/registry/default" ]
}

@test "register: -k registers what is not faulty and still fails" {
	sed -i 's/\$a.r}}/$a.q}}/' spec.yaml
	run -3 --separate-stderr flyte-register -k --as v1 spec.yaml
	has "registered task        default/development/double@v1" "$output"
	lacks twice "$output"
	run -5 flyte-register show twice
}

@test "check: all faults at once, nothing registered" {
	run -0 flyte-register check spec.yaml
	equals "" "$output"
	cat > bad.yaml <<-'END'
	tasks:
	  t: {inputs: {a: int, b: str}, outputs: {o: int}, run: echo 1}
	workflows:
	  w:
	    inputs: {x: str}
	    nodes:
	      n: {task: t, with: {a: $x}}
	    outputs: {o: $n.o}
	END
	run -3 flyte-register check bad.yaml
	has "[mismatching-types]" "$output"
	has "[parameter-not-bound]" "$output"
	has "bad.yaml:7:" "$output"
	[ ! -e "$FLYTE_HOME" ]
}

@test "check --format json: an object a fault" {
	sed -i 's/\$a.r}}/$x.q}}/' spec.yaml
	run -3 --separate-stderr flyte-register check --format json spec.yaml
	equals "" "$stderr"
	has '{"file": "spec.yaml", "line": 11, "column": ' "${lines[0]}"
	has '"code": "' "${lines[0]}"
}

@test "check --portable: what a cluster would not take" {
	cat > p.yaml <<-'END'
	tasks:
	  j: {inputs: {n: int}, outputs: {o: int}, jq: .n}
	  i: {outputs: {o: int}, image: "alpine:3", run: echo 1}
	workflows:
	  w:
	    inputs: {f: {type: file, default: /etc/hosts}}
	    nodes: {Big_Name: {task: i}}
	    outputs: {o: $Big_Name.o}
	END
	run -3 flyte-register check --portable p.yaml
	has "task j: jq runs inside flyte-run" "$output"
	has "node Big_Name: its id is part of a pod's name" "$output"
	has "/etc/hosts: a file of this machine" "$output"
	lacks "task i" "$output"
	# What only Flyte's compiler refuses.
	run -0 flyte-register check "$TOP/tests/corpus/flytekit/pkg/old-struct.tgz"
	run -3 flyte-register check --portable "$TOP/tests/corpus/flytekit/pkg/plain.tgz"
	has "workflow wf.nothing.passthrough: NoNodesFound" "$output"
	has "workflow wf.overrides.overridden: VariableNameNotFound" "$output"
}

@test "list: newest versions, by type, as JSON, all projects" {
	flyte-register -q --as v1 spec.yaml
	flyte-register -q --as v2 spec.yaml
	flyte-register -q -p other --as v1 spec.yaml
	run -0 flyte-register list
	equals 4 "${#lines[@]}"
	has "default/development/double@v2" "$output"
	lacks "@v1" "$output"
	run -0 flyte-register list --type task
	equals 1 "${#lines[@]}"
	run -0 flyte-register list --jsonl --limit 1
	equals 1 "${#lines[@]}"
	has '"kind": "task", "id": "default/development/double@v2"' "$output"
	run -0 flyte-register list --all
	has "other/development/twice@v1" "$output"
	run -0 flyte-register list nightly
	equals 1 "${#lines[@]}"
	run -0 flyte-register -p empty list
	has "nothing is registered in empty/development" "$output"
}

@test "versions: newest first" {
	for v in b a c; do flyte-register -q --as $v spec.yaml; done
	run -0 flyte-register versions double
	has "@c" "${lines[0]}"
	has "@a" "${lines[1]}"
	has "@b" "${lines[2]}"
	run -2 flyte-register versions
	run -5 flyte-register versions nothing
	has "no such task, workflow or launch plan" "$output"
}

@test "show: entities as text and as JSON" {
	flyte-register -q --as v1 spec.yaml
	run -0 flyte-register show twice
	has "workflow default/development/twice@v1" "${lines[0]}"
	has "n          int = 1" "$output"
	has "b          task double  n: \$a.r" "$output"
	run -0 flyte-register show default/development/double@v1
	has 'echo $((n * 2)) > "$FLYTE_OUTPUTS/r"' "$output"
	run -0 flyte-register show --type launch_plan nightly
	has "schedule     every 1 days" "$output"
	run -0 flyte-register show --json double
	has '"resourceType": "TASK"' "$output"
	has '"createdAt": "' "$output"
}

@test "show: what a file holds, also when it does not compile" {
	run -0 flyte-register show ./spec.yaml
	has "task double(n: int) -> r: int" "${lines[0]}"
	run -0 flyte-register show spec.yaml:twice
	has "n          int = 1" "$output"
	run -5 flyte-register show spec.yaml:nope
	has "no task, workflow or launch plan nope in it; there is workflow twice, task double" "$output"
}

@test "show: a switch has its conditions" {
	cat >sw.yaml <<-'EOF'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, jq: .n}
	workflows:
	  w:
	    inputs: {n: int, s: str, m: int?}
	    nodes:
	      x:
	        switch:
	          - {if: $n > 10 and not ($s == "x y" or $n <= 3), task: t, with: {n: 1}}
	          - {if: $m == none, task: t, with: {n: 2}}
	          - {error: no}
	    outputs: {o: $x.o}
	EOF
	flyte-register -q --as v1 sw.yaml
	run -0 flyte-register show w
	has 'if       $n > 10 and ($s != "x y" and $n > 3)' "$output"
	has 'else if  $m == none' "$output"
	has 'x-n0   task t  n: 1' "$output"
	has 'else     fail: no' "$output"
}

@test "show: what is missing names what there is" {
	flyte-register -q --as v1 spec.yaml
	run -5 flyte-register show dubble
	has "did you mean double?" "$output"
	run -5 flyte-register show double@v9
	has "there is @v1" "$output"
	run -5 flyte-register -p other show double
	has "there is one in default/development" "$output"
	run -5 flyte-register -p other show zzz
	has "nothing is registered in other/development" "$output"
	run -2 flyte-register show a/b
	has "not a reference" "$output"
}

@test "show: a task and a workflow of one name want --type" {
	sed 's/^  twice:/  double:/; s/workflow: twice/workflow: double/' spec.yaml > same.yaml
	flyte-register -q --as v1 same.yaml
	run -2 flyte-register show double
	has "say which with --type" "$output"
	run -0 flyte-register show --type task double
	run -0 flyte-register show --type workflow double
}

@test "diff: what changed, the version apart" {
	flyte-register -q --as v1 spec.yaml
	other
	flyte-register -q --as v2 other.yaml
	run -0 flyte-register diff double@v1 double@v2
	has "flyte.run" "$output"
	lacks '"v1"' "$output"
	run -9 flyte-register diff --exit-code double@v1 double@v2
	flyte-register -q --as v3 other.yaml
	run -0 flyte-register diff --exit-code double@v2 double@v3
	equals "" "$output"
	run -2 flyte-register diff double@v1
	run -2 flyte-register diff double twice
	has "is a task" "$output"
}

@test "activate: decides what a name without version means" {
	flyte-register -q --as v1 spec.yaml
	other
	flyte-register -q --as v2 other.yaml
	run -0 flyte-register show --type launch_plan twice
	has "twice@v2" "${lines[0]}"
	run -0 flyte-register activate twice@v1
	equals "active default/development/twice@v1" "$output"
	run -0 flyte-register show --type launch_plan twice
	has "twice@v1" "${lines[0]}"
	has "state        active" "$output"
	run -0 flyte-register show --type workflow twice
	has "twice@v1" "${lines[0]}"
	run -0 flyte-register activate twice
	equals "active default/development/twice@v2 instead of v1" "$output"
	run -0 flyte-register list --type launch_plan
	has "twice@v2 (active)" "$output"
	run -0 flyte-register deactivate twice
	run -0 flyte-register list --type launch_plan
	lacks active "$output"
	run -5 flyte-register activate twice@v9
	run -5 flyte-register activate nope
	run -2 flyte-register activate
}

@test "version: the commit if what is packaged is clean" {
	commit_all
	commit=$(git rev-parse HEAD)
	echo x > unrelated
	run -0 flyte-register spec.yaml
	has "double@$commit" "$output"
}

@test "version: a dirty file gives commit, dirty and a digest of the content" {
	commit_all
	commit=$(git rev-parse HEAD)
	other
	mv other.yaml spec.yaml
	run -0 flyte-register spec.yaml
	[[ "$output" =~ double@$commit-dirty-[0-9a-f]{12} ]]
	first=$output
	run -0 flyte-register spec.yaml
	equals "${first//registered/unchanged }" "$output"
	sed -i 's/n + n/n + n + 0/' spec.yaml
	run -0 flyte-register spec.yaml
	has "registered task" "$output"
	git add spec.yaml
	run -0 flyte-register -n spec.yaml
	has "$commit-dirty-" "$output"
}

@test "version: what tasks name counts, folders with all that is in them" {
	mkdir lib
	echo 1 > lib/a
	echo 2 > lib/b
	printf 'tasks:\n  t: {outputs: {o: int}, run: "echo 1", files: [lib]}\n' > f.yaml
	commit_all
	commit=$(git rev-parse HEAD)
	run -0 flyte-register -n f.yaml
	has "t@$commit" "$output"
	lacks dirty "$output"
	echo 3 > lib/c
	run -0 flyte-register -n f.yaml
	has "$commit-dirty-" "$output"
	rm lib/c lib/b
	run -0 flyte-register -n f.yaml
	has "$commit-dirty-" "$output"
	git checkout -q lib/b
	chmod +x lib/b
	run -0 flyte-register -n f.yaml
	has "$commit-dirty-" "$output"
}

@test "version: an untracked or ignored spec is not clean" {
	echo spec.yaml > .gitignore
	commit_all
	run -0 flyte-register spec.yaml
	has "-dirty-" "$output"
}

@test "version: the package's digest outside git, the same for each user" {
	run -0 flyte-register spec.yaml
	[[ "${lines[0]}" =~ double@([0-9a-f]{40})$ ]]
	v=${BASH_REMATCH[1]}
	mkdir sub
	cp spec.yaml sub/renamed.yaml
	cd sub
	umask 077
	TZ=Asia/Tokyo run -0 flyte-register -n renamed.yaml
	has "unchanged  task        default/development/double@$v" "$output"
}

@test "version: a repository without a commit is none" {
	git init -q .
	run -0 flyte-register spec.yaml
	[[ "${lines[0]}" =~ double@[0-9a-f]{40}$ ]]
}

@test "version: a repository of somebody else is said, not fatal" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	commit_all
	chown -R 1234:1234 .
	run -0 --separate-stderr flyte-register spec.yaml
	has "git is not used for the version" "$stderr"
	[[ "${lines[0]}" =~ double@[0-9a-f]{40}$ ]]
}

@test "folder: finds the scripts with a header" {
	mkdir -p s/deep s/.hidden
	printf '#!/bin/sh\n#%% inputs: {n: int}\n#%% outputs: {r: int}\necho $((n*n)) > "$FLYTE_OUTPUTS/r"\n' > s/square.sh
	sed 's/n\*n/n*n*n/' s/square.sh > s/deep/cube.sh
	cp s/square.sh s/.hidden/no.sh
	echo 'not a task' > s/README
	chmod +x s/square.sh s/deep/cube.sh s/.hidden/no.sh
	run -0 flyte-register --as v1 s
	equals 2 "${#lines[@]}"
	has "registered task        default/development/square@v1" "$output"
	has "registered task        default/development/cube@v1" "$output"
	mkdir empty
	run -3 flyte-register --as v1 empty
	has "no executable script with a task's header" "$output"
}

@test "two files: registered together or not at all" {
	printf 'tasks:\n  one: {outputs: {o: int}, run: "echo 1"}\n' > a.yaml
	printf 'tasks:\n  two: {outputs: {o: tint}, run: "echo 1"}\n' > b.yaml
	run -3 flyte-register --as v1 a.yaml b.yaml
	run -5 flyte-register show one
	sed -i s/tint/int/ b.yaml
	run -0 flyte-register --as v1 a.yaml b.yaml
	run -0 flyte-register show two
	sed 's/two/one/; s/echo 1/echo 2/' b.yaml > c.yaml
	run -4 flyte-register --as v2 a.yaml c.yaml
	has "task one is in a.yaml and in c.yaml with other content" "$output"
}

@test "references: tasks and launch plans that are registered" {
	flyte-register -q --as v1 spec.yaml
	cat > uses.yaml <<-'END'
	workflows:
	  w:
	    inputs: {n: int}
	    nodes:
	      a: {task: double@v1, with: {n: $n}}
	      b: {launchplan: default/development/nightly}
	    outputs: {r: $a.r}
	END
	run -0 flyte-register --as v1 uses.yaml
	run -0 flyte-register show w
	has "task double  n: \$n" "$output"
	has "launch plan nightly" "$output"
	sed -i s/double@v1/double@v7/ uses.yaml
	run -3 flyte-register check uses.yaml
	has "uses.yaml:5:" "$output"
}

@test "race: eight writers of one id with two contents, one content wins" {
	other
	for i in 1 2 3 4 5 6 7 8; do
		f=spec.yaml
		[ $((i % 2)) = 0 ] && f=other.yaml
		(rc=0; flyte-register --as v1 "$f" > out.$i 2>&1 || rc=$?; echo $rc > rc.$i) &
	done
	all_ended
	run -0 flyte-register show double@v1
	winner=spec.yaml
	case $output in *"n + n"*) winner=other.yaml ;; esac
	for i in 1 2 3 4 5 6 7 8; do
		f=spec.yaml
		[ $((i % 2)) = 0 ] && f=other.yaml
		if [ $f = $winner ]; then
			equals 0 "$(cat rc.$i)"
		else
			equals 4 "$(cat rc.$i)"
		fi
	done
	equals 1 "$(cat out.* | grep -c '^registered task')"
}

@test "crash: leftovers of a killed writer do no harm" {
	flyte-register -q --as v1 spec.yaml
	d=$FLYTE_HOME/registry/default/development/task
	# Killed after the newest was named and before the version was.
	flyte-register -q --as v2 spec.yaml
	rm -f "$d/double@v2"
	: > "$d/.tmp.x"
	mkdir "$FLYTE_HOME/registry/.tmp.y"
	run -0 flyte-register show --type task double
	has "double@v1" "${lines[0]}"
	run -0 flyte-register list --type task
	equals 1 "${#lines[@]}"
	run -0 flyte-register --as v2 spec.yaml
	has "registered task        default/development/double@v2" "$output"
}

@test "crash: no newest at all is found by looking" {
	flyte-register -q --as v1 spec.yaml
	flyte-register -q --as v2 spec.yaml
	rm "$FLYTE_HOME/registry/default/development/task/double@"
	run -0 flyte-register show double
	has "double@v2" "${lines[0]}"
}

@test "corrupt: a damaged version is said with its file, and kept" {
	flyte-register -q --as v1 spec.yaml
	f=$FLYTE_HOME/registry/default/development/task/double@v1
	chmod u+w "$f"
	printf 'garbage' > "$f"
	run -7 flyte-register show double@v1
	has "task/double@v1: damaged" "$output"
	run -7 flyte-register --as v1 spec.yaml
	equals garbage "$(cat "$f")"
	# One version under the name of another.
	flyte-register -q --as v2 spec.yaml
	cp "$FLYTE_HOME/registry/default/development/task/double@v2" \
		"$FLYTE_HOME/registry/default/development/task/double@v3"
	run -7 flyte-register show double@v3
	has "double@v2 instead" "$output"
}

@test "read-only: looking and unchanged work, registering says why not" {
	flyte-register -q --as v1 spec.yaml
	chmod -R a-w "$FLYTE_HOME"
	run -0 unprivileged flyte-register --as v1 spec.yaml
	run -6 unprivileged flyte-register --as v2 spec.yaml
	chmod -R u+w "$FLYTE_HOME"
}

@test "names: odd and long ones, escaped and back" {
	long=$(printf 'l%.0s' {1..300})
	printf 'tasks:\n  %s: {outputs: {o: int}, run: "echo 1"}\n' "$long" > long.yaml
	run -0 flyte-register --as 'v 1/x@y' long.yaml
	has "$long@v%201%2Fx%40y" "$output"
	run -0 flyte-register show "$long@v%201%2Fx%40y"
	run -0 flyte-register list --type task
	has "$long@v%201%2Fx%40y" "$output"
	run -0 flyte-register --as "$long" spec.yaml
	run -0 flyte-register show "double@$long"
	run -0 flyte-register show double
	has "@$long" "${lines[0]}"
	run -2 flyte-register --as "$(printf 'v\001')" spec.yaml
	has "control byte" "$output"
}

@test "newest: created_at never goes back" {
	flyte-register -q --as v1 spec.yaml
	flyte-register -q --as v2 spec.yaml
	run -0 flyte-register versions --type task --jsonl double
	a=${lines[0]##*created_at\": \"} b=${lines[1]##*created_at\": \"}
	[[ "$a" > "$b" ]]
}

@test "corpus: every package of flytekit, but for what Flyte refuses too" {
	pkg=$TOP/tests/corpus/flytekit/pkg
	run -3 --separate-stderr flyte-register -p flytesnacks --as v1 "$pkg/plain.tgz"
	equals "" "$output"
	equals 2 "$(grep -c MismatchingTypes <<< "$stderr")"
	has "workflow wf.launchplans.mapped: MismatchingTypes" "$stderr"
	[ ! -e "$FLYTE_HOME/registry" ]
	run -3 --separate-stderr flyte-register -k -p flytesnacks --as v1 "$pkg/plain.tgz"
	equals 380 "${#lines[@]}"
	lacks "wf.launchplans.mapped" "$output"
	equals 2 "$(grep -c MismatchingTypes <<< "$stderr")"
	run -0 flyte-register -p flytesnacks show wf.references.uses_task
	has "task wf.basics.add" "$output"
	run -3 flyte-register -k -q -p flytesnacks --as v1 "$pkg/plain.tgz"
	for f in old-struct options; do
		run -0 flyte-register -p $f --as v1 "$pkg/$f.tgz"
	done
	run -3 --separate-stderr flyte-register -k -p flytesnacks --as v2 "$pkg/fast.tgz"
	has "registered task        flytesnacks/development/wf.basics.add@v2" "$output"
	# The code archive is kept, and its place is in the tasks.
	run -0 flyte-register -p flytesnacks show wf.basics.add@v2
	[[ "$output" =~ code:(sha256-[0-9a-f]{64}.tar.gz) ]]
	[ -f "$FLYTE_HOME/registry/.code/${BASH_REMATCH[1]}" ]
	run -0 flyte-register -p flytesnacks list
	equals 382 $((${#lines[@]} + 2))
}

@test "corpus: show prints every entity of every package" {
	pkg=$TOP/tests/corpus/flytekit/pkg
	for f in plain fast old-struct options; do
		run -0 flyte-register show "$pkg/$f.tgz"
		[ "${#lines[@]}" -gt 10 ]
		run -0 flyte-register show --json "$pkg/$f.tgz"
	done
	run -0 flyte-register show "$pkg/plain.tgz"
	equals 382 "${#lines[@]}"
	run -0 flyte-register show "$pkg/plain.tgz:wf.launchplans.mapped"
}

@test "full disk: output that cannot be written is status 8" {
	[ -e /dev/full ] || skip "no /dev/full"
	run -8 sh -c 'flyte-register --as v1 spec.yaml > /dev/full'
}

@test "flyte: runs flyte-x, ours or any other on the path" {
	run -0 flyte register --version
	has "flyte-register (flyte-tools)" "$output"
	run -0 flyte register --as v1 spec.yaml
	run -5 flyte register show nope
	mkdir bin
	printf '#!/bin/sh\necho "mine: $*"\n' > bin/flyte-mine
	chmod +x bin/flyte-mine
	PATH=$PWD/bin:$PATH run -0 flyte mine a --as 'b c'
	equals "mine: a --as b c" "$output"
	run -2 flyte registr
	has "did you mean register?" "$output"
	run -2 flyte nothing-like-it
	has "there is no flyte-nothing-like-it" "$output"
	run -2 flyte ../evil
	run -2 flyte
	run -0 flyte --help
	has "register" "$output"
	run -0 flyte --version
	run -2 flyte --bogus
}
