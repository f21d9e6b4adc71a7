#!/usr/bin/env bats
# Several processes, and several users, on one store; and a clock that steps.

load ../bats/helper

graph=$BATS_TEST_DIRNAME/graph.yaml

local_setup() {
	export COUNT=$BATS_TEST_TMPDIR/count
	: >"$COUNT"
}

# Eight commands at once; what each said is in N.out and N.err, and its status
# in N.status.
at_once() {
	local n=0 c pids=()
	for c; do
		n=$((n + 1))
		(
			bash -c "$c" >$n.out 2>$n.err && echo 0 >$n.status ||
				echo $? >$n.status
		) &
		pids+=($!)
	done
	wait "${pids[@]}"
}

@test "neighbours: eight that want one result compute it once" {
	c="flyte-run -q --plain -o f $graph:text at=x n=4"
	at_once "$c" "$c" "$c" "$c" "$c" "$c" "$c" "$c"
	equals "$(printf '0\n%.0s' {1..8})" "$(cat ?.status)"
	equals 1 "$(sort -u ?.out | wc -l)"
	equals x.4 "$(cat "$COUNT")"
}

@test "neighbours: run, register, look, gc and rm on one store at once" {
	export graph
	run='for i in 1 2 3; do flyte-run -q --plain --name $0-$i $graph:all n=$i "l=[1,2,$i]" || exit; done'
	at_once "bash -c '$run' a" "bash -c '$run' b" \
		'for i in 1 2 3 4 5; do flyte-register -q -p p --as v$i $graph || exit; done' \
		'for i in 1 2 3 4 5; do flyte-register -q -p p --as v$i $graph || exit; done' \
		'for i in 1 2 3 4 5 6; do flyte-cache gc -q --max-size 1 --older 0s || exit; done' \
		'for i in 1 2 3 4 5 6; do flyte-cache rm -q --all || exit; done' \
		'for i in 1 2 3 4 5 6; do flyte-cache ls && flyte-show && flyte-register list -p p || exit; done' \
		'for i in 1 2 3; do flyte-exec -o n $graph:lines f=$graph || exit; done'
	equals "$(printf '0\n%.0s' {1..8})" "$(cat ?.status)" || { cat ?.err; return 1; }
	run -0 flyte-ctl fsck
	run -0 flyte-cache verify
	equals 5 "$(flyte-register versions -p p --type workflow inner | wc -l)"
	for i in 1 2 3; do
		equals "$(jq .n <(grep -h '"n"' 1.out | sed -n ${i}p))" \
			"$(jq .n <(grep -h '"n"' 2.out | sed -n ${i}p))"
	done
}

@test "neighbours: of two versions by one name one wins, and the other is told" {
	for i in 1 2; do
		sed "s/exit 3/exit $i/" "$graph" >$i.yaml
	done
	at_once 'flyte-register --as v 1.yaml' 'flyte-register --as v 2.yaml'
	equals '0 4' "$(sort ?.status | paste -sd' ')"
	run -0 flyte-register -n --as v "$(grep -l '^0' ?.status | sed s/status/yaml/)"
}

@test "neighbours: gc beside a running pipe and a running execution takes nothing they use" {
	cat >s.yaml <<-'end'
		tasks:
		  make: {inputs: {n: int}, outputs: {f: file}, cache: "1", run: seq "$n" >"$FLYTE_OUTPUTS/f"}
		  slow: {inputs: {f: file}, outputs: {n: int}, run: sleep 1; wc -l <"$f" >"$FLYTE_OUTPUTS/n"}
		workflows:
		  w:
		    inputs: {n: int}
		    nodes: {a: {task: make, with: {n: $n}}, b: {task: slow, with: {f: $a.f}}}
		    outputs: {n: $b.n}
	end
	(while [ ! -e stop ]; do flyte-cache gc -q --max-size 1 --older 0s || touch bad; done) &
	pid=$!
	run -0 flyte-run -q --plain s.yaml:w n=50
	equals '{"n":50}' "$output"
	touch stop
	wait $pid
	[ ! -e bad ]
	rm stop
	# Between the stages of a pipe nothing names a blob: its age keeps it.
	(while [ ! -e stop ]; do flyte-cache gc -q --max-size 1 || touch bad; done) &
	pid=$!
	run -0 bash -c 'set -o pipefail; flyte-exec s.yaml:make n=60 | flyte-exec --plain -i - s.yaml:slow'
	equals '{"n":60}' "$output"
	touch stop
	wait $pid
	[ ! -e bad ]
}

@test "neighbours: a home that cannot be written can be looked at, and used for no more" {
	flyte-run -q --name n "$graph:all" n=3 'l=[1,2,3]' >/dev/null
	flyte-register -q -p p --as v1 "$graph"
	uri=$(flyte-exec --plain "$graph:text" at=x n=9 | jq -r .f)
	chmod -R a-w "$FLYTE_HOME"
	for c in 'flyte-show' 'flyte-show n' 'flyte-cache ls' "flyte-cache get $uri" \
	    'flyte-register list -p p' 'flyte-ctl fsck -q' 'flyte-cache verify -q'; do
		unprivileged $c >out 2>err || {
			echo "$c: status $?" && cat err && chmod -R u+w "$FLYTE_HOME"
			return 1
		}
	done
	# What is there is used; what is new is not kept, and that is said.
	run -0 --separate-stderr unprivileged flyte-exec --plain "$graph:square" at=then n=2
	equals '{"m":4}' "$output"
	equals 1 "$(grep -cx then.2 "$COUNT")"
	run -0 --separate-stderr unprivileged flyte-exec --plain "$graph:square" at=each n=77
	equals '{"m":5929}' "$output"
	has 'are not kept' "$stderr"
	run -8 --separate-stderr unprivileged flyte-run -q "$graph:all" n=4 'l=[1]'
	has 'ermission denied' "$stderr"
	run -6 --separate-stderr unprivileged flyte-register --as v2 "$graph"
	has 'ermission denied' "$stderr"
	run -6 unprivileged flyte-cache put "$graph"
	chmod -R u+w "$FLYTE_HOME"
}

