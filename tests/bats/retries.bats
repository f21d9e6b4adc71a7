load helper

# Each attempt leaves a line in $HOME/tries with its time.
local_setup() {
	cat >t.yaml <<-'EOF'
	tasks:
	  plain:
	    retries: 2
	    run: &try |
	      date +%s.%N >>"$HOME/tries"; n=$(wc -l <"$HOME/tries")
	      set -- $(cat "$HOME/ends"); shift "$((n - 1))"
	      case "${1:-0}" in
	      s*) kill "-${1#s}" $$ ;;
	      t) exec sleep 20 ;;
	      *) exit "$1" ;;
	      esac
	  byexit:
	    retries:
	      on: {exit:75: {count: 2, backoff: 150ms, factor: 2}, exit: 1}
	    run: *try
	  byother:
	    retries: {count: 1, on: {exit:3: 0, signal: 2}}
	    run: *try
	  bytime:
	    timeout: 400ms
	    retries: {on: {timeout: {count: 2, time: x4}}}
	    run: |
	      echo x >>"$HOME/tries"; sleep 1
	  bymemory:
	    resources: {limits: {mem: 32Mi}}
	    retries: {on: {oom: {count: 3, memory: x2}}}
	    run: |
	      echo x >>"$HOME/tries"
	      awk 'BEGIN { s = "0123456789abcdef"; while (length(s) < 40 * 1048576) s = s s }'
	  slowback:
	    retries: {on: {exit: {count: 2, backoff: 2s}}}
	    run: *try
	  elem:
	    inputs: {i: int}
	    retries: {on: {exit:9: 1}}
	    run: |
	      echo "$i" >>"$HOME/tries"
	      [ "$(grep -c "^$i\$" "$HOME/tries")" -gt 1 ] || exit 9
	workflows:
	  beside:
	    nodes:
	      a: {task: slowback}
	      b: {task: other}
	  each:
	    inputs: {n: "list(int)"}
	    nodes:
	      m: {map: elem, with: {i: $n}}
	  fewer:
	    nodes:
	      p: {task: byother, retries: 3}
	EOF
	cat >>t.yaml <<-'EOF'
	EOF
	sed -i 's/^workflows:/  other:\n    run: date +%s.%N >"$HOME\/other"\nworkflows:/' t.yaml
}

ends() { echo "$*" >"$HOME/ends"; }
tries() { wc -l <"$HOME/tries"; }
task() { flyte-run --type task -q "./t.yaml:$1" "${@:2}"; }

@test "retries: a plain count is Flyte's" {
	ends 1 1 0
	run -0 task plain
	equals 3 "$(tries)"
	rm "$HOME/tries"
	ends 1 1 1 0
	run -1 task plain
	equals 3 "$(tries)"
}

@test "retries: each exit status has its own count, and a backoff that grows" {
	ends 75 75 0
	run -0 task byexit
	equals 3 "$(tries)"
	awk 'NR > 1 { d[NR] = $1 - last } { last = $1 }
	    END { print d[2], d[3]; exit !(d[2] >= 0.15 && d[3] >= 0.3) }' "$HOME/tries"
}

