load helper

# The sanitizer reserves more than there is.
local_setup() {
	[ "$(basename "$FLYTE_TEST_BUILD")" = asan ] || ulimit -v 400000
}

# What is killed, damaged or made to hurt: each once broke something.

# waits_at_g ID: how often its gate g has begun to wait, once each start.
waits_at_g() {
	cat "$FLYTE_HOME"/executions/*/*/*/"$1"/journal 2>/dev/null |
		grep -c '"p": "g", "s": "RUNNING"' || true
}

# killed ID COMMAND...: starts it and kills it when its gate g waits.
killed() {
	local id=$1 pid before
	shift
	before=$(waits_at_g "$id")
	"$@" >/dev/null 2>&1 3>&- &
	pid=$!
	within 30 waits_again "$id" "$before"
	kill -KILL $pid
	wait $pid || true
}

waits_again() {
	[ "$(waits_at_g "$1")" != "$2" ]
}

@test "hostile: a case not taken is recorded once, however often it is resumed" {
	cat >s.yaml <<-'end'
		tasks:
		  t: {inputs: {n: int}, outputs: {m: int}, jq: .n}
		  bad: {outputs: {m: int}, run: exit 1}
		workflows:
		  w:
		    inputs: {n: int}
		    failure_policy: fail_after_executable_nodes_complete
		    nodes:
		      b: {task: bad}
		      never: {task: t, with: {n: $b.m}}
		      s:
		        switch:
		          - {if: $n > 1, task: t, with: {n: 1}}
		          - {task: t, with: {n: 2}}
		      g: {gate: {sleep: 1h}, after: [s]}
	end
	killed k flyte-run -q --name k s.yaml:w n=5
	killed k flyte-run -q --resume k
	killed k flyte-run -q --resume k
	run -0 flyte-ctl fsck k
	run -0 grep -c SKIPPED "$FLYTE_HOME"/executions/*/*/*/k/journal
	equals 2 "$output"
}

@test "hostile: a name goes before the names that begin with it" {
	cat >s.yaml <<-'end'
		tasks:
		  t: {outputs: {m: int}, jq: "1"}
		workflows:
		  c: {nodes: {t: {task: t}}, outputs: {m: $t.m}}
		  w: {nodes: {p: {launchplan: c}}, outputs: {m: $p.m}}
	end
	flyte-register -p far --as v1 s.yaml >/dev/null
	flyte-run -q -p far --name n w
	run -0 flyte-show n
	has "far/development/w@v1" "$output"
	flyte-run -q -p near --name n s.yaml:w
	run -2 flyte-show n
	has "near/development/n" "$output"
	has "far/development/n" "$output"
}

@test "hostile: a damaged catalog is said once and costs no result" {
	damaged=1
	cat >s.yaml <<-'end'
		tasks:
		  t:
		    inputs: {n: int}
		    outputs: {f: file}
		    cache: "1"
		    run: seq 9999 >"$FLYTE_OUTPUTS/f"
		workflows:
		  w:
		    nodes:
		      a: {task: t, with: {n: 1}}
		      b: {task: t, with: {n: 2}}
		      c: {task: t, with: {n: 3}, after: [b]}
		    outputs: {f: $c.f}
	end
	flyte-run -q -o f=one s.yaml:w
	head -c 100000 /dev/zero >"$FLYTE_HOME/catalog.db"
	run -0 --separate-stderr flyte-run -q -o f=two s.yaml:w
	equals 1 "$(grep -c damaged <<<"$stderr")"
	cmp one two
}

@test "hostile: a pipe in a folder of outputs is the task's fault, once" {
	cat >s.yaml <<-'end'
		tasks:
		  t:
		    outputs: {d: dir}
		    run: mkdir "$FLYTE_OUTPUTS/d"; mkfifo "$FLYTE_OUTPUTS/d/p"
	end
	run -1 flyte-run -q s.yaml:t
	has "output d: p: neither file, folder nor link" "$output"
	lacks "attempt" "$output"
	lacks "lost" "$output"
}

@test "hostile: gc passes by what a failed task left, however deep" {
	cat >s.yaml <<-'end'
		tasks:
		  t:
		    outputs: {m: int}
		    shell: [bash, -c]
		    run: mkdir -p "$(printf 'a/%.0s' {1..300})"; exit 1
	end
	run -1 flyte-run -q s.yaml:t
	run -0 flyte-cache gc --max-size 1 --older 0s
}
@test "hostile: a device or pipe in a map of inputs is no file" {
	cat >s.yaml <<-'end'
		tasks:
		  t: {inputs: {f: file}, outputs: {n: int}, jq: "1"}
	end
	mkfifo p
	for f in /dev/zero "$PWD/p"; do
		echo "{\"f\": \"$f\"}" >in.json
		run -2 timeout 10 flyte-exec -i in.json s.yaml:t
		has "that is a device, pipe or socket" "$output"
		run -2 timeout 10 flyte-run -q -i in.json s.yaml:t
	done
}

@test "hostile: a limit on the size of files is a system error, not a signal" {
	head -c 4000000 /dev/zero >big
	run -8 --separate-stderr bash -c 'ulimit -f 1000; flyte-cache put big'
	has 'File too large' "$stderr"
}

@test "hostile: what a task leaves in a list or map is taken or refused, not lost" {
	cat >l.yaml <<-'EOT'
	tasks:
	  gap: {outputs: {n: list(int)}, run: "mkdir $FLYTE_OUTPUTS/n; cd $FLYTE_OUTPUTS/n; echo 1 >0; echo 3 >2"}
	  other: {outputs: {n: list(file)}, run: "mkdir $FLYTE_OUTPUTS/n; echo 1 >$FLYTE_OUTPUTS/n/a.csv"}
	  twice: {outputs: {n: list(int)}, run: "mkdir $FLYTE_OUTPUTS/n; cd $FLYTE_OUTPUTS/n; echo 1 >0; echo 2 >01"}
	  link: {outputs: {n: list(int)}, run: "mkdir $FLYTE_OUTPUTS/n; cd $FLYTE_OUTPUTS/n; echo 1 >0; ln -s nowhere 1"}
	  bytes: {outputs: {n: map(str)}, cache: "1", run: "mkdir $FLYTE_OUTPUTS/n; cd $FLYTE_OUTPUTS/n; echo a >\"$(printf 'a\\377')\""}
	  good: {outputs: {n: list(int)}, run: "mkdir $FLYTE_OUTPUTS/n; cd $FLYTE_OUTPUTS/n; touch .hidden; for i in $(seq 0 10); do echo $i >$i; done"}
	EOT
	run -1 flyte-run -q l.yaml:gap
	has "one before it is missing" "$output"
	run -1 flyte-run -q l.yaml:other
	has '"a.csv" in it is no element' "$output"
	run -1 flyte-run -q l.yaml:twice
	has '"01" in it is no element' "$output"
	run -1 flyte-run -q l.yaml:link
	has "is missing" "$output"
	run -1 flyte-run -q l.yaml:bytes
	has "is not valid UTF-8" "$output"
	run -0 flyte-run -q -o n l.yaml:good
	equals '[0,1,2,3,4,5,6,7,8,9,10]' "$output"
}
