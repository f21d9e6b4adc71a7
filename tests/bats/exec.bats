load helper

local_setup() {
	cat >square.sh <<-'EOF'
	#!/bin/sh
	#% inputs: {n: int}
	#% outputs: {o0: int}
	echo $((n * n)) >"$FLYTE_OUTPUTS/o0"
	EOF
	chmod +x square.sh
	cat >t.yaml <<-'EOF'
	tasks:
	  add_one:
	    inputs: {x: int}
	    outputs: {o0: int}
	    run: echo $((x + 1)) >$FLYTE_OUTPUTS/o0
	  upper:
	    inputs: {f: file}
	    outputs: {g: file(txt)}
	    stdin: f
	    stdout: g
	    cache: "1"
	    run: echo ran >&2; tr a-z A-Z
	  total:
	    inputs: {df: file}
	    outputs: {total: int}
	    stdin: df
	    stdout: total
	    command: [awk, "{s += $1} END {print s}"]
	  fails:
	    run: echo oops >&2; exit 3
	  slow:
	    run: sleep 100
	    timeout: 200ms
	  liar:
	    outputs: {a: int, b: int}
	    run: echo 1 >$FLYTE_OUTPUTS/a
	  greet:
	    inputs: {who: str, loud: bool}
	    outputs: {text: str}
	    stdout: text
	    command: [echo, "hello {{.inputs.who}} {{.inputs.loud}}"]
	  counted:
	    inputs: {n: int}
	    outputs: {o: int}
	    cache: "1"
	    run: echo ran >&2; echo $((n * 2)) >$FLYTE_OUTPUTS/o
	EOF
}

@test "exec: a script with a header is a typed task" {
	run -0 flyte-exec ./square.sh n=7
	equals '{"literals":{"o0":{"scalar":{"primitive":{"integer":"49"}}}}}' "$output"
	run -0 flyte-exec --plain ./square.sh n=7
	equals '{"o0":49}' "$output"
	run -0 flyte-exec -o o0 ./square.sh n=-3
	equals 9 "$output"
	run -0 flyte-exec -q ./square.sh n=1
	equals "" "$output"
}

@test "exec: a task of a spec, by name" {
	run -0 flyte-exec -o o0 t.yaml:add_one x=41
	equals 42 "$output"
	run -5 flyte-exec t.yaml:nothing
	run -2 flyte-exec t.yaml
}

@test "exec: --help, --version, unknown option, no reference" {
	run -0 --separate-stderr flyte-exec --help
	has "usage: flyte-exec" "$output"
	equals "" "$stderr"
	run -0 flyte-exec --version
	has "flyte-tools" "$output"
	run -2 --separate-stderr flyte-exec --nope
	equals "" "$output"
	has "flyte-exec: unknown option --nope" "$stderr"
	run -2 flyte-exec
	run -0 flyte-exec --completion-helper
	has "option	--replay" "$output"
}

@test "exec: inputs are checked before anything runs" {
	run -2 --separate-stderr flyte-exec ./square.sh
	equals "flyte-exec: input n: no value; it takes n: int; given: nothing" "$stderr"
	run -2 --separate-stderr flyte-exec ./square.sh n=7 m=1
	has "flyte-exec: m: no such input; it takes n: int; given: n, m" "$stderr"
	run -2 --separate-stderr flyte-exec ./square.sh n=1e3
	has "flyte-exec: input n: " "$stderr"
	run -2 flyte-exec ./square.sh n=9223372036854775808
	run -2 flyte-exec ./square.sh n=1 n=2
	run -2 flyte-exec ./square.sh seven
	run -2 --separate-stderr flyte-exec t.yaml:upper f=not-there
	has "not-there" "$stderr"
	mkdir d
	run -2 flyte-exec t.yaml:upper f=d
	run -2 flyte-exec t.yaml:greet who=x loud=maybe
}

