#!/usr/bin/env bats
# On a file system that fails one operation, whoever asks for it: a program, a
# task, a helper.  FLYTE_TEST_LONG=1 tries many more of them.

load ../bats/helper

graph=$BATS_TEST_DIRNAME/graph.yaml

# on_failfs FUNCTION ARG...: the function in a mount namespace with failfs on
# $d; fail_at asks it for a failure.
on_failfs() {
	local failfs=$FLYTE_TEST_BUILD/faults/failfs
	find_namespace
	[ -x "$failfs" ] || skip 'failfs was not built: no libfuse3'
	[ -r /dev/fuse ] && [ -w /dev/fuse ] || skip 'no right to use /dev/fuse'
	export d=$BATS_TEST_TMPDIR/m COUNT=$BATS_TEST_TMPDIR/count graph
	export control=$BATS_TEST_TMPDIR/control XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
	export FLYTE_HOME=$d/home below=$BATS_TEST_TMPDIR/below
	mkdir -p "$d" "$below"
	: >"$control" >"$COUNT"
	"${namespace[@]}" bash -eu -c '
		"$0" "$below" "$control" "$d" </dev/null >/dev/null 2>&1 3>&- || exit 77
		trap "umount -l \"$d\"" EXIT
		"$@"' "$failfs" "$@" || {
		[ $? != 77 ] || skip 'no right to mount a FUSE file system, not even in a namespace'
		return 1
	}
}

fail_at() { echo "$*" >"$control"; }
stop_failing() { : >"$control"; }
completed() {
	flyte-show --json n 2>/dev/null | jq -r '.nodes[]? | select(.phase == "SUCCEEDED") |
		.inputs.literals // {} | select(.at and .n) |
		.at.scalar.primitive.stringValue + "." + .n.scalar.primitive.integer' | sort -u
}
fresh() { chmod -R u+w "$below" && rm -rf "$below/home" "$XDG_RUNTIME_DIR/flyte" && : >"$COUNT"; }
wrong() { echo "$*" && cat "$control.at" "$d.err" && return 1; }

run_on() {
	local at status before all
	all=(flyte-run -q --plain --name n "$graph:all" n=3 'l=[1,2,3]')
	for at; do
		fresh
		echo "$at" >"$control.at"
		fail_at "$at"
		status=0
		timeout -s KILL 60 "${all[@]}" >"$d.out" 2>"$d.err" || status=$?
		stop_failing
		completed >"$d.completed"
		before=$(wc -l <"$COUNT")
		# A task that could not write has failed; else it is our trouble.
		case $status in
		0 | 8) ;;
		1)
			grep -q '^node .* failed: ' "$d.err" || wrong 'failed without a node'
			all=(flyte-run -q --plain --name again --recover n)
			;;
		*) wrong "status $status" ;;
		esac
		[ $status = 0 ] || grep -qE '^flyte-run: .+: .+' "$d.err" || wrong 'no clear error'
		timeout -s KILL 60 "${all[@]}" >"$d.out" 2>"$d.err" || wrong "then status $?"
		all=(flyte-run -q --plain --name n "$graph:all" n=3 'l=[1,2,3]')
		[ "$(jq .n "$d.out")" = 367 ] || wrong 'another result'
		[ -z "$(tail -n +$((before + 1)) "$COUNT" | sort | comm -12 - "$d.completed")" ] || wrong 'ran twice'
		flyte-ctl fsck -q || wrong fsck
		flyte-cache verify -q || wrong verify
	done
}

register_on() {
	local at status
	for at; do
		fresh
		echo "$at" >"$control.at"
		fail_at "$at"
		status=0
		timeout -s KILL 60 flyte-register -p p --as v1 "$graph" >"$d.out" 2>"$d.err" || status=$?
		stop_failing
		[ $status = 0 ] || [ $status = 8 ] || wrong "status $status"
		[ $status = 0 ] || grep -qE '^flyte-register: .+: .+' "$d.err" || wrong 'no clear error'
		flyte-register -p p --as v1 "$graph" >"$d.out" 2>"$d.err" || wrong "then status $?"
		[ "$(flyte-register list -p p | wc -l)" = 20 ] || wrong list
		[ "$(flyte-run -q --plain -p p inner at=x n=2)" = '{"m":16}' ] || wrong run
	done
}

put_on() {
	local at status dir
	mkdir -p "$d.tree/sub/empty"
	seq 90000 >"$d.tree/a"
	ln -sf a "$d.tree/l"
	for at; do
		fresh
		echo "$at" >"$control.at"
		fail_at "$at"
		status=0
		timeout -s KILL 60 flyte-cache put "$d.tree" >"$d.out" 2>"$d.err" || status=$?
		stop_failing
		[ $status = 0 ] || [ $status = 8 ] || wrong "status $status"
		[ $status != 0 ] || flyte-cache verify -q || wrong verify
		flyte-cache put "$d.tree" >"$d.out" 2>"$d.err" || wrong "then status $?"
		rm -rf "$d.back"
		flyte-cache get "$(cat "$d.out")" "$d.back" && diff -r "$d.tree" "$d.back" || wrong 'another tree'
	done
}
export -f fail_at stop_failing completed fresh wrong run_on register_on put_on

# points OPERATION N...: both kinds of failure at each; more with long.
points() {
	local op=$1 n
	shift
	[ -z "${FLYTE_TEST_LONG-}" ] || set -- $(seq 1 3 100)
	for n; do
		printf '%s\n' "$op $n EIO" "$op $n- ENOSPC"
	done
}

each() {
	local list
	mapfile -t list < <(points "${@:2}")
	on_failfs "$1" "${list[@]}"
}

@test "failfs: nothing fails unless asked to" {
	on_failfs run_on ''
}

@test "failfs: a run whose writes fail" {
	each run_on write 1 7 40 90
}

@test "failfs: a run whose syncs fail" {
	each run_on fsync 1 4
}

@test "failfs: a run whose closings fail" {
	each run_on flush 5 33
}

@test "failfs: a run whose renames fail" {
	each run_on rename 1 3
}

@test "failfs: a run whose links fail" {
	each run_on link 1 2
}

@test "failfs: a run that can make no files" {
	each run_on create 3 11 24
}

@test "failfs: a run that can make no folders" {
	each run_on mkdir 2 14 30
}

@test "failfs: a run that cannot read" {
	each run_on read 1 6 25
}

@test "failfs: registering" {
	each register_on write 1 9
	each register_on fsync 1 15
	each register_on link 2 20
	each register_on rename 1
}

@test "failfs: a tree put into the store" {
	each put_on write 2 8
	each put_on create 1 4
	each put_on mkdir 4
	each put_on rename 1
}
