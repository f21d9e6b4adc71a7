# flyte-show: lists, trees, nodes, logs, JSON; while running and after a kill.
load helper

local_setup() {
	cat >w.yaml <<-'EOF'
		tasks:
		  add:
		    inputs: {n: int}
		    outputs: {m: int}
		    cache: "1"
		    run: |
		      echo "out $n"
		      echo "err $n" >&2
		      echo $((n + 1)) > "$FLYTE_OUTPUTS/m"
		  bad:
		    inputs: {n: int}
		    outputs: {m: int}
		    retries: 1
		    run: echo trouble >&2; touch left; exit 3
		  slow:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: |
		      echo first; sleep 1; echo second
		      echo "$n" > "$FLYTE_OUTPUTS/m"
		  sleepy:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: |
		      echo begun; exec sleep 100
		  range:
		    inputs: {n: int}
		    outputs: {l: list(int)}
		    jq: "[range(.n)]"
		  nothree:
		    inputs: {n: int}
		    outputs: {m: int}
		    run: |
		      [ "$n" != 3 ] || { echo no three >&2; exit 1; }
		      echo "$n" > "$FLYTE_OUTPUTS/m"
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
		      s: {workflow: two, with: {n: $n}}
		      b: {task: bad, with: {n: $s.r}}
		      c: {task: add, with: {n: $b.m}}
		    outputs: {r: $c.m}
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
		  mapped:
		    inputs: {n: int}
		    nodes:
		      g: {task: range, with: {n: $n}}
		      m: {map: nothree, with: {n: $g.l}}
		    outputs: {r: $m.m}
		  choice:
		    inputs: {n: int}
		    nodes:
		      sw:
		        switch:
		          - if: $n < 3
		            task: add
		            with: {n: $n}
		          - task: slow
		            with: {n: $n}
		    outputs: {r: $sw.m}
	EOF
}

shows() {
	flyte-show "$2" 2>/dev/null | grep -q "$1"
}

@test "show: nothing has been run yet" {
	run --separate-stderr flyte-show
	equals 0 $status
	equals "" "$output"
	has "nothing has been run yet" "$stderr"
	run -5 --separate-stderr flyte-show last
	has "nothing has been run yet" "$stderr"
	run -5 --separate-stderr flyte-show nosuch
	equals "flyte-show: nosuch: no such execution in $FLYTE_HOME; nothing has been run yet" "$stderr"
	run -0 flyte-show --json
	equals "[]" "$output"
}