@test "exec: values from files, stdin and with an at sign" {
	printf 'many words\n' >w
	run -0 flyte-exec -o text t.yaml:greet who=@w loud=true
	has "hello many words" "$output"
	run -0 flyte-exec -o text t.yaml:greet who=@@w loud=false
	equals "hello @w false" "$output"
	run -0 sh -c 'printf 7 | flyte-exec -o o0 ./square.sh n=@-'
	equals 49 "$output"
	run -0 sh -c 'printf "1\n2\n3\n" | flyte-exec -o total t.yaml:total df=@-'
	equals 6 "$output"
	run -2 flyte-exec t.yaml:greet who=@- loud=@-
	run -2 flyte-exec t.yaml:greet who=@nope loud=true
}

@test "exec: templates are data, never shell text" {
	run -0 flyte-exec -o text t.yaml:greet 'who=$(id); `id` "x"' loud=true
	equals 'hello $(id); `id` "x" true' "$output"
}

@test "exec: file outputs, their content and a make rule" {
	printf 'abc\n' >in
	run -0 --separate-stderr flyte-exec -o g=- t.yaml:upper f=in
	equals ABC "$output"
	equals ran "$stderr"
	run -0 flyte-exec -o g=out.txt t.yaml:upper f=in
	equals ABC "$(cat out.txt)"
	equals 644 "$(stat -c %a out.txt)"
	touch -d '2001-01-01' out.txt
	run -0 --separate-stderr flyte-exec -o g=out.txt t.yaml:upper f=in
	equals "" "$stderr"
	[ out.txt -nt in ]
	run -2 --separate-stderr flyte-exec -o nope t.yaml:upper f=in
	has "it gives g: file(txt)" "$stderr"
	run -2 flyte-exec -o g -o g=- t.yaml:upper f=in
	run -0 flyte-exec -o g=/dev/null t.yaml:upper f=in
	[ -c /dev/null ]
	run -2 --separate-stderr flyte-exec -o g=no/such/out t.yaml:upper f=in
	equals "flyte-exec: -o: no/such/: No such file or directory" "$stderr"
}

@test "exec: a failure writes nothing and names its status" {
	run -1 --separate-stderr flyte-exec t.yaml:fails
	equals "" "$output"
	has "oops" "$stderr"
	has "flyte-exec: fails: exit status 3" "$stderr"
	run -1 --separate-stderr flyte-exec -o b t.yaml:liar
	equals "" "$output"
	has "output b (int): is missing" "$stderr"
	run -124 --separate-stderr flyte-exec t.yaml:slow
	has "did not end within 200ms" "$stderr"
	run -124 flyte-exec --timeout 100ms t.yaml:slow
	run -2 flyte-exec --timeout soon t.yaml:slow
}

