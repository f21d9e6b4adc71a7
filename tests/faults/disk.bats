#!/usr/bin/env bats
# On file systems that are really small: a tmpfs of so many bytes or names,
# in a mount namespace of its own.

load ../bats/helper

graph=$BATS_TEST_DIRNAME/graph.yaml

# apart FUNCTION ARG...: the function in a mount namespace; $d is to be
# mounted on.
apart() {
	find_namespace
	export d=$BATS_TEST_TMPDIR/small COUNT=$BATS_TEST_TMPDIR/count graph
	export FLYTE_HOME=$d/home
	mkdir -p "$d"
	: >"$COUNT"
	"${namespace[@]}" mount -t tmpfs -o size=64k none "$d" 2>/dev/null ||
		skip 'no right to mount a tmpfs, not even in a namespace'
	export -f "$@" has lacks equals expect completed again all 2>/dev/null || :
	"${namespace[@]}" bash -eu -c "$*"
}

small() { mount -t tmpfs -o "mode=777,$1" none "$d"; }
larger() { mount -o remount,size=64m,nr_inodes=10000 "$d"; }
gone() { umount "$d"; }
export -f small larger gone

# expect STATUS... -- COMMAND: it ends with one of them, and says so.
expect() {
	local ok="" status=0
	while [ "$1" != -- ]; do ok+=" $1 " && shift; done
	shift
	"$@" >"$d.out" 2>"$d.err" || status=$?
	case $ok in
	*" $status "*) ;;
	*)
		echo "expected$ok, given $status: $*" && cat "$d.err"
		return 1
		;;
	esac
	[ $status = 0 ] || grep -qE '^flyte-[a-z]+: .+: .+' "$d.err"
	last=$status
}

completed() {
	flyte-show --json n 2>/dev/null | jq -r '.nodes[]? | select(.phase == "SUCCEEDED") |
		.inputs.literals // {} | select(.at and .n) |
		.at.scalar.primitive.stringValue + "." + .n.scalar.primitive.integer' | sort -u
}

all() { flyte-run -q --plain --name n "$graph:all" n=3 'l=[1,2,3]'; }

# With room the same command finishes, and runs nothing twice.
again() {
	local before
	completed >"$d.completed"
	before=$(wc -l <"$COUNT")
	larger
	expect 0 -- all
	equals 367 "$(jq .n "$d.out")"
	equals "" "$(tail -n +$((before + 1)) "$COUNT" | sort | comm -12 - "$d.completed")"
	flyte-ctl fsck -q
	flyte-cache verify -q
}

run_small() {
	local option full=0 last
	for option; do
		small "$option"
		: >"$COUNT"
		expect 0 8 -- all
		[ "$last" = 0 ] || full=$((full + 1))
		again
		gone
	done
	# Or nothing was tried.
	[ $full -ge 3 ]
}

@test "disk: a run without room breaks off; with room the same command finishes it" {
	apart run_small size={20,40,60,80,100,120,140,160,180,200,240,280,320,400}k
}

@test "disk: nor does it need more names than there are" {
	apart run_small size=8m,nr_inodes={4,8,12,16,24,32,40,48,56,64,80,100}
}

register_small() {
	local kb last full=0
	for kb in 8 16 24 32 40 60 80 120; do
		small size=${kb}k
		expect 0 8 -- flyte-register -p p --as v1 "$graph"
		[ "$last" = 0 ] || full=$((full + 1))
		# What is there is whole: a version that can be listed can run.
		flyte-register list -p p >"$d.list"
		larger
		expect 0 -- flyte-register -p p --as v1 "$graph"
		equals 20 "$(flyte-register list -p p | wc -l)"
		equals '{"m":16}' "$(flyte-run -q --plain -p p inner at=x n=2)"
		equals "" "$(find "$FLYTE_HOME" -name '.tmp.*')"
		gone
	done
	[ $full -ge 3 ]
}

@test "disk: nothing is half registered" {
	apart register_small
}

put_small() {
	head -c 900000 /dev/urandom >"$d.big"
	small size=400k
	expect 8 -- flyte-cache put "$d.big"
	has 'No space left' "$(cat "$d.err")"
	# What it could not finish takes no room.
	equals "" "$(find "$FLYTE_HOME/blobs" -type f)"
	larger
	expect 0 -- flyte-cache put "$d.big"
	flyte-cache get "$(cat "$d.out")" | cmp - "$d.big"
}

@test "disk: a blob that finds no room leaves nothing" {
	apart put_small
}

fill() { cat /dev/zero >"$d/fill" 2>/dev/null || :; }

gc_full() {
	small size=2m
	all >/dev/null
	head -c 900000 /dev/urandom >"$d.big"
	flyte-cache put "$d.big" >/dev/null
	fill
	expect 0 -- flyte-cache gc --older 0s --max-size 1
	equals "" "$(find "$FLYTE_HOME/blobs" -type f)"
	expect 0 -- flyte-cache ls
	equals "" "$(cat "$d.out")"
	fill
	expect 0 8 -- flyte-cache rm --all
	rm "$d/fill"
	flyte-cache verify -q
	flyte-ctl fsck -q
}
export -f fill

@test "disk: gc makes room on a disk that is full" {
	apart gc_full
}

control_full() {
	local pid
	small size=4m
	flyte-run -q --plain --name g "$graph:gated" n=2 >"$d.result" &
	pid=$!
	for _ in {1..200}; do
		flyte-show g 2>/dev/null | grep -q "for flyte-ctl" && break
		sleep 0.02
	done
	fill
	expect 0 8 -- flyte-ctl signal -q g/v 5
	rm "$d/fill"
	expect 0 4 -- flyte-ctl signal -q g/v 5
	wait $pid
	equals '{"m":25}' "$(cat "$d.result")"
	flyte-ctl fsck -q
}

@test "disk: a signal that finds no room can be given again" {
	apart control_full
}

task_full() {
	cat >"$d.yaml" <<-'end'
		tasks:
		  wide:
		    outputs: {f: file}
		    run: head -c 3000000 /dev/zero >"$FLYTE_OUTPUTS/f"
		workflows:
		  w: {nodes: {a: {task: wide}}, outputs: {f: $a.f}}
	end
	small size=1m
	expect 8 -- flyte-run --name w "$d.yaml:w"
	has 'No space left on device' "$(cat "$d.err")"
	larger
	expect 0 -- flyte-run -q --name w "$d.yaml:w"
	flyte-ctl fsck -q
}

@test "disk: a task that failed for want of room has not failed for good" {
	apart task_full
}

quiet_full() {
	small size=1m
	flyte-exec -q --plain "$graph:square" at=x n=3 >/dev/null
	for c in 'flyte-show' 'flyte-cache ls' 'flyte-register list' \
	    'flyte-run --help' 'flyte-exec --plain '"$graph"':square at=x n=3'; do
		expect 0 -- $c
		[ -s "$d.out" ] || continue
		status=0
		$c >/dev/full 2>"$d.err" || status=$?
		equals "8 $c" "$status $c"
		grep -q '^flyte-[a-z]*: standard output: No space left' "$d.err"
	done
}

@test "disk: output that cannot be written is an error of the system" {
	apart quiet_full
}
