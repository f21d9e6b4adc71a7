# flyte-run: options, values, the order of things. The cache is in
# run-cache.bats, names and second times in run-again.bats.
load helper

local_setup() {
	export LOG=$PWD/log LONG
	LONG=$(long_sleep)
	: >log
	cat >s.yaml <<-'EOT'
	tasks:
	  double:
	    inputs: {n: int}
	    outputs: {o: int}
	    run: echo $((n * 2)) >$FLYTE_OUTPUTS/o
	  add:
	    inputs: {a: int, b: int}
	    outputs: {o: int}
	    run: echo $((a + b)) >$FLYTE_OUTPUTS/o
	  shout:
	    inputs: {f: file}
	    outputs: {g: file(txt)}
	    stdin: f
	    stdout: g
	    command: [tr, a-z, A-Z]
	  fails:
	    inputs: {n: int}
	    outputs: {o: int}
	    run: echo first >&2; echo oops >&2; echo part >draft; exit 3
	  note:
	    inputs: {what: str}
	    outputs: {what: str}
	    pass_env: [LOG]
	    run: echo "$what" >>"$LOG"; printf %s "$what" >$FLYTE_OUTPUTS/what
	workflows:
	  w:
	    inputs: {n: {type: int, default: 5}}
	    nodes:
	      one: {task: double, with: {n: $n}}
	      two: {task: add, with: {a: $one.o, b: $n}}
	    outputs: {twice: $one.o, sum: $two.o}
	  outer:
	    inputs: {n: int}
	    nodes:
	      in: {workflow: w, with: {n: $n}}
	    outputs: {o: $in.sum}
	  outermost:
	    inputs: {n: int}
	    nodes:
	      mid: {workflow: outer, with: {n: $n}}
	      last: {task: double, with: {n: $mid.o}}
	    outputs: {o: $last.o}
	  broken:
	    inputs: {n: int}
	    nodes:
	      one: {task: fails, with: {n: $n}}
	      two: {task: double, with: {n: $one.o}}
	      free: {task: note, with: {what: free}}
	      after: {task: note, with: {what: after}, after: [free]}
	    outputs: {o: $two.o}
	  loud:
	    inputs: {f: file}
	    nodes:
	      s: {task: shout, with: {f: $f}}
	    outputs: {g: $s.g, again: $s.g}
	EOT
}

# spec_of NAME: stdin is the spec of a file of that name.
spec_of() {
	cat >"$1.yaml"
}

# ---- what is run ------------------------------------------------------------

@test "run: --help, --version, completion, unknown option, nothing to run" {
	run -0 --separate-stderr flyte-run --help
	has "usage: flyte-run" "$output"
	equals "" "$stderr"
	run -0 flyte-run --version
	has flyte-tools "$output"
	run -0 flyte-run --completion-helper
	has "option	--relaunch" "$output"
	run -2 --separate-stderr flyte-run --nope
	equals "" "$output"
	has "flyte-run: unknown option --nope" "$stderr"
	run -2 flyte-run
	has "nothing to run" "$output"
}

@test "run: a workflow of a file prints its outputs, typed, on one line" {
	run -0 --separate-stderr flyte-run s.yaml:w n=7
	equals '{"literals":{"sum":{"scalar":{"primitive":{"integer":"21"}}},"twice":{"scalar":{"primitive":{"integer":"14"}}}}}' "$output"
	has "one: done" "$stderr"
	has "flyte-run: s.yaml:w succeeded in" "$stderr"
	has "2 ran" "$stderr"
}

@test "run: a task is a workflow of one node; a script is a task" {
	run -0 --separate-stderr flyte-run --plain s.yaml:double n=21
	equals '{"o":42}' "$output"
	has "double: done" "$stderr"
	printf '#!/bin/sh\n#%% inputs: {n: int}\n#%% outputs: {o: int}\necho $((n * n)) >$FLYTE_OUTPUTS/o\n' >square.sh
	chmod +x square.sh
	run -0 flyte-run -q -o o ./square.sh n=9
	equals 81 "$output"
}

