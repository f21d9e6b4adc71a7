load helper

# What a first reader of the programs' words stumbled over.

local_setup() {
	cat >w.yaml <<'EOF'
tasks:
  rows:
    inputs: {f: file}
    outputs: {n: int}
    stdout: n
    cache: "1"
    run: wc -l <"$f"
  one:
    inputs: {n: int}
    outputs: {o: int}
    stdout: o
    cache: "1"
    run: echo $((n + 1))
  bad:
    inputs: {n: int}
    outputs: {o: int}
    stdout: o
    retries: 1
    run: |
      echo first >&2
      exit 3
  slow:
    inputs: {n: int}
    outputs: {o: int}
    stdout: o
    run: |
      : >"$OUT/began"
      sleep 30
    pass_env: [OUT]
workflows:
  in:
    inputs: {l: list(int)}
    nodes: {each: {map: one, with: {n: $l}}}
    outputs: {o: $each.o}
  w:
    inputs: {l: list(int)}
    nodes: {mid: {workflow: in, with: {l: $l}}}
    outputs: {o: $mid.o}
  fails:
    inputs: {n: int}
    nodes: {b: {task: bad, with: {n: $n}}}
    outputs: {o: $b.o}
  waits:
    inputs: {n: int}
    nodes: {s: {task: slow, with: {n: $n}}}
    outputs: {o: $s.o}
EOF
}

@test "words: -q is silent on success, but for what -o, --jq and --plain ask" {
	run -0 flyte-run -q w.yaml:w l='[1]'
	equals "" "$output"
	run -0 flyte-run -q --name night w.yaml:w l='[1]'
	equals "" "$output"
	run -0 flyte-run -q --name night w.yaml:w l='[1]'
	equals "" "$output"
	run -0 flyte-run -q --plain w.yaml:w l='[1]'
	equals '{"o":[2]}' "$output"
	run -0 flyte-run -q --jq '.o[0]' w.yaml:w l='[1]'
	equals 2 "$output"
	run -0 flyte-run -q -o o w.yaml:w l='[1]'
	equals '[2]' "$output"
	run -0 flyte-exec -q w.yaml:one n=1
	equals "" "$output"
	run -0 flyte-exec -q --plain w.yaml:one n=1
	equals '{"o":2}' "$output"
	run -1 flyte-run -q w.yaml:fails n=1
	has "node b failed" "$output"
}

@test "words: a file of several things names them, workflows first" {
	run -2 flyte-run w.yaml n=1
	has "say which with w.yaml:NAME; there is workflow in, workflow fails, workflow waits, workflow w, task rows, task one," "$output"
}

@test "words: a node is called the same while it runs, after, and before" {
	run -0 --separate-stderr flyte-run -n w.yaml:w l='[1, 2]'
	has "run     mid/each/n1" "$output"
	run -0 --separate-stderr flyte-run w.yaml:w l='[1, 2]'
	has "mid/each/n1: done" "$stderr"
	run -0 flyte-show last/mid/each/n1
	has "/mid/each/n1  done" "$output"
	run -0 flyte-cache explain last
	has "/mid/each/n1: ran: " "$output"
	has "/mid: ran: by what is inside it" "$output"
	flyte-run -q w.yaml:w l='[1, 2]'
	run -0 flyte-cache explain last/mid/each/n1
	has "/mid/each/n1: reused: from default/development/" "$output"
}

@test "words: --logs of what was reused says so, --replay runs it" {
	flyte-run -q w.yaml:w l='[1]'
	flyte-run -q --name again w.yaml:w l='[1]'
	run -0 --separate-stderr flyte-show --logs again/mid/each/n0
	equals "" "$output"
	equals "flyte-show: again/mid/each/n0: reused from the cache, so it printed nothing" "$stderr"
	run -0 --separate-stderr flyte-exec --plain --replay again/mid/each/n0
	equals '{"o":2}' "$output"
}

@test "words: a gate says what lets it pass" {
	cat >gate.yaml <<'EOF'
workflows:
  w:
    inputs: {n: int}
    nodes:
      ok: {gate: approve, with: {n: $n}}
      lim: {gate: {signal: int, output: v}}
    outputs: {n: $ok.n, v: $lim.v}
EOF
	flyte-run --name g --plain gate.yaml:w n=4 >out 2>err 3>&- &
	pid=$!
	within 30 grep -q lim: err
	within 30 grep -q ok: err
	equals "lim: waits for: flyte-ctl signal g/lim VALUE
ok: waits for: flyte-ctl approve g/ok" "$(sort err)"
	$(sed -n 's/^ok: waits for: //p' err)
	flyte-ctl signal g/lim 7
	wait "$pid"
	equals '{"n":4,"v":7}' "$(cat out)"
}

@test "words: a list of nothing says where it looked" {
	flyte-register -q -p pay --as v1 w.yaml
	run -0 --separate-stderr flyte-register list
	equals "" "$output"
	equals "flyte-register: nothing is registered in default/development; --all lists all projects" "$stderr"
	run -0 --separate-stderr flyte-register list --all
	has "pay/development/w@v1" "$output"
	equals "" "$stderr"
}