@test "show: the list is newest first, limited, by project" {
	flyte-run -q --name one w.yaml:two n=1
	flyte-run -q -p other --name two w.yaml:two n=2
	run ! flyte-run -q --name three w.yaml:fails n=3
	run -0 flyte-show
	has "ID  " "${lines[0]}"
	has "three " "${lines[1]}"
	has " failed " "${lines[1]}"
	has "two " "${lines[2]}"
	has "one " "${lines[3]}"
	has " succeeded " "${lines[3]}"
	has "w.yaml:two" "${lines[3]}"
	run -0 --separate-stderr flyte-show --limit 1
	equals 2 ${#lines[@]}
	has "2 more" "$stderr"
	run -0 flyte-show -p other --jsonl
	equals 1 ${#lines[@]}
	equals "two other succeeded workflow" "$(jq -r '[.id, .project, .phase, .kind] | join(" ")' <<<"$output")"
	equals "three,two,one" "$(flyte-show --json | jq -r 'map(.id) | join(",")')"
}

@test "show: a tree with sub-workflow, reuse, failure and what did not run" {
	flyte-run -q w.yaml:two n=1
	run ! flyte-run -q --name f w.yaml:fails n=1
	run -0 flyte-show f
	equals "f  failed" "${lines[0]}"
	has "target:     w.yaml:fails (workflow)" "$output"
	has "inputs:     n=1" "$output"
	has "  s    done " "$output"
	has "    x  reused " "$output"
	has "from the cache" "$output"
	has "  b    failed " "$output"
	has "2 attempts; " "$output"
	has "exit status 3" "$output"
	has "  c    not run" "$output"
	lacks "outputs:" "$output"
	flyte-show --timeline f | grep -q '  b    failed .*| *##* *|  2 attempts'
}

@test "show: outputs come last, the short name finds it" {
	flyte-run -q --name longname w.yaml:two n=40
	run -0 flyte-show long
	equals "longname  succeeded" "${lines[0]}"
	equals "outputs:" "${lines[-2]}"
	equals "  r = 42" "${lines[-1]}"
	flyte-run -q --name longer w.yaml:two n=40
	run -2 --separate-stderr flyte-show long
	has "2 executions begin so (" "$stderr"
	run -0 flyte-show default/development/longer
	equals "longer  succeeded" "${lines[0]}"
}

@test "show: elements of a map that fared alike are one line" {
	flyte-run -q --name all w.yaml:mapped n=3
	run -0 flyte-show all
	has "    n0-n2  done" "$output"
	run ! flyte-run -q -j1 --name m w.yaml:mapped n=8
	run -0 flyte-show m
	has "    n0-n2  done" "$output"
	has "    n3     failed" "$output"
	run -0 flyte-show m/m/n3
	has "m/m/n3  failed" "${lines[0]}"
	has "        | no three" "$output"
	equals 3 "$(flyte-show --json m/m/n3 | jq .element)"
}

@test "show: a branch tells which way it took" {
	flyte-run -q --name b w.yaml:choice n=1
	run -0 flyte-show b
	has "took sw-n0" "$output"
	has "another case was taken" "$output"
	run -0 flyte-show b/sw/sw-n0
	has "b/sw/sw-n0  done" "${lines[0]}"
}

@test "show: everything about a node, and one of its attempts" {
	run ! flyte-run -q --name f w.yaml:fails n=1
	run -0 flyte-show f/b
	equals "f/b  failed" "${lines[0]}"
	has "kind:       task" "$output"
	has "task:       bad" "$output"
	has "command:    echo trouble >&2; touch left; exit 3" "$output"
	has "    n = 3" "$output"
	has "attempt 0: exit status 3 after " "$output"
	has "attempt 1: exit status 3 after " "$output"
	has "        | trouble" "$output"
	has "/scratch/failed-b-1" "$output"
	has "flyte-exec --replay f/b" "$output"
	run -0 flyte-show "f/b#1"
	lacks "attempt 0" "$output"
	has "attempt 1" "$output"
	run -5 --separate-stderr flyte-show "f/b#7"
	equals "flyte-show: f/b: no attempt 7; it had 2" "$stderr"
	run -5 --separate-stderr flyte-show f/nosuch
	equals "flyte-show: f/nosuch: no such node; there are s, b, c" "$stderr"
	run -0 flyte-show f/s/x
	has "outputs:" "$output"
	has "    m = 2" "$output"
	run -0 flyte-show f/c
	equals "f/c  not run" "${lines[0]}"
}

@test "show: logs of all nodes with their names, of one without" {
	run ! flyte-run -q -j1 --name f w.yaml:fails n=1
	run -0 flyte-show --logs f
	printf '%s\n' "s/x | out 1" "s/x | err 1" "s/y | out 2" "s/y | err 2" \
		"b#0 | trouble" "b#1 | trouble" | same <(printf '%s\n' "$output")
	run -0 flyte-show --logs f/s/y
	equals "out 2
err 2" "$output"
	run -0 flyte-show --logs "f/b#1"
	equals "trouble" "$output"
	run -0 flyte-show --logs f/s
	has "s/x | out 1" "$output"
	lacks "trouble" "$output"
	run -2 --separate-stderr flyte-show --logs
	has "of which execution?" "$stderr"
	run -2 flyte-show --logs --json f
}

@test "show: --json has everything, typed" {
	run ! flyte-run -q --name f w.yaml:fails n=1
	flyte-show --json f >f.json
	flyte-show --jsonl f >f.jsonl
	equals 1 "$(wc -l <f.jsonl)"
	jq -S . f.json | same <(jq -S . f.jsonl)
	equals "f failed 1" "$(jq -r '[.id, .phase, .inputs.literals.n.scalar.primitive.integer] | join(" ")' f.json)"
	equals "USER" "$(jq -r .error.kind f.json)"
	equals "b c s s/x s/y" "$(jq -r '[.nodes[].node] | sort | join(" ")' f.json)"
	equals "done failed not run" "$(jq -r '[.nodes[] | select(.node == "s" or .node == "b" or .node == "c") | .state] | sort | join(" ")' f.json)"
	jq -e '.nodes[] | select(.node == "b") | .attempts | length == 2' f.json
	jq -e '.nodes[] | select(.node == "b") | .attempts[1] | .cause == "exit" and .status == 3 and .stderr.to > .stderr.from' f.json
	jq -e '.started | test("^[0-9]{4}-[0-9-]+T[0-9:.]+Z$")' f.json
	flyte-show --json f/b | jq -e '.command == "echo trouble >&2; touch left; exit 3\n" or .command == "echo trouble >&2; touch left; exit 3"'
}

@test "show: follows until the end, with the status of the execution" {
	flyte-run -q --name s w.yaml:slowly n=1 3>&- &
	within 30 shows running s
	run -0 flyte-show s
	equals "s  running" "${lines[0]}"
	has "so far" "$output"
	run -0 flyte-show --follow s
	equals "x | first
x | second" "$output"
	all_ended
	run -0 flyte-show --follow s/x
	equals "first
second" "$output"
	run ! flyte-run -q --name f w.yaml:fails n=1
	run -1 flyte-show --follow f
}

@test "show: after kill -9 it is interrupted, and says how to go on" {
	flyte-run -q --name h w.yaml:hangs n=1 3>&- &
	local pid=$!
	printed() { flyte-show --logs h 2>/dev/null | grep -q begun; }
	within 30 printed
	kill -9 $pid
	wait $pid || true
	run -0 flyte-show h
	equals "h  interrupted" "${lines[0]}"
	has "  x  interrupted" "$output"
	has "  y  not begun" "$output"
	has "flyte-run --resume h" "$output"
	run -0 flyte-show h/x
	has "attempt 0: interrupted" "$output"
	has "        | begun" "$output"
	run -75 --separate-stderr flyte-show --follow h
	equals "x | begun" "$output"
	has "interrupted" "$stderr"
	equals interrupted "$(flyte-show --json h | jq -r .phase)"
	pkill_scratch
}

# Ends what the killed run left: its tasks have their folder in $FLYTE_HOME.
pkill_scratch() {
	local p
	for p in /proc/[0-9]*; do
		case "$(readlink "$p/cwd" 2>/dev/null)" in
		"$FLYTE_HOME"/*) kill -9 "${p#/proc/}" ;;
		esac
	done
}

@test "show: a torn last record is passed over, a bad one is 7" {
	damaged=1
	flyte-run -q --name t w.yaml:two n=1
	local j
	j=$(echo "$FLYTE_HOME"/executions/default/development/*/t/journal)
	printf 'deadbeef 99 17' >>"$j"
	run -0 flyte-show t
	equals "t  succeeded" "${lines[0]}"
	run -0 flyte-show
	has "succeeded" "$output"
	sed -i '2s/./x/' "$j"
	run -7 --separate-stderr flyte-show t
	has "record 1 is damaged" "$stderr"
	printf 'rubbish\n' >"$j"
	run -0 flyte-show
	has "damaged" "$output"
	equals damaged "$(flyte-show --json | jq -r '.[0].phase')"
}

@test "show: without its closure it shows what has begun" {
	damaged=1
	flyte-run -q --name t w.yaml:two n=1
	rm -rf "$FLYTE_HOME/closures"
	run -0 flyte-show t
	has "  x  done" "$output"
	has "closure: " "$output"
}

@test "show: control bytes of a task never reach the terminal" {
	cat >esc.yaml <<-'EOF'
		tasks:
		  e:
		    outputs: {s: str}
		    run: printf '\033[31mred' > "$FLYTE_OUTPUTS/s"; printf 'a\033[2Jb\n' >&2
	EOF
	flyte-run -q --name e esc.yaml:e >/dev/null
	run -0 flyte-show e
	lacks $'\033' "$output"
	run -0 flyte-show --json e
	lacks $'\033' "$output"
}

@test "show: wrong usage is 2" {
	run -2 flyte-show a b
	run -2 flyte-show --limit x
	run -2 flyte-show --limit 3 last
	run -2 flyte-show --nosuch
	flyte-run -q --name t w.yaml:two n=1
	run -2 flyte-show "t#1"
}

@test "show: following reads of a journal only what is new, and waits for retries" {
	cat >long.yaml <<-'EOT'
	tasks:
	  say: {inputs: {n: int}, run: 'echo "say $n"'}
	  try: {retries: 1, run: 'n=${FLYTE_ATTEMPT##*/}; echo "try $n"; [ $n = 1 ]'}
	  drip: {pass_env: [GO], run: 'until [ -e "$GO" ]; do sleep 0.02; done; for i in 1 2 3 4 5 6 7 8; do printf half; sleep 0.1; echo " done"; done'}
	workflows:
	  inner: {nodes: {s: {task: say, with: {n: 7}}}}
	  w:
	    inputs: {l: list(int)}
	    nodes:
	      m: {map: say, with: {n: $l}}
	      t: {task: try, after: [m]}
	      i: {workflow: inner, after: [t]}
	      w: {task: drip, after: [i]}
	EOT
	export GO=$PWD/go
	flyte-run -q -j 2 --name l long.yaml:w "l=[$(seq -s, 300)]" 3>&- &
	within 30 shows running l
	flyte-show --follow l >out 3>&- &
	shower=$!
	flyte-show --follow l/i >inner 3>&- &
	within 30 grep -q 'i/s | say 7' out
	sleep 0.2
	bytes_read() { sed -n 's/^rchar: //p' "/proc/$shower/io"; }
	size=$(stat -c %s "$FLYTE_HOME"/executions/*/*/*/l/journal)
	before=$(bytes_read)
	: >go
	half_done() { [ "$(grep -c 'w | half done' out)" -ge 6 ]; }
	within 30 half_done
	after=$(bytes_read)
	all_ended
	equals 300 "$(grep -c '^m/n[0-9]* | say' out)"
	equals "i/s | say 7
t | try 0
t#1 | try 1
w | half done" "$(grep -v ^m out | sort -u)"
	equals "s | say 7" "$(sed 's/^i.//' inner)"
	echo "$((after - before)) of $size"
	[ $((after - before)) -lt "$size" ]
}

@test "show: a slow follower takes no line of the next attempt for one of the last" {
	needs_strace
	cat >slots.yaml <<-'EOT'
	tasks:
	  say: {inputs: {n: int}, run: 'echo "say $n"; sleep 0.03'}
	workflows:
	  w: {inputs: {l: list(int)}, nodes: {m: {map: say, with: {n: $l}}}}
	EOT
	flyte-run -q -j 1 --name l slots.yaml:w "l=[$(seq -s, 0 29)]" 3>&- &
	within 30 shows running l
	logs=$(echo "$FLYTE_HOME"/executions/*/*/*/l)/logs
	traced -o trace -P "$logs/0.out" -e trace=openat \
	    -e inject=openat:delay_enter=100000 \
	    flyte-show --follow l >out 3>&-
	all_ended
	equals "$(for i in $(seq 0 29); do echo "m/n$i | say $i"; done)" "$(cat out)"
	grep -q 0.out trace
}

@test "show: what a failed task said last is in its error, once in the report" {
	cat >f.yaml <<-'EOF'
	tasks:
	  t: {run: "seq 20 >&2; printf 'caf\\351\\n' >&2; exit 4"}
	  tells: {inputs: {err: error?}, run: "cat $FLYTE_INPUTS/err >&2"}
	workflows:
	  w: {nodes: {a: {task: t}}, on_failure: {task: tells}}
	EOF
	run -1 --separate-stderr flyte-run --name f f.yaml:w
	equals 1 "$(grep -c '| 20$' <<<"$stderr")"
	run -0 flyte-show --json f
	equals "$(printf '%s\n' '[1/1] currentAttempt done. Last Error: USER::exit status 4' {12..20} 'caf?')" \
		"$(jq -r '.nodes[] | select(.path == "a") | .error.message' <<<"$output")"
	run -0 flyte-show --logs f/fn0
	has "exit status 4" "$output"
	has "20" "$output"
}

@test "show: a command as the attempt ran it, and its template" {
	cat >c.yaml <<-'EOF'
	tasks:
	  list: {inputs: {n: int, s: str, f: file(csv)}, command: [ls, "/no such/{{.inputs.n}}", "{{.inputs.s}}", "{{.inputs.f}}"], retries: 1, pass_env: [SECRET]}
	  text: {inputs: {n: int}, run: "echo $n $SECRET", pass_env: [SECRET]}
	workflows:
	  w:
	    inputs: {f: file(csv)}
	    nodes:
	      t: {task: text, with: {n: 4}}
	      m: {map: list, with: {n: [1, 2], s: "it's", f: $f}, bound: [s, f], after: [t]}
	EOF
	echo 1 >in.csv
	SECRET=hush run -1 --separate-stderr flyte-run --name x c.yaml:w f=in.csv
	has "command: ls '/no such/" "$stderr"
	lacks '{{' "$stderr"
	run -0 flyte-show x/m/n1#0
	has "command:    ls '/no such/2' 'it'\\''s' $PWD/in.csv
template:   ls '/no such/{{.inputs.n}}' {{.inputs.s}} {{.inputs.f}}" "$output"
	run -0 flyte-show x/t
	has 'command:    echo $n $SECRET' "$output"
	lacks template "$output"
	lacks hush "$(flyte-show x/t | grep -v '|'; flyte-show --json x)"
	equals "ls '/no such/1' 'it'\\''s' $PWD/in.csv" "$(flyte-show --json x/m/n0 | jq -r .command)"
	# What every element runs is no one's command.
	run -0 flyte-show x/m
	has 'command:    ls ' "$output"
	has '{{.inputs.n}}' "$output"
}

@test "show: an execution that is not there: where was looked, and what is near" {
	echo 'tasks: {t: {run: "true"}}' >n.yaml
	for id in nightly-1 default-run; do flyte-run -q --name $id n.yaml:t; done
	missing() { # MESSAGE COMMAND...
		local expected=$1
		shift
		run -5 "$@"
		has "$expected" "$output"
	}
	near="no such execution in $FLYTE_HOME; did you mean"
	missing "nigthly-1: $near nightly-1? (flyte-show lists them)" flyte-show nigthly-1
	missing "nigthly-1: $near nightly-1?" flyte-ctl stop nigthly-1
	missing "nigthly-1: $near nightly-1?" flyte-run --recover nigthly-1
	missing "nigthly-1: $near nightly-1?" flyte-exec --replay nigthly-1/t
	missing "nigthly-1: $near nightly-1?" flyte-cache explain nigthly-1/t
	missing "other: no such execution in $FLYTE_HOME; flyte-show lists them" flyte-show other
	# Of a full name the whole is told, though it begins as others do.
	missing "default/development/nightly-2: $near default/development/nightly-1?" flyte-show default/development/nightly-2/t
	missing "p/d/nightly-1: $near default/development/nightly-1?" flyte-run --relaunch p/d/nightly-1
	for id in default-2 default-3; do flyte-run -q --name $id n.yaml:t; done
	run -0 flyte-show default/development/nightly-1
	missing "default/development/nightly-2: $near" flyte-show default/development/nightly-2
}