@test "run: what is not there is 5, what is unclear 2" {
	run -5 flyte-run s.yaml:nothing
	has "nothing" "$output"
	run -5 flyte-run gone.yaml:w
	has "gone.yaml" "$output"
	run -5 flyte-run unheard_of
	has "unheard_of" "$output"
	run -2 flyte-run s.yaml
	run -2 flyte-run --type gate s.yaml:w
	has "expected task, workflow or launch_plan" "$output"
	[ ! -e "$FLYTE_HOME/executions" ]
}

@test "run: registered, by name, version, project, domain and kind" {
	flyte-register -q -p pay --as v1 s.yaml
	sed -i 's/n \* 2/n * 3/' s.yaml
	flyte-register -q -p pay --as v2 s.yaml
	run -0 flyte-run -q -p pay -o twice w n=10
	equals 30 "$output"
	run -0 flyte-run -q -o twice pay/development/w@v1 n=10
	equals 20 "$output"
	run -0 flyte-run -q -p pay -o o double n=10
	equals 30 "$output"
	run -0 flyte-run -q -p pay --type workflow -o twice w@v1
	equals 10 "$output"
	FLYTE_PROJECT=pay run -0 flyte-run -q -o twice w
	equals 15 "$output"
	run -5 flyte-run -q -p pay -d production w
	run -5 flyte-run -q -p pay w@v3
	run -5 flyte-run -p pay --type task w
}

@test "run: a package" {
	flyte-register -q --as v1 -O s.tgz s.yaml
	run -0 flyte-run -q -o twice s.tgz:w n=4
	equals 8 "$output"
}

@test "run: an invalid spec is 3, nothing runs" {
	printf 'tasks:\n  t: {rum: echo}\n' >bad.yaml
	run -3 --separate-stderr flyte-run bad.yaml:t
	equals "" "$output"
	has "bad.yaml:2:" "$stderr"
	has "rum" "$stderr"
	[ ! -e "$FLYTE_HOME/executions" ]
}

# ---- inputs -------------------------------------------------------------------

@test "run: inputs by name, from a file, from stdin only if told" {
	run -0 flyte-run -q -o twice s.yaml:w n=1
	equals 2 "$output"
	echo '{"n": 2}' >in.json
	run -0 flyte-run -q -o twice -i in.json s.yaml:w
	equals 4 "$output"
	echo 'n: 3' >in.yaml
	run -0 flyte-run -q -o twice -i in.yaml s.yaml:w
	equals 6 "$output"
	run -0 sh -c 'echo "{\"n\": 4}" | flyte-run -q -o twice -i - s.yaml:w'
	equals 8 "$output"
	echo 9 >nine
	run -0 flyte-run -q -o twice s.yaml:w n=@nine
	equals 18 "$output"
}

@test "run: stdin is not touched otherwise" {
	run -0 sh -c 'echo kept | { flyte-run -q -o twice s.yaml:w n=4; cat; }'
	equals "8
kept" "$output"
}

@test "run: defaults; every wrong, missing or surplus input is 2 before work" {
	run -2 --separate-stderr flyte-run s.yaml:w n=seven
	equals "" "$output"
	has "n" "$stderr"
	has "int" "$stderr"
	has "seven" "$stderr"
	run -2 flyte-run s.yaml:w m=1
	has "m" "$output"
	has "n: int" "$output"
	run -2 flyte-run s.yaml:outer
	has "n: int" "$output"
	run -2 flyte-run -i gone.json s.yaml:w
	has "gone.json" "$output"
	run -2 flyte-run s.yaml:loud f=gone.csv
	has "gone.csv" "$output"
	[ ! -e "$FLYTE_HOME/executions" ]
	run -0 flyte-run -q -o twice s.yaml:w
	equals 10 "$output"
}

