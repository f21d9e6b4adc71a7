# flyte-ctl: wait, stop, approve, signal.
load helper

local_setup() {
	cat >w.yaml <<-'EOF'
		tasks:
		  add:
		    inputs: {n: int}
		    outputs: {m: int}
		    cache: "1"
		    run: echo $((n + 1)) > "$FLYTE_OUTPUTS/m"
		  bad:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: exit 3
		  slow:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: |
		      sleep 1
		      echo "$n" > "$FLYTE_OUTPUTS/m"
		  sleepy:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: |
		      echo begun; exec sleep 1000
		  copy:
		    inputs: {f: file}
		    outputs: {g: file}
		    cache: "1"
		    run: cat "$f" > "$FLYTE_OUTPUTS/g"
		workflows:
		  two:
		    inputs: {n: int}
		    nodes:
		      x: {task: add, with: {n: $n}}
		      y: {task: add, with: {n: $x.m}}
		    outputs: {r: $y.m}
		  fails:
		    inputs: {n: int}
		    nodes:
		      x: {task: bad, with: {n: $n}}
		    outputs: {r: $x.m}
		  slowly:
		    inputs: {n: int}
		    nodes:
		      x: {task: slow, with: {n: $n}}
		    outputs: {r: $x.m}
		  hangs:
		    inputs: {n: int}
		    nodes:
		      x: {task: sleepy, with: {n: $n}}
		      y: {task: add, with: {n: $x.m}}
		    outputs: {r: $y.m}
		  gates:
		    inputs: {n: int}
		    nodes:
		      ok: {gate: approve}
		      v: {gate: {signal: int}}
		      z: {gate: {sleep: 1s}}
		      t: {task: add, with: {n: $v.o0}, after: [ok]}
		    outputs: {r: $t.m}
		  copies:
		    inputs: {f: file}
		    nodes:
		      c: {task: copy, with: {f: $f}}
		    outputs: {g: $c.g}
	EOF
}

# Tasks that run: their folder is in $FLYTE_HOME.
left() {
	local p
	for p in /proc/[0-9]*; do
		case "$(readlink "$p/cwd" 2>/dev/null)" in
		"$FLYTE_HOME"/*) echo "${p#/proc/}" ;;
		esac
	done
}

local_teardown() {
	local p
	for p in $(left); do
		kill -9 "$p"
	done
}

# Starts it in the background; its name is the last word before the target.
running() {
	flyte-run -q --name "$1" "w.yaml:$2" n=1 3>&- >"$1.out" 2>"$1.err" &
	pid=$!
	within 30 is running "$1"
}

is() {
	[ "$(flyte-show --json "$2" 2>/dev/null | jq -r .phase)" = "$1" ]
}

# What a killed runner leaves.
interrupted() {
	running "$1" "$2"
	[ "$2" != hangs ] || within 30 begun "$1"
	kill -9 "$pid"
	wait "$pid" || true
	is interrupted "$1"
}

begun() {
	[ "$(flyte-show --logs "$1/x" 2>/dev/null)" = begun ]
}

# The folder of an execution.
folder() {
	echo "$FLYTE_HOME"/executions/default/development/*/"$1"
}

@test "ctl: wait has the status of the execution" {
	flyte-run -q --name good w.yaml:two n=1
	run ! flyte-run -q --name bad w.yaml:fails n=1
	run -0 flyte-ctl wait good
	run -1 flyte-ctl wait bad
	running slow slowly
	run -75 --separate-stderr flyte-ctl wait slow --timeout 10ms
	equals "flyte-ctl: slow has not ended yet" "$stderr"
	run -0 flyte-ctl wait slow
	is succeeded slow
	run -5 flyte-ctl wait nosuch
	interrupted dead hangs
	run -75 --separate-stderr flyte-ctl wait dead
	has "flyte-run --resume dead" "$stderr"
}

@test "ctl: wait sees a runner killed while it waits" {
	running h hangs
	flyte-ctl wait -q h 3>&- &
	local waiter=$!
	sleep 0.2
	kill -9 "$pid"
	local status=0
	wait $waiter || status=$?
	equals 75 $status
}