# as_other COMMAND...: as another user, of the same group, with a home of its
# own.
as_other() {
	setpriv --reuid 65534 --regid 60000 --clear-groups env "HOME=$BATS_TEST_TMPDIR/other" "$@"
}

shared_store() {
	[ "$(id -u)" = 0 ] || skip 'no right to act as another user'
	as_other true 2>/dev/null || skip 'no right to act as another user'
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	mkdir -p "$BATS_TEST_TMPDIR/other" "$FLYTE_HOME"
	chmod 777 "$BATS_TEST_TMPDIR/other" "$COUNT" . "$TMPDIR"
	as_other test -x "$FLYTE_BIN/flyte-run" -a -r "$graph" || skip 'the build lies where another user cannot look'
}

@test "neighbours: a store of another user is read, not written" {
	shared_store
	flyte-run -q --name n "$graph:all" n=3 'l=[1,2,3]' >/dev/null
	run -0 as_other flyte-show n
	run -0 as_other flyte-cache ls
	run -0 --separate-stderr as_other flyte-exec --plain "$graph:square" at=then n=2
	equals '{"m":4}' "$output"
	equals 1 "$(grep -cx then.2 "$COUNT")"
	run -8 as_other flyte-run -q "$graph:all" n=4 'l=[1]'
	run -0 flyte-ctl fsck
}

@test "neighbours: a store of a group is written by all of it" {
	shared_store
	chgrp 60000 "$FLYTE_HOME"
	chmod 2775 "$FLYTE_HOME"
	umask 002
	flyte-run -q --name n "$graph:all" n=3 'l=[1,2,3]' >/dev/null
	flyte-register -q -p p --as v1 "$graph"
	run -0 as_other flyte-run -q --plain --name m "$graph:all" n=3 'l=[1,2,3]'
	has '"n":367' "$output"
	# Nothing that was cached ran again.
	equals 1 "$(grep -cx each.3 "$COUNT")"
	run -0 as_other flyte-register -p p --as v2 "$graph"
	run -0 as_other flyte-cache put "$graph"
	run -0 flyte-run -q --plain -p p --name o inner at=x n=2
	run as_other flyte-cache gc --max-size 1 --older 0s
	equals 0 "$status" || { echo "$output"; false; }
	run -0 flyte-cache verify
	run -0 flyte-ctl fsck
	run -0 as_other flyte-ctl fsck
}

@test "neighbours: a byte of a blob flipped, size and mtime kept, is a miss, and said" {
	uri=$(flyte-run -q --plain "$graph:text" at=x n=4 | jq -r .f)
	touch -r "$uri" stamp
	chmod u+w "$uri"
	printf 9 | dd of="$uri" bs=1 seek=2 conv=notrunc status=none
	chmod u-w "$uri"
	touch -r stamp "$uri"
	run -0 --separate-stderr flyte-run --plain "$graph:text" at=x n=4
	has 'runs again' "$stderr"
	equals $'1\n2\n3\n4' "$(cat "$(jq -r .f <<<"$output")")"
	equals 2 "$(wc -l <"$COUNT")"
	run -0 flyte-cache verify
}

stepping() {
	env "LD_PRELOAD=$FLYTE_TEST_BUILD/faults/shim.so" "FAULT_CLOCK=$1" "${@:2}"
}

@test "neighbours: a clock that steps, back or forward, loses and doubles nothing" {
	[ -e "$FLYTE_TEST_BUILD/faults/shim.so" ] || skip 'the shim was not built'
	! grep -qa __asan_init "$FLYTE_BIN/flyte-run" || skip 'a preloaded library goes before the sanitizer'
	n=0
	for at in 1 5 20 60 120; do
		for by in -90000 40000000 -40000000; do
			n=$((n + 1))
			run -0 stepping $at:$by flyte-run -q --plain --name n$n "$graph:all" n=$n "l=[$n,2,3]"
			run -0 flyte-show n$n
			lacks ' -' "$output"
			run -0 flyte-run -q --plain --name n$n "$graph:all" n=$n "l=[$n,2,3]"
		done
	done
	run -0 flyte-ctl fsck
	run -0 flyte-show --limit=100
	run -0 flyte-cache verify
	# The newest version is the one registered last, whatever the time was.
	flyte-register -q -p p --as v1 "$graph"
	stepping 1:-90000 flyte-register -q -p p --as v2 "$graph"
	stepping 1:-200000 flyte-register -q -p p --as v3 "$graph"
	has 'inner@v3' "$(flyte-register list -p p inner)"
	# What was used in the future is not older than anything.
	stepping 1:40000000 flyte-exec -q "$graph:square" at=y n=5
	run -0 flyte-cache gc
	equals '{"m":25}' "$(flyte-exec --plain "$graph:square" at=y n=5)"
}