@test "run: an optional input may be left out" {
	spec_of opt <<-'EOT'
	tasks:
	  t:
	    inputs: {who: str?, n: int?}
	    outputs: {o: str}
	    run: printf '%s' "${who:-nobody}" >$FLYTE_OUTPUTS/o
	workflows:
	  w:
	    inputs: {who: str?}
	    nodes:
	      a: {task: t, with: {who: $who, n: null}}
	    outputs: {o: $a.o}
	EOT
	run -0 flyte-run -q -o o opt.yaml:w who=ann
	equals ann "$output"
	run -0 flyte-run -q -o o opt.yaml:w
	equals nobody "$output"
	run -0 flyte-run -q -o o opt.yaml:t
	equals nobody "$output"
}

@test "run: -m, --typed, --plain-in" {
	run -0 sh -c 'echo "{\"x\": {\"y\": 6}}" | flyte-run -q -o twice -i - -m n=x.y s.yaml:w'
	equals 12 "$output"
	echo '{"literals":{"n":{"scalar":{"primitive":{"integer":"3"}}}}}' >typed
	run -0 flyte-run -q -o twice --typed -i typed s.yaml:w
	equals 6 "$output"
	run -2 flyte-run -q --plain-in -i typed s.yaml:w
}

# ---- outputs ------------------------------------------------------------------

@test "run: --plain, -o NAME, -o NAME=PATH, --jq" {
	run -0 flyte-run -q --plain s.yaml:w
	equals '{"sum":15,"twice":10}' "$output"
	run -0 flyte-run -q -o sum s.yaml:w
	equals 15 "$output"
	run -0 flyte-run -q -o sum=sum.txt s.yaml:w
	equals "" "$output"
	equals 15 "$(cat sum.txt)"
	run -0 flyte-run -q --jq '.sum + .twice' s.yaml:w
	equals 25 "$output"
	run -2 flyte-run -o nosuch s.yaml:w
	has nosuch "$output"
}

@test "run: file outputs; their content goes where -o says" {
	printf 'abc\n' >in
	run -0 flyte-run -q -o g=out s.yaml:loud f=in
	equals ABC "$(cat out)"
	run -0 flyte-run -q -o g s.yaml:loud f=in
	equals ABC "$(cat "$output")"
	run -0 flyte-run -q --jq .g s.yaml:loud f=in
	has "$FLYTE_HOME/blobs/" "$output"
}

@test "run: integers stay exact integers through nodes and out" {
	run -0 flyte-run -q --plain s.yaml:add a=9007199254740993 b=0
	equals '{"o":9007199254740993}' "$output"
	run -0 flyte-run -q -o twice s.yaml:w n=4503599627370497
	equals 9007199254740994 "$output"
	run -2 flyte-run -q --jq .o s.yaml:add a=9007199254740993 b=0
	has 9007199254740993 "$output"
	run -0 flyte-run -q --jq .o --jq-ints text s.yaml:add a=9007199254740993 b=0
	equals '"9007199254740993"' "$output"
}