@test "ctl: stop of an interrupted execution ends it and what it left" {
	interrupted h hangs
	[ -n "$(left)" ]
	run -0 flyte-ctl stop h --reason "not needed"
	is aborted h
	equals "" "$(left)"
	run -0 flyte-show h
	has "not needed" "$output"
	has "  x  stopped" "$output"
	[ ! -e "$(folder h)/scratch" ]
	equals begun "$(flyte-show --logs h/x)"
	run -0 flyte-ctl fsck -q h
	equals "" "$output"
	run -1 flyte-ctl wait h
	run -4 --separate-stderr flyte-ctl stop h
	equals "flyte-ctl: h has ended: it was aborted" "$stderr"
	flyte-run -q --name good w.yaml:two n=1
	run -4 --separate-stderr flyte-ctl stop good
	equals "flyte-ctl: good has ended: it succeeded" "$stderr"
}

@test "ctl: stop asks a running process by a file in its folder" {
	running h hangs
	run -0 flyte-ctl stop h --reason enough
	equals '{"do": "stop", "reason": "enough"}' "$(cat "$(folder h)/control/1")"
	wait "$pid" || true
	is aborted h
	equals "" "$(left)"
	has "enough" "$(flyte-show h)"
	run -0 flyte-ctl fsck -q h
	equals "" "$output"
}

@test "ctl: gates of a running execution pass when told to" {
	running g gates
	has "waiting" "$(flyte-show g)"
	run -0 --separate-stderr flyte-ctl approve g/ok
	equals "" "$stderr"
	run -0 flyte-ctl signal g/v 41
	run -0 flyte-ctl wait g --timeout 20s
	wait "$pid"
	equals 42 "$(flyte-show --json g | jq -r .outputs.literals.r.scalar.primitive.integer)"
	run -4 flyte-ctl approve g/ok
	run -0 flyte-ctl fsck -q g
}

@test "ctl: what was given while nobody ran it is taken at resume" {
	interrupted g gates
	flyte-ctl approve -q g/ok
	flyte-ctl signal -q g/v 41
	flyte-run -q --resume g >/dev/null
	is succeeded g
	equals 42 "$(flyte-show --json g | jq -r .outputs.literals.r.scalar.primitive.integer)"
	run -0 flyte-ctl fsck -q g
}

@test "ctl: what a gate is given is checked, and given once" {
	interrupted g gates
	run -0 --separate-stderr flyte-ctl approve g/ok
	has "no process runs g now" "$stderr"
	run -4 --separate-stderr flyte-ctl approve g/ok
	equals "flyte-ctl: g/ok has been given its value already" "$stderr"
	run -2 --separate-stderr flyte-ctl approve g/v
	has "waits for a value, not for approval" "$stderr"
	run -2 --separate-stderr flyte-ctl signal g/v 1.5
	equals 'flyte-ctl: input VALUE: expected int, given "1.5"; an int is written in digits only' "$stderr"
	run -2 --separate-stderr flyte-ctl signal g/z 1
	has "waits for time to pass" "$stderr"
	run -2 --separate-stderr flyte-ctl signal g/t 1
	equals "flyte-ctl: g/t is no gate but a task" "$stderr"
	run -5 flyte-ctl signal g/nosuch 1
	run -0 flyte-ctl signal -q g/v 41
	equals "" "$output"
	jq -e '.do == "signal" and .id == "v" and .value.scalar.primitive.integer == "41"' "$(folder g)/control/2"
	run -0 flyte-ctl fsck g
	flyte-ctl stop g
	run -4 --separate-stderr flyte-ctl signal g/v 1
	has "has ended" "$stderr"
}

@test "ctl: wrong usage is 2" {
	run -2 flyte-ctl
	run -2 flyte-ctl dance
	run -2 flyte-ctl wait
	run -2 flyte-ctl wait a b
	run -2 flyte-ctl signal a/b
	run -2 flyte-ctl fsck --reason x
	run -2 flyte-ctl wait last --timeout soon
	flyte-run -q --name t w.yaml:two n=1
	run -2 flyte-ctl approve t
	run -2 flyte-ctl wait t/x
}