@test "words: both programs take the same words for --cache" {
	for mode in on off read write refresh; do
		run -0 flyte-exec -o o --cache $mode w.yaml:one n=1
		equals 2 "$output"
		run -0 flyte-run -q -o o --cache $mode w.yaml:one n=1
		equals 2 "$output"
	done
	run -2 flyte-exec --cache yes w.yaml:one n=1
	has "on, off, read, write or refresh" "$output"
}

@test "words: the whole command of a failure, and how often it was tried" {
	run -1 --separate-stderr flyte-run -q w.yaml:fails n=1
	has "node b failed: exit status 3 (2 attempts)" "$stderr"
	has "    | /bin/sh -eu -c 'echo first >&2" "$stderr"
	has "    | exit 3" "$stderr"
}

@test "words: a name in use, and one whose inputs were others" {
	export OUT=$PWD
	flyte-run -q --name n w.yaml:waits n=1 3>&- &
	pid=$!
	within 30 [ -e began ]
	run -75 flyte-run -q --name n w.yaml:waits n=1
	equals "flyte-run: n: another process runs it (--wait waits for its end)" "$output"
	run -4 flyte-run -q --name n w.yaml:waits n=2
	has "another value of input n" "$output"
	run -4 flyte-run -q --name n w.yaml:fails n=1
	has "n: was run before as w.yaml:waits, this is w.yaml:fails" "$output"
	kill -TERM "$pid"
	run ! wait "$pid"
}

@test "words: stopped before any node ended" {
	export OUT=$PWD
	flyte-run --name n w.yaml:waits n=1 2>err 3>&- &
	pid=$!
	within 30 [ -e began ]
	kill -TERM "$pid"
	run ! wait "$pid"
	has "interrupted" "$(cat err)"
	has "no node ended" "$(cat err)"
	lacks "nothing to run" "$(cat err)"
}

@test "words: a file may come from a pipe" {
	run -0 bash -c 'flyte-exec --plain w.yaml:rows f=<(printf "a\nb\n")'
	equals '{"n":2}' "$output"
	run -0 bash -c 'flyte-exec -o n w.yaml:rows f=@<(printf "a\nb\n")'
	equals 2 "$output"
	run -0 flyte-exec -o n w.yaml:rows f=/dev/null
	equals 0 "$output"
}

@test "words: a failed task that left nothing leaves no folder" {
	mkdir t
	TMPDIR=$PWD/t run -1 flyte-exec w.yaml:bad n=1
	lacks "folder is kept" "$output"
	equals "" "$(ls t)"
}

@test "words: flyte-run takes another registry" {
	flyte-register -q -r reg -p pay --as v1 w.yaml
	run -5 flyte-run -q -p pay w l='[1]'
	run -0 flyte-run -q -r reg -p pay -o o w l='[1]'
	equals '[2]' "$output"
}

@test "words: --help: examples aligned, no blanks at the end of a line" {
	for p in flyte flyte-register flyte-run flyte-exec flyte-cache flyte-show flyte-ctl; do
		$p --help >help
		run -1 grep -n ' $' help
		[ -z "$(tail -c1 help | tr -d '\n')" ]
		[ "$(sed -n '/^Examples:/,/^$/p' help | sed 1d | grep -c '^[^ ]')" = 0 ]
	done
	run -2 flyte-run --nope
	lacks "did you mean" "$output"
}

@test "words: what is launched and its elements are called the same everywhere" {
	cat >k.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {m: int}, cache: "1", run: "[ $n != 9 ]; echo $n >$FLYTE_OUTPUTS/m"}
	workflows:
	  one: {inputs: {n: int}, nodes: {a: {task: t, with: {n: $n}}}, outputs: {m: $a.m}}
	  w:
	    inputs: {l: list(int)}
	    nodes: {mw: {map: {workflow: one}, with: {n: $l}}}
	EOT
	run -0 flyte-run -n k.yaml:w l='[1, 2]'
	has "run     mw/n1 > a  (nothing of this task" "$output"
	run -0 --separate-stderr flyte-run -v k.yaml:w l='[1, 2]'
	has "mw/n1 > a: runs: nothing of this task" "$stderr"
	has "mw/n1 > a: done" "$stderr"
	has "  mw/n0 > a and mw/n1 > a: ran: nothing of this task" "$stderr"
	run -1 --separate-stderr flyte-run k.yaml:w l='[9]'
	has "node mw/n0 > a failed: exit status 1" "$stderr"
	# What it says to type names the execution that the node is in.
	run -1 flyte-exec $(sed -n 's/^  again: flyte-exec //p' <<<"$stderr")
	run -0 flyte-show "$(sed -n 's/^  again: flyte-exec --replay //p' <<<"$stderr")"
	has "/a  failed" "$output"
}