@test "run: every type through two tasks" {
	spec_of types <<-'EOT'
	tasks:
	  copy: &copy
	    inputs:
	      i: int
	      f: float
	      s: str
	      b: bool
	      t: datetime
	      d: duration
	      e: enum(red|blue)
	      j: struct
	      li: list(int)
	      m: map(list(float))
	      o: int?
	      u: int|str
	      p: file
	      q: dir
	    outputs:
	      i: int
	      f: float
	      s: str
	      b: bool
	      t: datetime
	      d: duration
	      e: enum(red|blue)
	      j: struct
	      li: list(int)
	      m: map(list(float))
	      o: int?
	      u: int|str
	      p: file
	      q: dir
	    run: |
	      cp -RL $FLYTE_INPUTS/. $FLYTE_OUTPUTS/
	workflows:
	  w:
	    inputs:
	      i: int
	      f: float
	      s: str
	      b: bool
	      t: datetime
	      d: duration
	      e: enum(red|blue)
	      j: struct
	      li: list(int)
	      m: map(list(float))
	      o: int?
	      u: int|str
	      p: file
	      q: dir
	    nodes:
	      a: {task: copy, with: {i: $i, f: $f, s: $s, b: $b, t: $t, d: $d,
	        e: $e, j: $j, li: $li, m: $m, o: $o, u: $u, p: $p, q: $q}}
	      c: {task: copy, with: {i: $a.i, f: $a.f, s: $a.s, b: $a.b, t: $a.t,
	        d: $a.d, e: $a.e, j: $a.j, li: $a.li, m: $a.m, o: $a.o, u: $a.u,
	        p: $a.p, q: $a.q}}
	    outputs: {i: $c.i, f: $c.f, s: $c.s, b: $c.b, t: $c.t, d: $c.d,
	      e: $c.e, j: $c.j, li: $c.li, m: $c.m, o: $c.o, u: $c.u, p: $c.p,
	      q: $c.q}
	EOT
	mkdir -p dir/sub
	echo content >file
	echo deep >dir/sub/file
	cat >in.json <<-'EOT'
	{"i": 9007199254740993, "f": 0.1, "s": "a \u00e9 \"q\"\nline", "b": true,
	 "t": "2026-02-03T04:05:06.789Z", "d": "90s", "e": "blue",
	 "j": {"k": [1, {"z": null}], "a": 9007199254740991}, "li": [1, -9223372036854775808],
	 "m": {"x": [1.5], "y": []}, "o": 3, "u": 7, "p": "file", "q": "dir"}
	EOT
	flyte-run -q --plain -i in.json types.yaml:w >out.json
	run -0 jq -cS 'del(.p, .q, .i, .li)' out.json
	equals '{"b":true,"d":"1m30s","e":"blue","f":0.1,"j":{"a":9007199254740991,"k":[1,{"z":null}]},"m":{"x":[1.5],"y":[]},"o":3,"s":"a é \"q\"\nline","t":"2026-02-03T04:05:06.789Z","u":7}' "$output"
	has '"i":9007199254740993' "$(cat out.json)"
	has '"li":[1,-9223372036854775808]' "$(cat out.json)"
	equals content "$(cat "$(jq -r .p out.json)")"
	equals deep "$(cat "$(jq -r .q out.json)/sub/file")"
}

@test "run: lists, maps and paths of structs between nodes" {
	spec_of paths <<-'EOT'
	tasks:
	  make:
	    outputs: {who: struct, ages: list(int), by: map(str)}
	    run: |
	      echo '{"name": "Ann", "kids": [{"age": 7}]}' >$FLYTE_OUTPUTS/who
	      echo '[3, 4]' >$FLYTE_OUTPUTS/ages
	      echo '{"k": "v"}' >$FLYTE_OUTPUTS/by
	  sum:
	    inputs: {all: list(int), m: map(str), kid: struct}
	    outputs: {n: int, text: str, kid: struct}
	    jq: "{n: (.all | add), text: (.m | tojson), kid: .kid}"
	workflows:
	  w:
	    nodes:
	      m: {task: make}
	      s:
	        task: sum
	        with:
	          all: [7, $m.ages.1, 100]
	          m: {b: $m.by.k, c: plain}
	          kid: $m.who.kids.0
	    outputs: {n: $s.n, text: $s.text, all: $m.ages, kid: $s.kid}
	EOT
	run -0 flyte-run -q --plain paths.yaml:w
	has '"n":111' "$output"
	has '"all":[3,4]' "$output"
	has '{\"b\":\"v\",\"c\":\"plain\"}' "$output"
	has '"kid":{"age":7}' "$output"
}

@test "run: jq tasks run in process, streams are bound, templates are words" {
	spec_of kinds <<-'EOT'
	tasks:
	  q: {inputs: {n: int}, outputs: {o: int}, jq: .n * 2}
	  word: {inputs: {w: str}, outputs: {o: str}, stdout: o,
	    command: [printf, "%s", "<{{.inputs.w}}>"]}
	workflows:
	  w:
	    inputs: {n: int, w: str}
	    nodes:
	      a: {task: q, with: {n: $n}}
	      b: {task: q, with: {n: $a.o}}
	      c: {task: word, with: {w: $w}}
	    outputs: {o: $b.o, w: $c.o}
	EOT
	run -0 flyte-run -q --plain kinds.yaml:w n=5 'w=$(id) ; x'
	equals '{"o":20,"w":"<$(id) ; x>"}' "$output"
}

