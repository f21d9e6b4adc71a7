load helper

# What is killed, damaged or made to hurt: each once broke something.

# killed ID COMMAND...: starts it and kills it when one of its nodes waits.
killed() {
	local i id=$1 pid
	shift
	"$@" >/dev/null 2>&1 3>&- &
	pid=$!
	for i in {1..200}; do
		flyte-show "$id" 2>/dev/null | grep -qi waits && break
		sleep 0.05
	done
	kill -KILL $pid
	wait $pid || true
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
