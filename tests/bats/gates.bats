# Gates: values given to a run that waits, and to one that nobody runs.
load helper

local_setup() {
	cat >g.yaml <<-'EOT'
	tasks:
	  inc: {inputs: {n: int}, outputs: {m: int}, run: "echo $((n + 1)) >$FLYTE_OUTPUTS/m"}
	  hang: {inputs: {n: int}, run: exec sleep 1000}
	workflows:
	  w:
	    inputs: {n: int}
	    nodes:
	      a: {task: inc, with: {n: $n}}
	      ok: {gate: approve, with: {m: $a.m}}
	      v: {gate: {signal: int, output: x}, after: [ok]}
	      b: {task: inc, with: {n: $v.x}}
	    outputs: {m: $ok.m, r: $b.m}
	  two:
	    nodes:
	      l: {gate: {signal: list(str)}}
	      z: {gate: {sleep: 300ms}}
	    outputs: {l: $l.o0}
	  timed:
	    nodes: {v: {gate: {signal: int}, timeout: 200ms}}
	    outputs: {v: $v.o0}
	  inner:
	    inputs: {n: int}
	    nodes: {v: {gate: {signal: int}}}
	    outputs: {v: $v.o0}
	  outer:
	    nodes: {s: {workflow: inner, with: {n: 1}}}
	    outputs: {v: $s.v}
	  hangs:
	    nodes: {a: {task: hang, with: {n: 1}}, b: {task: hang, with: {n: 2}}}
	EOT
}

# The run is started in the background; waits until it waits for NODE.
begin() { # NAME WORKFLOW NODE [INPUT...]
	local name=$1 wf=$2 node=$3
	shift 3
	flyte-run --name "$name" -o "$out" "g.yaml:$wf" "$@" >out 2>err 3>&- &
	pid=$!
	waits "$name" "$node"
}

waits() {
	within 30 is_running "$1" "$2" || {
		cat err
		return 1
	}
}

is_running() {
	grep -q "\"p\": \"$2\", \"s\": \"RUNNING\"" \
		"$FLYTE_HOME"/executions/*/*/*/"$1"/journal
}

killed() {
	kill -9 "$pid"
	wait "$pid" || true
}

@test "gates: approve and signal let a run go on" {
	out=r begin g w ok n=4
	run -2 flyte-ctl signal g/ok 5
	run -2 flyte-ctl approve g/v
	has "flyte-ctl signal g/v VALUE" "$output"
	run -0 flyte-show g/ok
	has 'waits for:  approval of its inputs
answer:     flyte-ctl approve g/ok
or:         flyte-ctl signal g/ok false
inputs:
    m = 5' "$output"
	equals 'approval flyte-ctl approve g/ok 5' "$(flyte-show --json g/ok | jq -r \
		'"\(.waits.for) \(.waits.answer) \(.inputs.literals.m.scalar.primitive.integer)"')"
	run -5 flyte-show g/ok#1
	has "g/ok: no attempt 1; none was made" "$output"
	flyte-ctl approve g/ok
	waits g v
	run -0 flyte-show g/v
	has 'waits for:  x: int
answer:     flyte-ctl signal g/v VALUE' "$output"
	equals '{"for":"value","name":"x","type":"int","answer":"flyte-ctl signal g/v VALUE"}' \
		"$(flyte-show --json g/v | jq -c .waits)"
	run -2 flyte-ctl signal g/v text
	run -2 flyte-ctl signal g/a 1
	has "is no gate" "$output"
	run -4 flyte-ctl approve g/ok
	flyte-ctl signal g/v 41
	wait $pid
	equals 42 "$(cat out)"
	run -0 flyte-show g/v
	lacks "waits for" "$output"
	run -4 flyte-ctl signal g/v 41
	flyte-ctl fsck -q
}

@test "gates: a process that waits does nothing" {
	out=r begin g w ok n=4
	before=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	sleep 0.5
	after=$(awk '{ print $14 + $15 }' /proc/$pid/stat)
	[ $((after - before)) -le 1 ]
	flyte-ctl stop -q g
	wait $pid || [ $? = 1 ]
}