@test "run: env and pass_env, and nothing else" {
	spec_of env <<-'EOT'
	tasks:
	  t:
	    outputs: {o: str}
	    env: {COLOUR: teal}
	    pass_env: [PASSED]
	    run: echo "$COLOUR ${PASSED-} ${SECRET-none}" >$FLYTE_OUTPUTS/o
	workflows:
	  w: {nodes: {a: {task: t}}, outputs: {o: $a.o}}
	EOT
	PASSED=yes SECRET=x run -0 flyte-run -q -o o env.yaml:w
	equals "teal yes none" "$output"
}

# ---- order --------------------------------------------------------------------

@test "run: sub-workflows, three deep" {
	run -0 --separate-stderr flyte-run -o o s.yaml:outermost n=4
	equals 24 "$output"
	has "mid/in/one: done" "$stderr"
	has "3 ran" "$stderr"
}

@test "run: after orders nodes without data" {
	spec_of after <<-'EOT'
	tasks:
	  say: {inputs: {w: str}, pass_env: [LOG], run: sleep 0.0$w; echo $w >>$LOG}
	workflows:
	  w:
	    nodes:
	      a: {task: say, with: {w: "1"}, after: [b]}
	      b: {task: say, with: {w: "5"}, after: [c]}
	      c: {task: say, with: {w: "9"}}
	EOT
	run -0 flyte-run -q -j 3 after.yaml:w
	equals "9 5 1" "$(echo $(cat log))"
}

# stamps: the most attempts at once, from "start"/"end" lines in the log.
peak() {
	awk '$1 == "start" { if (++n > top) top = n } $1 == "end" { n-- }
		END { print top + 0 }' log
}

# The workflow of N independent tasks that log when they start and end.
wide_of() {
	spec_of wide <<-'EOT'
	tasks:
	  t: {pass_env: [LOG], run: echo start >>$LOG; sleep 0.05; echo end >>$LOG}
	workflows:
	  w:
	    nodes:
	EOT
	for i in $(seq "$1"); do
		echo "      n$i: {task: t}" >>wide.yaml
	done
}

@test "run: -j is the most tasks at once, and is reached" {
	wide_of 8
	run -0 flyte-run -q -j 1 wide.yaml:w
	equals 1 "$(peak)"
	: >log
	run -0 flyte-run -q -j 3 wide.yaml:w
	equals 3 "$(peak)"
	run -2 flyte-run -j 0 wide.yaml:w
	has "from 1" "$output"
	run -2 flyte-run -j many wide.yaml:w
}

@test "run: max_parallelism of a launch plan holds" {
	wide_of 6
	printf 'launchplans:\n  narrow: {workflow: w, max_parallelism: 2}\n' >>wide.yaml
	run -0 flyte-run -q -j 6 wide.yaml:narrow
	equals 2 "$(peak)"
	equals 6 "$(grep -c end log)"
}

@test "run: -k goes on with what does not depend on a failure" {
	sed -i 's/    run: echo "$what"/    run: sleep 0.2; echo "$what"/' s.yaml
	run -1 flyte-run -j 2 s.yaml:broken n=1
	equals "" "$(cat log)"
	has "free: stopped" "$output"
	run -1 flyte-run -k -j 2 s.yaml:broken n=1
	equals "free after" "$(echo $(cat log))"
	has "two: skipped: one did not succeed" "$output"
}

@test "run: -j 1: who is denied a place gets it when it is free, wherever it is" {
	spec_of places <<-'EOT'
	tasks:
	  nap: {run: sleep 0.2}
	  bad: {run: "sleep 0.2; exit 3"}
	  tell: {run: "echo told >>$LOG", pass_env: [LOG]}
	workflows:
	  inner: {nodes: {a: {task: tell}}}
	  launches: {nodes: {a: {task: nap}, p: {launchplan: inner}}}
	  fails:
	    on_failure: {task: tell}
	    nodes: {a: {task: bad}, s: {workflow: inner}, t: {task: nap}}
	launchplans:
	  inner: {workflow: inner}
	EOT
	export LOG=$PWD/log
	: >log
	run -0 timeout 20 flyte-run -q -j 1 places.yaml:launches
	equals told "$(cat log)"
	# What a failure stopped before it had a place is not in the way.
	run -1 timeout 20 flyte-run -q -j 1 places.yaml:fails
	equals "told told" "$(echo $(cat log))"
}

