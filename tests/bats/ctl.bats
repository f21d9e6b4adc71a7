# flyte-ctl: wait, stop, approve, signal, fsck.
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

# within SECONDS COMMAND...: waits until it succeeds.
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# Starts it in the background; its name is the last word before the target.
running() {
	flyte-run -q --name "$1" "w.yaml:$2" n=1 3>&- >"$1.out" 2>"$1.err" &
	pid=$!
	within 10 is running "$1"
}

is() {
	[ "$(flyte-show --json "$2" 2>/dev/null | jq -r .phase)" = "$1" ]
}

# What a killed runner leaves.
interrupted() {
	running "$1" "$2"
	[ "$2" != hangs ] || within 10 begun "$1"
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

@test "ctl: fsck finds nothing wrong where nothing is" {
	run -0 --separate-stderr flyte-ctl fsck
	equals "flyte-ctl: 0 executions, 0 cache entries checked: 0 faults" "$stderr"
	flyte-run -q w.yaml:two n=1
	flyte-run -q w.yaml:two n=1
	run ! flyte-run -q w.yaml:fails n=1
	echo hello >f
	flyte-run -q w.yaml:copies f=f
	interrupted h hangs
	run -0 --separate-stderr flyte-ctl fsck
	equals "" "$output"
	equals "flyte-ctl: 5 executions, 3 cache entries checked: 0 faults" "$stderr"
}

@test "ctl: fsck tells a damaged record, closure and file" {
	damaged=1
	flyte-run -q --name t w.yaml:two n=1
	echo hello >f
	flyte-run -q --name c w.yaml:copies f=f
	chmod -R u+w "$FLYTE_HOME/blobs"
	find "$FLYTE_HOME/blobs" -type f -exec sh -c 'echo x >>"$1"' _ {} \;
	run -7 flyte-ctl fsck -q c
	has "c: outputs: blob:sha256:" "$output"
	has "is damaged" "$output"
	find "$FLYTE_HOME/blobs" -type f -delete
	run -0 flyte-ctl fsck -q c
	run -7 flyte-ctl fsck -q
	has "catalog: " "$output"
	has " is not there" "$output"
	rm -rf "$FLYTE_HOME/closures"
	run -7 flyte-ctl fsck -q t
	has "t: " "$output"
	has "closures/" "$output"
	sed -i '3s/./x/' "$(folder t)/journal"
	run -7 flyte-ctl fsck -q t
	has "record 2 is damaged" "$output"
}

# journal RECORD...: writes one of the name j from records as JSON.
journal() {
	local dir=$FLYTE_HOME/executions/default/development/00/j
	flyte-run -q --name j w.yaml:two n=1 >/dev/null
	dir=$(folder j)
	{
		sed -n 1p "$dir/journal" | cut -d' ' -f4-
		printf '%s\n' "$@"
	} | perl -e '
		my @table = map { my $c = $_; $c = $c & 1 ? ($c >> 1) ^ 0x82f63b78 : $c >> 1 for 1 .. 8; $c } 0 .. 255;
		my $seq = 0;
		while (my $json = <STDIN>) {
			chomp $json;
			my $rest = sprintf "%d %d %s", $seq, 1700000000000000 + $seq, $json;
			$seq++;
			my $c = 0xffffffff;
			$c = $table[($c ^ $_) & 255] ^ ($c >> 8) for unpack "C*", $rest;
			printf "%08x %s\n", $c ^ 0xffffffff, $rest;
		}' >j.new
	cat j.new >"$dir/journal"
}

@test "ctl: fsck tells steps that are not legal" {
	damaged=1
	journal '{"r": "begin", "n": 1}' \
		'{"r": "start", "p": "x"}' \
		'{"r": "end", "p": "x", "a": 1}' \
		'{"r": "node", "p": "x", "s": "SUCCEEDED"}' \
		'{"r": "node", "p": "x", "s": "RUNNING"}' \
		'{"r": "start", "p": "y"}' \
		'{"r": "start", "p": "y"}' \
		'{"r": "node", "p": "x", "s": "DANCING"}' \
		'{"r": "workflow", "s": "SUCCEEDED"}' \
		'{"r": "workflow", "s": "RUNNING"}'
	run -7 flyte-ctl fsck -q j
	same <(printf '%s\n' "$output") <<-'EOF'
		j: record 3: x: the end of attempt 1, which does not run
		j: record 5: x: RUNNING cannot follow SUCCEEDED
		j: record 7: y: attempt 0 after attempt 0
		j: record 8: x: no phase of a node: DANCING
		j: record 10: after the end of the execution
		j: record 10: the execution: RUNNING cannot follow SUCCEEDED
	EOF
}

@test "ctl: fsck tells what still runs in what has ended" {
	damaged=1
	journal '{"r": "begin", "n": 1}' \
		'{"r": "node", "p": "s", "s": "RUNNING"}' \
		'{"r": "start", "p": "s/0/x"}' \
		'{"r": "node", "p": "s", "s": "FAILED"}' \
		'{"r": "child", "p": "l", "project": "default", "domain": "development", "name": "nosuch"}' \
		'{"r": "workflow", "s": "FAILED"}'
	run -7 flyte-ctl fsck -q j
	has "s/0/x: still RUNNING though the execution has ended" "$output"
	has "s/0/x: still RUNNING though s is FAILED" "$output"
	has "l: its execution nosuch: " "$output"
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