@test "gates: what is refused by the run itself is told and passed over" {
	damaged=1
	out=r begin g w ok n=4
	dir=$(echo "$FLYTE_HOME"/executions/*/*/*/g)/control
	mkdir "$dir"
	post() {
		printf '%s' "$2" >"$dir/.t"
		mv "$dir/.t" "$dir/$1"
	}
	value='{"scalar":{"primitive":{"boolean":true}}}'
	post 1 '{"do":"signal","id":"ok","value":{"scalar":{"primitive":{"integer":"1"}}}}'
	post 2 '{"do":"signal","id":"nosuch","value":'"$value"'}'
	post 3 nonsense
	post 4 '{"do":"signal","id":"ok","value":'"$value"'}'
	waits g v
	post 5 '{"do":"signal","id":"ok","value":'"$value"'}'
	post 6 '{"do":"signal","id":"v","value":{"scalar":{"primitive":{"integer":"1"}}}}'
	wait $pid
	has "signal ok is ignored: expected bool, given int 1" "$(cat err)"
	has "signal nosuch is ignored: no gate waits for it" "$(cat err)"
	has "a command is passed over: control/3" "$(cat err)"
	has "signal ok is ignored: it was given before" "$(cat err)"
	equals 2 "$(cat out)"
	flyte-ctl fsck -q g || [ $? = 7 ] # it names control/3
}

@test "gates: signals count whether or not a process runs the execution" {
	out=r begin g w ok n=4
	killed
	flyte-ctl approve -q g/ok
	run -4 flyte-ctl approve g/ok
	out=r begin g w v n=4
	killed
	flyte-ctl signal -q g/v 1
	run -0 --separate-stderr flyte-run -o r --resume g
	equals 2 "$output"
	flyte-ctl fsck -q
}

@test "gates: lists; a sleep is counted from its start, over restarts" {
	out=l begin g two z
	killed
	sleep 0.35
	flyte-ctl signal -q g/l '["a","b"]'
	start=$(date +%s%N)
	run -0 --separate-stderr flyte-run --plain --resume g
	[ $((($(date +%s%N) - start) / 1000000)) -lt 280 ]
	equals '{"l":["a","b"]}' "$output"
}

@test "gates: a timeout ends the wait" {
	run -1 flyte-run -q g.yaml:timed
	has "v" "$output"
	flyte-ctl fsck -q
}

@test "gates: inside a sub-workflow" {
	out=v begin g outer s/0/v
	flyte-ctl signal g/s/v 7
	wait $pid
	equals 7 "$(cat out)"
	flyte-ctl fsck -q
}

@test "gates: -n says that a run would wait" {
	run -0 flyte-run -n g.yaml:w n=1
	has "run     a" "$output"
	has "depends ok" "$output"
	run -0 flyte-run -n g.yaml:two
	has "wait    l" "$output"
}

@test "stop: what runs is ended first, then the execution; with the reason" {
	flyte-run --name h g.yaml:hangs >out 2>err 3>&- &
	pid=$!
	both() { [ "$(grep -c '"r": "start"' "$FLYTE_HOME"/executions/*/*/*/h/journal)" = 2 ]; }
	within 30 both
	flyte-ctl stop --reason "wrong input" h
	wait $pid || [ $? = 1 ]
	has "aborted" "$(cat err)"
	has "wrong input" "$(cat err)"
	run -0 flyte-show h
	has "error:      Aborted: wrong input" "$output"
	flyte-ctl fsck -q
	run -4 flyte-ctl stop h
}

@test "gates: of several values at once one is taken, and only its giver is told so" {
	out=r
	begin many w ok n=1
	for i in 1 2 3 4 5 6; do
		(s=0; flyte-ctl -q signal many/v $i 2>/dev/null || s=$?; echo $s >s$i) 3>&- &
		pids="${pids:-} $!"
	done
	# shellcheck disable=SC2086
	wait $pids
	equals 1 "$(cat s? | grep -c '^0$')"
	equals 5 "$(cat s? | grep -c '^4$')"
	flyte-ctl approve many/ok
	wait "$pid"
	grep -q '^0$' "s$(($(cat out) - 1))"
}

@test "gates: a value that is too long to be read is refused, not lost" {
	cat >l.yaml <<-'EOT'
	workflows:
	  w: {nodes: {s: {gate: {signal: str, output: v}}}, outputs: {o: $s.v}}
	EOT
	flyte-run -q --name long -o o l.yaml:w >out 2>err 3>&- &
	pid=$!
	waits long s
	head -c 12000000 /dev/zero | tr '\0' '\001' >big
	run -2 flyte-ctl signal long/s @big
	has "at most" "$output"
	head -c 100000 big >small
	run -0 flyte-ctl signal long/s @small
	wait "$pid"
	equals 100001 "$(wc -c <out)"
}