# ---- what is said ---------------------------------------------------------------

@test "run: -q is silent on success, not on failure" {
	run -0 --separate-stderr flyte-run -q -o sum s.yaml:w
	equals "" "$stderr"
	run -0 flyte-run -q s.yaml:note what=x -o what=out
	equals "" "$output"
	run -1 --separate-stderr flyte-run -q s.yaml:broken n=1
	equals "" "$output"
	has "node one failed: exit status 3" "$stderr"
}

@test "run: -v says why each node runs" {
	sed -i 's/    run: echo $((n \* 2))/    cache: "1"\n&/' s.yaml
	run -0 flyte-run -v s.yaml:w n=1
	has "one: runs: " "$output"
	has "two: runs: its task is not cached" "$output"
	run -0 flyte-run -v s.yaml:w n=2
	has "one: runs: " "$output"
	has "n" "$output"
	run -0 flyte-run -v s.yaml:w n=2
	has "one: reused: from default/development/" "$output"
}

@test "run: one line that is redrawn on a terminal, plain lines elsewhere" {
	command -v script >/dev/null || skip "script is not installed"
	script -qec true /dev/null >/dev/null 2>&1 ||
		skip "no pseudo-terminal may be made here (is /dev/pts mounted?)"
	run -0 script -qec "flyte-run s.yaml:w n=2" /dev/null
	has $'\r\x1b[K[0 done, 1 running] one' "$output"
	lacks "one: done" "$output"
	has "twice" "$output"
	run -0 flyte-run s.yaml:w n=2
	lacks $'\r' "$output"
	lacks $'\x1b' "$output"
	has "one: done" "$output"
	run -0 script -qec "flyte-run -q -o sum s.yaml:w n=2" /dev/null
	equals 6 "${output//$'\r'/}"
}

@test "run: -n says what would run, be reused or come later; writes nothing" {
	sed -i 's/    run: echo $((n \* 2))/    cache: "1"\n&/' s.yaml
	run -0 --separate-stderr flyte-run -n s.yaml:w n=3
	equals "" "$stderr"
	has "run     one  (" "$output"
	has "depends two  (on one)" "$output"
	has "1 to run, 1 that depends on them, 0 to reuse" "$output"
	[ ! -e "$FLYTE_HOME/executions" ]
	run -9 flyte-run -n --exit-code s.yaml:w n=3
	run -0 flyte-run -q s.yaml:w n=3
	run -9 flyte-run -n --exit-code s.yaml:w n=3
	has "reuse   one" "$output"
	has "run     two  (its task is not cached)" "$output"
	run -0 flyte-run -n --exit-code s.yaml:double n=3
	has "0 to run, 1 to reuse" "$output"
	run -0 flyte-run -n --json s.yaml:w n=4
	equals '"run" "depends"' "$(echo $(echo "$output" | jq '.nodes[].fate'))"
	run -0 flyte-run -n -q s.yaml:w n=4
	equals "" "$output"
	run -2 flyte-run --exit-code s.yaml:w
	run -2 flyte-run --json s.yaml:w
}

@test "run: -n looks into sub-workflows" {
	run -0 flyte-run -n s.yaml:outermost n=1
	has "run     mid/in/one" "$output"
	has "depends mid/in/two  (on one)" "$output"
	has "depends last  (on mid)" "$output"
	has "1 to run, 2 that depend" "$output"
}

# ---- failures -----------------------------------------------------------------

