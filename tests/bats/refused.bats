# What cannot be done, word for word: each command, its status, what it says
# (refused.golden).
load helper

local_setup() {
	cat >r.yaml <<-'EOT'
	tasks:
	  add: {inputs: {a: int, b: int}, outputs: {m: int}, jq: ".a + .b"}
	  endless:
	    dynamic: true
	    inputs: {n: int}
	    outputs: {m: int}
	    run: 'printf "nodes: {e: {task: endless, with: {n: %s}}}\noutputs: {m: \$e.m}\n" $n >$FLYTE_DYNAMIC'
	  writes:
	    dynamic: true
	    inputs: {text: str}
	    outputs: {m: int}
	    run: 'printf "%s" "$text" >$FLYTE_DYNAMIC'
	  deep:
	    dynamic: true
	    outputs: {m: int}
	    run: "head -c 3000 /dev/zero | tr '\\0' '[' >$FLYTE_DYNAMIC"
	workflows:
	  gates:
	    nodes:
	      first: {gate: {signal: int}}
	      second: {gate: approve, after: [first]}
	      a: {task: add, with: {a: 1, b: 2}}
	      third: {gate: {signal: "list(str)"}, after: [second]}
	    outputs: {v: $first.o0}
	  zip:
	    inputs: {a: list(int), b: list(int)}
	    nodes: {m: {map: add, with: {a: $a, b: $b}}}
	    outputs: {m: $m.m}
	  loop:
	    inputs: {n: int}
	    nodes: {p: {launchplan: loop, with: {n: $n}}}
	EOT
	: >given
}

# refuses COMMAND...
refuses() {
	local status=0
	"$@" </dev/null >out 2>err || status=$?
	{
		printf '$'
		printf ' %q' "$@"
		printf '\n'
		sed -E 's/[0-9]+\.[0-9]+ s/T s/; s#/[^ ]*/executions/[^ ]*#FOLDER#g; s#execution in /[^;]*#execution in HOME#
			s/\([0-9a-z]{20}\)/(ID)/; s#(recover|replay) [0-9a-z]{20}#\1 ID#' err
		echo "= $status"
	} >>given
}

# The node has the phase.
is() {
	[ "$(flyte-show --json g | jq -r --arg n "$1" \
		'.nodes[] | select(.node == $n).phase')" = "${2-RUNNING}" ]
}

@test "refused: every request that cannot be met, word for word" {
	flyte-run -q --name g r.yaml:gates >/dev/null 2>&1 3>&- &
	within 30 is first
	within 30 is a SUCCEEDED
	# a signal of the wrong type, to what is no gate, not there, or by the
	# wrong word
	refuses flyte-ctl signal g/first text
	refuses flyte-ctl signal g/first '[1]'
	refuses flyte-ctl approve g/first
	refuses flyte-ctl signal g/second 1
	refuses flyte-ctl signal g/a 1
	refuses flyte-ctl signal g/nope 1
	refuses flyte-ctl signal nope/first 1
	# a running one
	refuses flyte-run --recover g
	refuses flyte-run --resume g
	refuses flyte-run --name g r.yaml:gates
	# twice, and to a finished node
	flyte-ctl signal -q g/first 1
	within 30 is second
	refuses flyte-ctl signal g/first 2
	flyte-ctl approve -q g/second
	within 30 is third
	refuses flyte-ctl approve g/second
	refuses flyte-ctl signal g/third '["a", {}]'
	flyte-ctl stop -q g --reason enough
	all_ended
	# to a finished execution
	refuses flyte-ctl signal g/third '["a"]'
	refuses flyte-ctl stop g
	# maps, dynamic tasks and launch plans
	refuses flyte-run -q r.yaml:zip 'a=[1,2]' 'b=[1]'
	refuses flyte-run -q --type task r.yaml:endless n=1
	refuses flyte-run -q --type task r.yaml:writes text='nodes: {a: {task: nope}}'
	refuses flyte-run -q --type task r.yaml:writes text='workflows: {a: {nodes: {}}}'
	refuses flyte-run -q --type task r.yaml:writes text='{"nodes": {"a": {"task": "writes", "with": {"text": [], "b": "$c.m"}}}, "outputs": {"m": "$a.n"}}'
	refuses flyte-run -q --type task r.yaml:deep
	refuses flyte-run -q r.yaml:loop n=1
	[ -z "${REFUSED_UPDATE:-}" ] || cp given "$BATS_TEST_DIRNAME/refused.golden"
	same "$BATS_TEST_DIRNAME/refused.golden" <given
}