@test "words: an element is n1 in the tree, for --force, in both forms" {
	flyte-run -q --name e w.yaml:w l='[1, 2]'
	for node in mid/each/n1 mid/0/each/0/n1; do
		run -0 flyte-run -n --recover e --force "$node"
		has "run     mid/each/n1  (asked for)" "$output"
		has "reuse   mid/each/n0  (from default/development/e/mid/each/n0 (entry " "$output"
		run -0 flyte-show "e/$node"
		has "e/mid/each/n1  done" "$output"
	done
	run -0 flyte-show e
	has "n0-n1" "$output"
	run -0 flyte-cache explain e/mid
	equals "e/mid: ran: by what is inside it
e/mid/each: ran: by what is inside it" "$(head -n 2 <<<"$output")"
	has "e/mid/each/n1: ran: " "$output"
}

@test "words: which file, which item, what else differs" {
	cat >l.yaml <<-'EOT'
	tasks:
	  t: {cache: "1", inputs: {l: list(file), m: map(int), n: list(int)}, outputs: {o: int}, run: "echo 1 >$FLYTE_OUTPUTS/o"}
	EOT
	echo x >x; echo y >y
	flyte-run -q --name l l.yaml:t l='["x","y"]' m='{"a":1,"b":2}' n='[1,2]'
	run -0 flyte-run -n l.yaml:t l='["x","x"]' m='{"a":1,"b":2}' n='[1,2]'
	has "(input l[1] differs: $PWD/x (sha256:73cb3858a687), was sha256:" "$output"
	has " in default/development/l/t (entry " "$output"
	run -0 flyte-run -n l.yaml:t l='["x","y"]' m='{"a":1}' n='[1,2,3]'
	has "(input m.b differs: nothing, was 2 in default/" "$output"
	has "; n[2] differs too)" "$output"
	sed -i 's/"1", inputs: {l/"2", inputs: {l/' l.yaml
	run -0 flyte-run -n l.yaml:t l='["x","y"]' m='{"a":1,"b":2}' n='[1,2]'
	has "(cache version differs: 2, was 1 in default/" "$output"
	flyte-run -q l.yaml:t l='["x","y"]' m='{"a":1,"b":2}' n='[1,2]'
	sed -i 's/n: list(int)}/n: list(int), q: "int?"}/' l.yaml
	run -0 flyte-run -n l.yaml:t l='["x","y"]' m='{"a":1,"b":2}' n='[1,2]'
	has "(input q differs: int?, was nothing in default/" "$output"
}

@test "words: the summary has in one line what differs in the same way" {
	flyte-run -q --name e w.yaml:w l='[1, 2]'
	run -0 --separate-stderr flyte-run w.yaml:w l='[3, 4]'
	has "  mid/each/n0 and mid/each/n1: ran: input n differs; of mid/each/n0: 3, was 1 in default/development/e/mid/each/n0 (entry " "$stderr"
}

@test "words: a float is the same text in its file and as a variable" {
	cat >f.yaml <<-'EOT'
	tasks:
	  t: {inputs: {f: float}, outputs: {o: str}, run: 'printf "%s %s" "$f" "$(cat "$FLYTE_INPUTS/f")" >$FLYTE_OUTPUTS/o'}
	EOT
	for f in 1:1 1.5:1.5 1e21:1000000000000000000000 -0.00001:-0.00001; do
		run -0 flyte-run -q -o o f.yaml:t f="${f%:*}"
		equals "${f#*:} ${f#*:}" "$output"
	done
}

@test "words: what a map makes is not among what there is to choose from" {
	cat >c.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {m: int}, jq: .n}
	workflows:
	  v: {inputs: {l: list(int)}, nodes: {m: {map: t, with: {n: $l}}}}
	  w: {inputs: {n: int}, nodes: {m: {task: t, with: {n: $n}}}}
	EOT
	run -2 flyte-run c.yaml
	equals "flyte-run: c.yaml: say which with c.yaml:NAME; there is workflow v, workflow w, task t" "$output"
	run -0 --separate-stderr flyte-exec -o m --type task c.yaml n=3
	equals 3 "$output"
}

@test "words: of a switch without a case that fits the error is told once" {
	cat >n.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {m: int}, jq: .n}
	workflows:
	  w: {inputs: {n: int}, nodes: {b: {switch: [{if: $n > 5, task: t, with: {n: 1}}, {error: too small}]}}}
	EOT
	run -1 flyte-run -q --name n n.yaml:w n=1
	run -0 flyte-show n
	has "error:      UserProvidedError: too small" "$output"
	lacks "what runs inside it failed" "$output"
	run -0 flyte-show n/b
	has "error:      UserProvidedError (the task's)
    too small" "$output"
}

@test "words: in colour where it is asked for, in none otherwise" {
	cat >c.yaml <<-'EOF'
	tasks: {t: {run: ":"}, f: {run: exit 1}}
	workflows:
	  w: {nodes: {a: {task: t}}}
	  x: {nodes: {a: {task: f}}}
	EOF
	run -0 flyte-run --color always c.yaml:w
	has $'a: \e[32mdone\e[0m' "$output"
	has $'c.yaml:w \e[32msucceeded\e[0m in' "$output"
	run -1 flyte-run --color=always c.yaml:x
	has $'c.yaml:x \e[31mfailed\e[0m in' "$output"
	run -0 flyte-run c.yaml:w
	lacks $'\e' "$output"
	run -2 flyte-run --color red c.yaml:w
}
