#!/usr/bin/env bats
# Folders that cannot be read to their end, and too few descriptors: a command
# says so or gives the whole answer, never half of one as if it were all.

load ../bats/helper

local_setup() {
	cat >s.yaml <<-'end'
	tasks:
	  one:
	    inputs: {n: int}
	    outputs: {l: list(int), m: "map(int)", f: file}
	    cache: "1"
	    run: mkdir $FLYTE_OUTPUTS/l $FLYTE_OUTPUTS/m; for i in 0 1 2; do echo $i >$FLYTE_OUTPUTS/l/$i; echo $i >$FLYTE_OUTPUTS/m/k$i; done; echo $n >$FLYTE_OUTPUTS/f.txt
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: one, with: {n: $n}}}
	    outputs: {l: $a.l}
	end
	for v in 1 2; do flyte-register -q -p p --as v$v s.yaml; done
	# Without the file by which the newest is found, all are looked at.
	rm -f "$FLYTE_HOME"/registry/p/development/*/*@
	flyte-run -q --name r-1 s.yaml:w n=1
}

# same_or_error STATUS: what the command gave is what it gives, or it says why
# it does not: a status of its own, and never 7, that of damage.
same_or_error() {
	case $1 in
	0) cmp right out ;;
	7 | 1[2-9][0-9]) cat err && return 1 ;;
	*) grep -E "$2" err ;;
	esac
}

# The times of lists and runs differ, nothing else does.
plain() { sed -E 's/[0-9]+\.[0-9]+ s//; s/^(at|in): .*//' "$1"; }

@test "scarce: a folder that cannot be read on is no folder that ends" {
	shim=$FLYTE_TEST_BUILD/faults/shim.so
	[ -e "$shim" ] || skip 'the shim was not built'
	! grep -qa __asan_init "$FLYTE_BIN/flyte-run" || skip 'a preloaded library goes before the sanitizer'
	while read -r command; do
		# shellcheck disable=SC2086
		env "LD_PRELOAD=$shim" "FAULT_LOG=$PWD/log" $command >first 2>err || { echo "$command" && return 1; }
		plain first >right
		n=$(awk '$1 == "readdir" && $2 + 0 > n { n = $2 } END { print n + 0 }' log)
		rm log
		[ "$n" -gt 0 ] || { echo "reads no folder: $command" && return 1; }
		for ((i = 1; i <= n; i++)); do
			status=0
			# shellcheck disable=SC2086
			env "LD_PRELOAD=$shim" "FAULT=readdir:$i:EIO" $command >first 2>err || status=$?
			plain first >out
			same_or_error $status 'Input/output error' || {
				echo "readdir $i of $n: $status: $command" && cat err
				return 1
			}
		done
	done <<-'end'
	flyte-register list --all
	flyte-register show -p p one
	flyte-exec --jq [.l,.m] --cache off s.yaml:one n=3
	flyte-show --jsonl
	flyte-show r-
	end
}

@test "scarce: with few descriptors there is a clear error or the right answer" {
	! grep -qa __asan_init "$FLYTE_BIN/flyte-run" || skip 'the sanitizer needs descriptors itself'
	mkdir given
	for i in 1 2 3; do echo $i >given/$i; done
	uri=$(flyte-cache put given)
	name=0
	while read -r command; do
		last=
		# From where a program starts at all to where it has enough.
		for ((n = 5; n <= 40 && $(wc -w <<<"$last") < 3; n++)); do
			status=0
			name=$((name + 1))
			state=$(find "$FLYTE_HOME/blobs" "$FLYTE_HOME/registry" | wc -l)
			# shellcheck disable=SC2016
			N=$name URI=$uri prlimit --nofile=$n:$n bash -c "exec $command" >out 2>err || status=$?
			case $status in
			0) last+=' 0' ;;
			*) last= && grep -q 'Too many open files\|unable to open database file\|error while loading shared' err ;;
			esac && { [ $status = 0 ] || [ $status = 8 ] || [ $status = 127 ]; } || {
				echo "$n descriptors, status $status: $command" && cat out err
				return 1
			}
			# Nothing was taken for damaged, and so removed.
			[ "$(find "$FLYTE_HOME/blobs" "$FLYTE_HOME/registry" | wc -l)" -ge "$state" ]
		done
		[ -n "$last" ] || { echo "never enough: $command" && cat err && return 1; }
	done <<-'end'
	flyte-ctl fsck
	flyte-cache verify --repair
	flyte-cache ls
	flyte-cache get $URI back-$N
	flyte-cache put given
	flyte-show
	flyte-show r-1/a
	flyte-cache explain r-1
	flyte-register list --all
	flyte-register show -p p one
	flyte-register -p p --as n$N s.yaml
	flyte-exec -q s.yaml:one n=$N
	flyte-run -q --name n$N s.yaml:w n=1$N
	flyte-run -q --recover r-1
	end
	run -0 flyte-ctl fsck
	run -0 flyte-cache verify
}