@test "exec: the folder of a failure is kept, that of a success is not" {
	cat >keep.sh <<-'EOF'
	#!/bin/sh
	#% inputs: {ok: bool}
	touch left
	[ "$ok" = true ]
	EOF
	chmod +x keep.sh
	run -0 flyte-exec ./keep.sh ok=true
	equals "" "$(ls "$TMPDIR")"
	run -1 flyte-exec t.yaml:fails
	equals "" "$(ls "$TMPDIR")"
	run -1 --separate-stderr flyte-exec ./keep.sh ok=false
	has "its folder is kept: " "$stderr"
	dir=${stderr##*: }
	[ -e "$dir/work/left" ]
}

# killed COMMAND...: begins it, waits till its task says so, kills it.
killed() {
	rm -f begun
	"$@" 3>&- &
	pid=$!
	within 30 [ -s begun ]
	kill -9 $pid
	wait $pid || true
}

@test "exec: what a killed one left is ended and removed by the next" {
	cat >hang.sh <<-'EOF'
	#!/bin/sh
	#% inputs: {at: str}
	#% outputs: {f: file}
	echo $$ >"$at/begun"
	exec sleep 1000
	EOF
	sed '/outputs/d' hang.sh >plain.sh
	chmod +x hang.sh plain.sh
	# Each in its own place: with files in the state folder, else in TMPDIR.
	for sh in hang plain; do
		killed flyte-exec ./$sh.sh at="$PWD"
		left=$(cat begun)
		kill -0 "$left"
		[ -n "$(find "$TMPDIR" "$FLYTE_HOME" -name 'exec.*')" ]
		killed flyte-exec ./$sh.sh at="$PWD" 2>err
		equals "flyte-exec: ended 1 process of a flyte-exec that was killed" "$(head -n 1 err)"
		# It may wait for init to reap it.
		[ -z "$(tr -d "\0" 2>/dev/null <"/proc/$left/environ")" ]
		equals 1 "$(find "$TMPDIR" "$FLYTE_HOME" -name 'exec.*' | wc -l)"
		kill "$(cat begun)"
		sed -i 's/^exec.*/exit 1/' $sh.sh
		run -1 flyte-exec -q ./$sh.sh at="$PWD"
		equals "" "$(find "$TMPDIR" "$FLYTE_HOME" -name 'exec.*')"
	done
}

@test "exec: --here runs in this folder" {
	cat >here.sh <<-'EOF'
	#!/bin/sh
	#% outputs: {d: str}
	pwd >"$FLYTE_OUTPUTS/d"
	EOF
	chmod +x here.sh
	run -0 flyte-exec --here -o d ./here.sh
	equals "$PWD" "$output"
	run -0 flyte-exec -o d ./here.sh
	lacks "$PWD/" "$output/"
}

@test "exec: results are cached by content" {
	run -0 --separate-stderr flyte-exec -o o t.yaml:counted n=4
	equals 8 "$output"
	equals ran "$stderr"
	run -0 --separate-stderr flyte-exec -o o t.yaml:counted n=4
	equals 8 "$output"
	equals "" "$stderr"
	run -0 --separate-stderr flyte-exec --cache=off -o o t.yaml:counted n=4
	equals ran "$stderr"
	run -0 --separate-stderr flyte-exec --cache=refresh -o o t.yaml:counted n=4
	equals ran "$stderr"
	run -0 --separate-stderr flyte-exec --cache=read -o o t.yaml:counted n=5
	equals ran "$stderr"
	run -0 --separate-stderr flyte-exec --cache=read -o o t.yaml:counted n=5
	equals ran "$stderr"
	run -2 flyte-exec --cache=maybe t.yaml:counted n=5
	# The same bytes elsewhere.
	printf 'abc\n' >a
	mkdir d
	printf 'abc\n' >d/b
	run -0 --separate-stderr flyte-exec -o g=- t.yaml:upper f=a
	equals ran "$stderr"
	run -0 --separate-stderr flyte-exec -o g=- t.yaml:upper f=d/b
	equals ABC "$output"
	equals "" "$stderr"
	# An edit of the task.
	sed 's/n \* 2/n * 3/' t.yaml >u.yaml
	run -0 --separate-stderr flyte-exec -o o u.yaml:counted n=4
	equals 12 "$output"
}

@test "exec: dry run" {
	run -0 flyte-exec -n t.yaml:counted n=4
	equals "run     counted  (nothing of this task was kept before)" "${lines[0]}"
	has "        /bin/sh -eu -c" "${lines[1]}"
	run -9 flyte-exec -n --exit-code t.yaml:counted n=4
	flyte-exec -q t.yaml:counted n=4
	run -0 flyte-exec -n --exit-code t.yaml:counted n=4
	has "reuse   counted  (from local/development/flyte-exec/counted (entry " "$output"
	run -0 flyte-exec -n t.yaml:counted n=5
	has "run     counted  (input n differs: 5, was 4 in local/development/flyte-exec/counted (entry " "$output"
	plan() {
		flyte-exec -n --json "$@" | jq -r '[.node, .fate, .code, .detail.field] | map(. // "-") | join(" ")'
	}
	equals "counted run INPUT n" "$(plan t.yaml:counted n=5)"
	equals "counted reuse HIT -" "$(plan t.yaml:counted n=4)"
	equals "counted run CACHE_OFF -" "$(plan --cache off t.yaml:counted n=4)"
	equals "square run NOT_CACHED -" "$(plan ./square.sh n=4)"
	# The words as they would be.
	echo 'tasks: {say: {inputs: {s: str, f: file(csv)}, command: [echo, "a{{.inputs.s}}", "{{.inputs.f}}"]}}' >say.yaml
	equals '"echo '"'ab c'"' DIR/inputs/f.csv"' "$(flyte-exec -n --json say.yaml s='b c' f=t.yaml | jq .command)"
	run -2 flyte-exec --json t.yaml:counted n=5
	has "--json needs -n" "$output"
	run -0 --separate-stderr flyte-exec -v -o o t.yaml:counted n=4
	has "counted: reused: from local/development/flyte-exec/counted (entry " "$stderr"
	run -0 --separate-stderr flyte-exec -v -o o t.yaml:counted n=5
	has "counted: runs: input n differs: 5, was 4 in local/development/flyte-exec/counted (entry " "$stderr"
	run -0 --separate-stderr flyte-exec -v --cache off -o o t.yaml:counted n=5
	has "counted: runs: the cache is off" "$stderr"
}

@test "exec: the task ends with us, by the same signal" {
	cat >sleeps.sh <<-'EOF'
	#!/bin/sh
	#% inputs: {pid: str}
	echo $$ >"$pid"
	sleep 100 &
	echo $! >>"$pid"
	wait
	EOF
	chmod +x sleeps.sh
	flyte-exec ./sleeps.sh pid="$PWD/pid" 3>&- &
	p=$!
	both() { [ "$(grep -c . pid)" = 2 ]; }
	within 30 both
	kill -TERM $p
	status=0
	wait $p || status=$?
	equals 143 "$status"
	for child in $(cat pid); do
		# A zombie only waits for whoever adopted it.
		! grep -s State: "/proc/$child/status" | grep -v Z
	done
}

@test "exec: a full disk is status 8" {
	run -8 --separate-stderr sh -c 'flyte-exec ./square.sh n=7 >/dev/full'
	has "standard output: No space left on device" "$stderr"
}

@test "exec: HOME unset" {
	unset HOME FLYTE_HOME
	run -0 flyte-exec --plain ./square.sh n=2
	equals '{"o0":4}' "$output"
	run -2 --separate-stderr flyte-exec t.yaml:counted n=2
	equals "flyte-exec: HOME is not set; set FLYTE_HOME to the folder to keep state in" "$stderr"
}

@test "exec: closed descriptors" {
	run -0 sh -c 'flyte-exec --plain ./square.sh n=2 <&-'
	equals '{"o0":4}' "$output"
	run -0 sh -c 'flyte-exec --plain ./square.sh n=2 2>&-'
	equals '{"o0":4}' "$output"
	run -8 sh -c 'flyte-exec --plain ./square.sh n=2 >&-'
}

@test "exec: a spec that is not valid is 3, a workflow 2, nothing there 5" {
	printf 'tasks:\n  x:\n    inptus: {}\n    run: true\n' >bad.yaml
	run -3 --separate-stderr flyte-exec bad.yaml:x
	has "bad.yaml:3:5: error" "$stderr"
	cat >w.yaml <<-'EOF'
	tasks:
	  a: {outputs: {x: int}, run: "echo 1 >$FLYTE_OUTPUTS/x"}
	workflows:
	  w: {nodes: {n: {task: a}}, outputs: {x: $n.x}}
	EOF
	run -2 --separate-stderr flyte-exec w.yaml:w
	run -5 flyte-exec -p nobody nothing
	run -2 flyte-exec ''
}

@test "exec: files keep the ending that their type says" {
	cat >e.yaml <<-'EOF'
	tasks:
	  make: {outputs: {f: file(csv)}, run: "echo 1,2 >$FLYTE_OUTPUTS/f"}
	  env: {inputs: {f: file(csv)}, outputs: {p: str}, run: "cmp $f $FLYTE_INPUTS/f; basename $f >$FLYTE_OUTPUTS/p"}
	  word: {inputs: {f: file(csv)}, outputs: {p: str}, stdout: p, command: [basename, "{{.inputs.f}}"]}
	  in: {inputs: {f: file(csv)}, outputs: {p: str}, stdin: f, stdout: p, run: "cmp $f -; cat $f"}
	EOF
	flyte-exec e.yaml:make >made
	run -0 flyte-exec -i made -o p e.yaml:env
	equals f.csv "$output"
	run -0 flyte-exec -i made -o p e.yaml:word
	equals f.csv "$output"
	run -0 flyte-exec -i made -o p e.yaml:in
	equals 1,2 "$output"
	echo 3 >mine.csv
	run -0 flyte-exec -o p e.yaml:word f=mine.csv
	equals mine.csv "$output"
}

@test "exec: a registered task; a workflow is named as such" {
	flyte-register -p payroll --as v1 t.yaml >/dev/null
	run -0 sh -c 'printf "1\n2\n" | flyte-exec -p payroll -o total total df=@-'
	equals 3 "$output"
	run -0 --separate-stderr flyte-exec -v -o o0 payroll/development/add_one@v1 x=1
	equals 2 "$output"
	has "task payroll/development/add_one@v1" "$stderr"
	run -5 flyte-exec -p payroll nope
	run -5 flyte-exec -p payroll add_one@v2 x=1
	flyte-register -p payroll --as v1 ./square.sh >/dev/null
	rm square.sh
	run -0 flyte-exec -p payroll -o o0 square n=12
	equals 144 "$output"
	cat >w.yaml <<-'EOF'
	tasks:
	  a: {outputs: {x: int}, run: "echo 1 >$FLYTE_OUTPUTS/x"}
	workflows:
	  w: {nodes: {n: {task: a}}, outputs: {x: $n.x}}
	EOF
	flyte-register -p payroll --as v1 w.yaml >/dev/null
	run -2 --separate-stderr flyte-exec -p payroll w
	has "is a workflow, not a task: run it with flyte-run" "$stderr"
}

@test "exec: of two that want one serialized result one computes it" {
	cat >s.yaml <<-'EOF'
	tasks:
	  s:
	    inputs: {log: str}
	    outputs: {x: int}
	    cache: {version: "1", serialize: true}
	    run: echo ran >>$log; sleep 0.5; echo 5 >$FLYTE_OUTPUTS/x
	EOF
	flyte-exec -o x s.yaml:s log="$PWD/log" >one 3>&- &
	within 30 [ -e log ]
	run -0 flyte-exec -o x s.yaml:s log="$PWD/log"
	equals 5 "$output"
	all_ended
	equals 5 "$(cat one)"
	equals ran "$(cat log)"
	# The holder is killed: the other takes over.
	flyte-exec -o x s.yaml:s log="$PWD/log2" 3>&- &
	p=$!
	within 30 [ -e log2 ]
	flyte-exec -o x s.yaml:s log="$PWD/log2" >two 3>&- &
	q=$!
	sleep 0.2
	kill -9 $p
	wait $q
	equals 5 "$(cat two)"
}

@test "exec: an input that changes meanwhile is not cached" {
	cat >c.yaml <<-'EOF'
	tasks:
	  c:
	    inputs: {f: file}
	    outputs: {x: str}
	    cache: "1"
	    run: cat $f >$FLYTE_OUTPUTS/x; echo more >>$f
	EOF
	echo one >f
	run -0 --separate-stderr flyte-exec -o x c.yaml:c f=f
	equals one "$output"
	has "input f changed while the task ran: the result is not cached" "$stderr"
	equals "" "$(flyte-cache ls)"
}

@test "exec: jq tasks run in this process" {
	cat >j.yaml <<-'EOF'
	tasks:
	  add: {inputs: {a: int, b: int}, outputs: {sum: int}, jq: .a + .b}
	  both: {inputs: {s: str}, outputs: {up: str, n: int}, jq: '{up: (.s | ascii_upcase), n: (.s | length)}'}
	  wrong: {inputs: {s: str}, outputs: {n: int}, jq: .s}
	  fails: {inputs: {s: str}, outputs: {n: int}, jq: 'error("no good")'}
	EOF
	run -0 flyte-exec -o sum j.yaml:add a=40 b=2
	equals 42 "$output"
	run -1 --separate-stderr flyte-exec j.yaml:add a=9007199254740993 b=0
	has "9007199254740993 is beyond 2^53" "$stderr"
	run -0 flyte-exec --plain j.yaml:both s=abc
	equals '{"n":3,"up":"ABC"}' "$output"
	run -1 --separate-stderr flyte-exec j.yaml:wrong s=x
	has "output n: " "$stderr"
	run -1 --separate-stderr flyte-exec j.yaml:fails s=x
	has "no good" "$stderr"
}

@test "exec: --replay runs a node again with its inputs" {
	cat >r.yaml <<-'EOF'
	tasks:
	  dbl:
	    inputs: {n: int}
	    outputs: {o: int}
	    run: echo $((n * 2)) >$FLYTE_OUTPUTS/o
	  make: {inputs: {t: str}, outputs: {f: file}, run: 'printf %s "$t" >$FLYTE_OUTPUTS/f'}
	  check: {inputs: {f: file}, run: '[ "$(cat $f)" = good ] || exit 4'}
	workflows:
	  inner:
	    inputs: {n: int}
	    nodes: {d: {task: dbl, with: {n: $n}}}
	    outputs: {o: $d.o}
	  w:
	    inputs: {n: int, l: list(int)}
	    nodes:
	      a: {task: dbl, with: {n: $n}}
	      b: {workflow: inner, with: {n: $a.o}}
	      m: {map: dbl, with: {n: $l}}
	      k: {task: make, with: {t: bad}}
	      c: {task: check, with: {f: $k.f}}
	      s:
	        switch:
	          - {if: $n > 1, task: dbl, with: {n: 5}}
	          - {task: dbl, with: {n: 6}}
	    outputs: {o: $b.o}
	EOF
	run -1 flyte-run -k r.yaml:w n=3 l='[1,2,3]'
	run -0 flyte-exec -o o --replay last/a
	equals 6 "$output"
	run -0 flyte-exec -o o --replay last/b/0/d
	equals 12 "$output"
	run -0 flyte-exec -o o --replay last/b/d n=100
	equals 200 "$output"
	run -0 flyte-exec -o o --replay last/m/0/n1
	equals 4 "$output"
	run -0 flyte-exec -o o --replay last/s/0/s-n0
	equals 10 "$output"
	run -1 --separate-stderr flyte-exec --replay last/c
	has "exit status 4" "$stderr"
	printf good >g
	run -0 flyte-exec --replay last/c f=g
	run -5 --separate-stderr flyte-exec --replay last/nope
	has "nope: no such node; there are" "$stderr"
	run -5 flyte-exec --replay nope/a
	run -2 flyte-exec --replay last
	run -2 flyte-exec --replay last/a t.yaml:add_one
}

@test "exec: project and domain from the option, the environment, the file" {
	run -5 --separate-stderr flyte-exec nothing
	has "task default/development/nothing" "$stderr"
	mkdir -p "$HOME/.config/flyte"
	printf 'project: from-file\ndomain: staging\n' >"$HOME/.config/flyte/config.yaml"
	run -5 --separate-stderr flyte-exec nothing
	has "task from-file/staging/nothing" "$stderr"
	FLYTE_PROJECT=from-env run -5 --separate-stderr flyte-exec -d here nothing
	has "task from-env/here/nothing" "$stderr"
	run -5 --separate-stderr flyte-exec a/b/nothing
	has "task a/b/nothing" "$stderr"
	run -2 flyte-exec -p 'Bad Name' nothing
	printf 'project: [1\n' >"$HOME/.config/flyte/config.yaml"
	run -2 --separate-stderr flyte-exec nothing
	has "config.yaml:" "$stderr"
	: >"$HOME/.config/flyte/config.yaml"
	run -5 --separate-stderr flyte-exec nothing
	has "task default/development/nothing" "$stderr"
}

@test "exec: XDG folders count only if they are absolute" {
	unset FLYTE_HOME
	export XDG_STATE_HOME=state XDG_CONFIG_HOME=config XDG_RUNTIME_DIR=run
	mkdir -p state run config/flyte
	echo 'project: wrong' >config/flyte/config.yaml
	flyte-exec -q t.yaml:counted n=4
	[ -e "$HOME/.local/state/flyte/catalog.db" ]
	[ ! -e state/flyte ]
	run -5 flyte-exec nothing
	has "task default/development/nothing" "$output"
	XDG_STATE_HOME=$PWD/state XDG_CONFIG_HOME=$PWD/config run -5 flyte-exec nothing
	has "task wrong/development/nothing" "$output"
	XDG_STATE_HOME=$PWD/state flyte-exec -q t.yaml:counted n=4
	[ -e state/flyte/catalog.db ]
}

@test "exec: a script that may not run" {
	chmod -x square.sh
	run -2 --separate-stderr flyte-exec ./square.sh n=2
	has "may not be executed" "$stderr"
	printf '#!/no/such/interpreter\n#%% inputs: {n: int}\n' >bad.sh
	chmod +x bad.sh
	run -2 --separate-stderr flyte-exec ./bad.sh n=2
	has "its interpreter is not there" "$stderr"
	printf '#%% outputs: {x: str}\necho sh >"$FLYTE_OUTPUTS/x"\n' >plain.sh
	chmod +x plain.sh
	run -0 flyte-exec -o x ./plain.sh
	equals sh "$output"
	run -5 flyte-exec ./not-there.sh
	printf 'tasks: {t: {command: [no-such-program]}}\n' >n.yaml
	run -3 --separate-stderr flyte-exec n.yaml:t
	has "no-such-program: no such program in PATH" "$stderr"
}

@test "exec: containers of flytekit packages that are a shell" {
	pkg="$TOP/tests/corpus/flytekit/pkg/plain.tgz"
	[ -e "$pkg" ] || skip "no corpus here"
	run -0 flyte-exec -o p "$pkg:wf.containers.product" a=6 b=7
	equals 42 "$output"
	run -0 flyte-exec -o line "$pkg:wf.containers.templated" name='b o' n=3 flag=true
	equals "b o 3 true" "$output"
	run -0 flyte-exec -o o "$pkg:wf.containers.meta_yaml" a=1
	equals "a inputs.pb inputs.yaml" "$output"
	run -1 --separate-stderr flyte-exec "$pkg:wf.containers.fails" code=4
	has "exit status 4" "$stderr"
}

@test "exec: --replay --shell is a shell in the attempt's folder" {
	cat >r.yaml <<-'EOF'
	tasks:
	  dbl:
	    inputs: {n: int}
	    outputs: {o: int}
	    env: {COLOUR: blue}
	    run: exit "$n"
	  j: {outputs: {o: int}, jq: "1"}
	workflows:
	  w: {inputs: {n: int}, nodes: {a: {task: dbl, with: {n: $n}}, j: {task: j}}}
	EOF
	run -1 flyte-run -k r.yaml:w n=3
	export SHELL=/bin/sh
	run -7 --separate-stderr flyte-exec --replay last/a --shell <<-'EOF'
	echo "$n $COLOUR $(cat "$FLYTE_INPUTS/n")"
	cd "$FLYTE_OUTPUTS" && pwd
	exit 7
	EOF
	equals "3 blue 3" "${lines[0]}"
	[ -d "${lines[1]}" ]
	has 'the command would be: /bin/sh -eu -c' "$stderr"
	lacks "?" "$stderr"
	run -2 flyte-exec --replay last/j --shell
	has 'a jq task has no command' "$output"
	run -2 flyte-exec r.yaml:dbl n=1 --shell
	has 'go with --replay' "$output"
}

@test "exec: --replay --with takes the code from a folder" {
	mkdir lib fixed
	echo 'echo bad; exit 1' >lib/step
	echo 'echo good >"$FLYTE_OUTPUTS/o"' >fixed/step
	mkdir fixed/lib; cp fixed/step fixed/lib/step
	cat >r.yaml <<-'EOF'
	tasks:
	  t: {outputs: {o: str}, files: [lib/step], run: . "$FLYTE_CODE/lib/step"}
	workflows:
	  w: {nodes: {a: {task: t}}}
	EOF
	run -1 flyte-run r.yaml:w
	run -1 flyte-exec -o o --replay last/a
	run -0 flyte-exec -o o --replay last/a --with fixed
	equals good "$output"
	run -2 flyte-exec --replay last/a --with nowhere
	has 'expected a folder' "$output"
}

folder_task() {
	cat >d.yaml <<-'EOF'
	tasks:
	  made:
	    inputs: {n: int}
	    outputs: {out: dir, f: file}
	    cache: "1"
	    run: |
	      mkdir $FLYTE_OUTPUTS/out
	      echo $n >$FLYTE_OUTPUTS/out/n
	      echo $n >$FLYTE_OUTPUTS/f
	EOF
}

@test "exec: -o of a folder replaces what is its own, and loses nothing else" {
	folder_task
	run -0 flyte-exec -q -o out=site/ d.yaml:made n=1
	run -0 flyte-exec -q -o out=site d.yaml:made n=2
	equals "" "$output"
	equals 2 "$(cat site/n)"
	run -0 ls -d site*
	equals site "$output"
	# by hand: kept beside it, and said
	echo mine >site/notes
	run -0 flyte-exec -q -o out=site d.yaml:made n=3
	equals "flyte-exec: site: held what the store does not have: that is now site.~1~" "$output"
	equals 3 "$(cat site/n)"
	equals mine "$(cat site.~1~/notes)"
	echo more >site/notes
	run -0 flyte-exec -q -o out=site d.yaml:made n=3
	equals more "$(cat site.~2~/notes)"
	mkdir empty
	run -0 flyte-exec -q -o out=empty d.yaml:made n=3
	equals "" "$output"
	run -0 ls -A
	lacks "tmp" "$output"
}

@test "exec: -o of the wrong kind is refused before anything runs" {
	folder_task
	mkdir there
	run -2 flyte-exec -o f=there d.yaml:made n=1
	equals "flyte-exec: -o: there: is a folder, and the output none: name a file" "$output"
	run -2 flyte-exec -o out=d.yaml d.yaml:made n=1
	equals "flyte-exec: -o: d.yaml: is a file, and the output a folder" "$output"
	run -0 --separate-stderr flyte-cache ls
	equals "" "$output"
}

@test "exec: on a terminal the path of a file is whole" {
	folder_task
	script -qec true /dev/null >/dev/null 2>&1 ||
		skip "no pseudo-terminal may be made here (is /dev/pts mounted?)"
	run -0 script -qec "flyte-exec d.yaml:made n=1" /dev/null
	has "blobs/sha256/" "$output"
	lacks "..." "$output"
}