@test "run: a failure tells its root cause and how to go on" {
	run -1 --separate-stderr flyte-run -q s.yaml:broken n=1
	id=$(cut -d/ -f3 "$FLYTE_HOME/executions/last")
	scratch=$(echo "$FLYTE_HOME"/executions/default/development/*/"$id"/scratch/failed-one-0)
	equals part "$(find "$scratch" -name draft -exec cat {} +)"
	equals "node one failed: exit status 3
  command: /bin/sh -eu -c 'echo first >&2; echo oops >&2; echo part >draft; exit 3'
  the end of its stderr:
    | first
    | oops
  its folder: $scratch
  again: flyte-exec --replay $id/one" "$(echo "$stderr" | grep -v '^flyte-run:')"
	has "broken failed in" "$stderr"
	has "flyte-run --recover $id" "$stderr"
	run -1 flyte-exec --replay "$id/one"
	has "exit status 3" "$output"
}

@test "run: the root cause comes before what it caused, three deep" {
	sed -i 's/{task: double, with: {n: $n}}/{task: fails, with: {n: $n}}/' s.yaml
	run -1 --separate-stderr flyte-run -q s.yaml:outermost n=1
	has "node mid/in/one failed: exit status 3" "${stderr_lines[0]}"
	equals 1 "$(echo "$stderr" | grep -c '^node ')"
}

@test "run: a signal is told; the last twenty lines of stderr are" {
	spec_of die <<-'EOT'
	tasks:
	  t: {run: "seq 1000 >&2; kill -SEGV $$"}
	EOT
	run -1 --separate-stderr flyte-run -q die.yaml:t
	has "node t failed: signal 11 (Segmentation fault)" "$stderr"
	has "    | 981" "$stderr"
	has "    | 1000" "$stderr"
	lacks "    | 980" "$stderr"
}

@test "run: a jq task that fails says why" {
	spec_of q <<-'EOT'
	tasks:
	  q: {outputs: {o: int}, jq: '"seven"'}
	EOT
	run -1 --separate-stderr flyte-run -q q.yaml:q
	has "node q failed: " "$stderr"
	has "expected int" "$stderr"
	lacks "exit status" "$stderr"
}

@test "run: an output that is missing or of the wrong type is a failure by name" {
	spec_of liar <<-'EOT'
	tasks:
	  missing: {outputs: {a: int, b: int}, cache: "1", run: echo 1 >$FLYTE_OUTPUTS/a}
	  wrong: {outputs: {a: int}, cache: "1", run: echo x >$FLYTE_OUTPUTS/a}
	EOT
	run -1 flyte-run -q liar.yaml:missing
	has "b" "$output"
	run -1 flyte-run -q liar.yaml:wrong
	has "a" "$output"
	has "int" "$output"
	run -0 flyte-cache ls
	lacks missing "$output"
}

@test "run: retries, then success; or the attempts are told" {
	spec_of retry <<-'EOT'
	tasks:
	  t:
	    inputs: {good: int}
	    outputs: {o: int}
	    retries: 2
	    pass_env: [LOG]
	    run: |
	      echo try >>$LOG
	      [ $(wc -l <$LOG) -ge $good ]
	      echo $good >$FLYTE_OUTPUTS/o
	EOT
	run -0 --separate-stderr flyte-run -o o retry.yaml:t good=3
	equals 3 "$output"
	equals 3 "$(wc -l <log)"
	has "t: attempt failed: exit status 1" "$stderr"
	: >log
	run -1 --separate-stderr flyte-run -q retry.yaml:t good=9
	equals 3 "$(wc -l <log)"
	has "node t failed: exit status 1 (3 attempts)" "$stderr"
}

@test "run: a timeout ends the attempt and its children, and says so" {
	spec_of slow <<-'EOT'
	tasks:
	  t: {timeout: 100ms, pass_env: [LONG], run: "echo here >&2; sleep $LONG & wait"}
	EOT
	run -1 --separate-stderr flyte-run -q slow.yaml:t
	has "node t failed: its time was up" "$stderr"
	has "    | here" "$stderr"
	has "command: /bin/sh" "$stderr"
	no_sleeper "$LONG"
}

@test "run: a timeout is of each attempt; a later one may succeed" {
	spec_of slow <<-'EOT'
	tasks:
	  t:
	    timeout: 300ms
	    retries: 1
	    pass_env: [LOG]
	    run: |
	      echo try >>$LOG
	      [ $(wc -l <$LOG) = 2 ] || sleep 100
	EOT
	run -0 flyte-run slow.yaml:t
	equals 2 "$(wc -l <log)"
}

@test "run: an attempt has a grace time; the next waits for its end" {
	spec_of slow <<-'EOT'
	tasks:
	  t:
	    retries: 1
	    timeout: 100ms
	    pass_env: [LOG]
	    run: |
	      trap 'sleep 0.4; echo end >>$LOG; exit 1' TERM
	      echo start >>$LOG
	      while :; do sleep 0.05; done
	workflows:
	  w: {nodes: {a: {task: t}}}
	EOT
	run -1 flyte-run -j 4 slow.yaml:w
	equals "start end start end" "$(echo $(cat log))"
	has "node a failed: its time was up (2 attempts)" "$output"
}

@test "run: waiting for a place to run is not counted as its time" {
	spec_of queue <<-'EOT'
	tasks:
	  t: {timeout: 400ms, run: sleep 0.1}
	workflows:
	  w:
	    nodes: {a: {task: t}, b: {task: t}, c: {task: t}, d: {task: t},
	      e: {task: t}, f: {task: t}, g: {task: t}, h: {task: t},
	      i: {task: t}, j: {task: t}}
	EOT
	run -0 flyte-run -q -j 1 queue.yaml:w
}

@test "run: a task that ignores TERM is killed, not left behind" {
	spec_of stubborn <<-'EOT'
	tasks:
	  t: {timeout: 100ms, pass_env: [LONG], run: "trap '' TERM; sleep $LONG; sleep $LONG"}
	EOT
	run -1 flyte-run -q stubborn.yaml:t
	no_sleeper "$LONG"
}

# ---- the world ------------------------------------------------------------------

@test "run: HOME unset" {
	unset HOME
	run -0 flyte-run -q -o sum s.yaml:w
	equals 15 "$output"
	unset FLYTE_HOME
	run -2 --separate-stderr flyte-run -q -o sum s.yaml:w
	equals "" "$output"
	has "FLYTE_HOME" "$stderr"
}

@test "run: a home that cannot be written is 8, in one line" {
	[ "$(id -u)" = 0 ] || skip "needs root to become another user"
	mkdir -m 755 "$FLYTE_HOME"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" . 2>/dev/null || true
	run -8 --separate-stderr setpriv --reuid=65534 --regid=65534 \
		--clear-groups "$FLYTE_BIN/flyte-run" "$PWD/s.yaml:w"
	equals "" "$output"
	has "$FLYTE_HOME" "$stderr"
	equals 1 "${#stderr_lines[@]}"
}

@test "run: a full disk is 8, and the run goes on when there is room" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir -p "$FLYTE_HOME"
	export ROOM=$FLYTE_HOME
	mount -t tmpfs -o size=1m none "$FLYTE_HOME" || skip "no mount here"
	spec_of big <<-'EOT'
	tasks:
	  fill: {pass_env: [ROOM], run: cat /dev/zero >$ROOM/ballast || true}
	  seven: {outputs: {o: int}, jq: "7"}
	workflows:
	  w:
	    nodes:
	      a: {task: seven}
	      b: {task: fill, after: [a]}
	    outputs: {o: $a.o}
	EOT
	# More than the rest of a page that the journal already has.
	for i in $(seq 60); do
		sed -i "/^    outputs: {o: .a/i\\      c$i: {task: seven, after: [b]}" big.yaml
	done
	cat /dev/zero 2>/dev/null >"$FLYTE_HOME/ballast" || true
	run flyte-run -q --name full big.yaml:w
	first=$status first_said=$output
	rm "$FLYTE_HOME/ballast"
	run flyte-run -q --name full big.yaml:w
	second=$status second_said=$output
	rm "$FLYTE_HOME/ballast"
	mkdir "$FLYTE_HOME/ballast"	# the filler finds no room to fill
	run flyte-run -q -o o --name full big.yaml:w
	umount -l "$FLYTE_HOME"
	equals 8 "$first"
	has "No space left" "$first_said"
	equals 8 "$second"
	has "No space left" "$second_said"
	equals 0 "$status"
	equals 7 "$output"
}