@test "retries: rules count apart and end apart" {
	ends 75 4 75 0
	run -0 task byexit
	equals 4 "$(tries)"
	rm "$HOME/tries"
	ends 4 75 4 0
	run -1 --separate-stderr task byexit
	equals 3 "$(tries)"
	run -0 cat "$FLYTE_HOME"/executions/*/*/*/*/journal
	has 'RetriesExhausted|Error' "$output"
	has '[2/2] currentAttempt done. Last Error: USER::exit status 4' "$output"
}

@test "retries: zero is never, and count is for all other causes" {
	ends 3 0
	run -1 task byother
	equals 1 "$(tries)"
	rm "$HOME/tries"
	ends sTERM 1 sTERM 0
	run -0 task byother
	equals 4 "$(tries)"
	rm "$HOME/tries"
	ends 1 1 0
	run -1 task byother
	equals 2 "$(tries)"
}

@test "retries: a node's number is in place of count" {
	ends 1 1 1 0
	run -0 flyte-run -q ./t.yaml:fewer
	equals 4 "$(tries)"
	rm "$HOME/tries"
	ends 3 0
	run -1 flyte-run -q ./t.yaml:fewer
	equals 1 "$(tries)"
}

@test "retries: after a timeout with more time" {
	run -0 --separate-stderr flyte-run --type task ./t.yaml:bytime
	equals 2 "$(tries)"
	has 'with a timeout of 1.6s' "$stderr"
}

@test "retries: after a kill for memory with more of it" {
	flyte-exec ./t.yaml:bymemory 2>&1 | grep -q 'no control group' &&
		skip "no control group with a memory controller may be made here"
	rm -f "$HOME/tries"
	run -0 --separate-stderr flyte-run --type task ./t.yaml:bymemory
	[ "$(tries)" -gt 1 ]
	has 'with 64 MiB of memory' "$stderr"
}

@test "retries: the place is given back while an attempt waits for its time" {
	ends 1 0
	run -0 flyte-run -q -j1 ./t.yaml:beside
	equals 2 "$(tries)"
	awk 'NR == FNR { other = $1; next } { last = $1 }
	    END { print last - other; exit !(last - other > 1) }' "$HOME/other" "$HOME/tries"
}

@test "retries: elements of a map are counted apart" {
	run -0 flyte-run -q ./t.yaml:each n='[1,2,3]'
	equals 6 "$(tries)"
}

@test "retries: a run that was killed keeps its counts and its time" {
	ends 1 1 1 0
	flyte-run -q --type task ./t.yaml:slowback 3>&- &
	pid=$!
	within 30 [ -s "$HOME/tries" ]
	sleep 0.5
	kill -9 $pid
	wait $pid || true
	equals 1 "$(tries)"
	run -1 flyte-run -q --resume last
	equals 3 "$(tries)"
	awk 'NR == 1 { first = $1 } NR == 2 { print $1 - first; exit !($1 - first >= 2) }' "$HOME/tries"
}

@test "retries: an interrupt ends a run that only waits for its time" {
	ends 1 0
	cat >long.yaml <<-'EOF'
	tasks:
	  a: {retries: {on: {exit: {count: 1, backoff: 1h}}}, run: exit 1}
	EOF
	run -130 timeout --preserve-status -s INT 1 flyte-run -q --type task ./long.yaml:a
}

@test "retries: what is wrong is said by place" {
	check() {
		printf 'tasks:\n  a:\n    retries: %s\n    run: ":"\n' "$1" >bad.yaml
		run -3 flyte-exec ./bad.yaml:a
		has "bad.yaml:3:" "$output"
		has "$2" "$output"
	}
	check '{count: many}' 'from 0 to 1000'
	check '{on: {fire: 1}}' 'oom, timeout, signal, lost, output, exit or exit:N'
	check '{on: {exit:0: 1}}' 'exit:N'
	check '{on: {oom: {count: 1, memory: 2}}}' 'x2 or x1.5'
	check '{on: {oom: {count: 1, memory: x2}}}' 'resources.limits.mem'
	check '{on: {timeout: {time: x2}}}' 'timeout, which is not set'
	check '{backoff: soon}' '500ms, 10s or 5m'
	check '{factor: 0.5}' 'from 1 to 1000'
	check '{memory: x2}' 'under on: oom:'
	check '{on: {signal: {tries: 1}}}' 'count, backoff, factor, max'
	cat >bad.yaml <<-'EOF'
	tasks: {a: {run: ":"}}
	workflows:
	  w: {nodes: {n: {task: a, retries: {count: 1}}}}
	EOF
	run -3 flyte-run ./bad.yaml:w
	has "rules for retries are the task's" "$output"
}

@test "retries: failures of the task and of the system are counted apart and shown" {
	sed -i 's/^  plain:/&\n    interruptible: true/' t.yaml
	cat >>t.yaml <<-'EOF'
	  firm:
	    nodes: {p: {task: plain, interruptible: false}}
	  soft:
	    nodes: {p: {task: plain}}
	EOF
	# Three of the system's are allowed beside the two retries of the task.
	ends s9 1 s9 1 s9 0
	run -0 flyte-run -q --name s ./t.yaml:soft
	equals 6 "$(tries)"
	run -0 flyte-show --json s/p
	equals '{"user":2,"system":3}' "$(jq -c .failures <<<"$output")"
	# As in Flyte the last that the system has is on firm ground.
	equals 5 "$(jq '[.attempts[] | select(.interruptible)] | length' <<<"$output")"
	run -0 flyte-show s/p
	has "failures:   2 of the task, 3 of the system" "$output"
	has "attempt 0: signal 9 (Killed) after" "$output"
	has " (interruptible)" "$output"
	rm "$HOME/tries"
	ends s9 s9 s9 s9 0
	run -1 flyte-run -q --name x ./t.yaml:firm
	equals 4 "$(tries)"
	run -0 flyte-show --json x/p
	equals '{"user":0,"system":4}' "$(jq -c .failures <<<"$output")"
	equals 0 "$(jq '[.attempts[] | select(.interruptible)] | length' <<<"$output")"
	has "RetriesExhausted|Interrupted" "$output"
}

@test "retries: an attempt whose runner was killed counts as the system's" {
	ends t 1 1 0
	flyte-run -q --name k --type task ./t.yaml:plain 3>&- &
	pid=$!
	within 30 [ -s "$HOME/tries" ]
	kill -9 $pid
	wait $pid || true
	run -0 flyte-run -q --resume k
	equals 4 "$(tries)"
	equals '{"user":2,"system":1}' \
		"$(flyte-show --json k | jq -c '.nodes[0].failures')"
}
