# Messages of wrong command lines, word by word: what is wrong, what was
# expected, what to do.  tests/mutate changes them to see that this notices.

load helper

local_setup() {
	cat >spec.yaml <<-'EOF'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int, p: int}, jq: '{o: .n, p: .n}'}
	  d: {inputs: {d: dir}, outputs: {o: int}, jq: '1'}
	EOF
	printf 'n: [1\n' >open.yaml
	printf '[1]\n' >list.yaml
}

# says STATUS MESSAGE COMMAND...: nothing on stdout, all of stderr is MESSAGE.
says() {
	local status_wanted=$1 message=$2
	shift 2
	run "-$status_wanted" --separate-stderr "$@"
	equals '' "$output"
	# shellcheck disable=SC2154
	equals "$message" "$stderr"
}

@test "messages: of all programs" {
	says 2 "flyte-cache: nosuch: no such command (--help lists them)" flyte-cache nosuch
	says 2 'flyte-cache: which command?  See flyte-cache --help' flyte-cache
	says 2 'flyte-run: unknown option --nosuch (--help lists them)' flyte-run --nosuch
	says 2 'flyte-run: --type: expected task, workflow or launch_plan, given "x"' flyte-run --type x ./spec.yaml:t
	says 2 'flyte-exec: --timeout: expected a time such as 90s or 1h30m, given "x"' flyte-exec --timeout x ./spec.yaml:t n=1
}

@test "messages: quotes that were given are not doubled" {
	says 2 "flyte-run: input n: expected int, given '\"1\"'" flyte-run ./spec.yaml:t 'n="1"'
	says 2 "flyte-run: input n: expected int, given \"'1'\"" flyte-run ./spec.yaml:t "n='1'"
	says 2 "flyte-run: input n: expected int, given \"\\\"it's\\\"\"" flyte-run ./spec.yaml:t "n=\"it's\""
	says 2 "flyte-show: --limit: expected a number (0: all), given '\"1\"'" flyte-show --limit '"1"'
	says 2 "flyte-run: -j: expected a number from 1 to 100000, given '\"1\"'" flyte-run -j '"1"' ./spec.yaml:t n=1
	says 2 "flyte-run: project: expected at most 63 of a-z, 0-9 and, inside, - _ ., given '\"p\"'" flyte-run -p '"p"' t
	printf 'tasks: {t: {dynamic: "\\"no\\"", run: "true"}}' >q.yaml
	run -3 flyte-register check q.yaml
	has "expected true or false, given '\"no\"' [wrong-shape]" "$output"
}

@test "messages: of references" {
	says 2 'flyte-run: empty reference: expected [PROJECT/DOMAIN/]NAME[@VERSION] or FILE[:NAME]' flyte-run ''
	says 2 'flyte-run: ./spec.yaml:: a name is missing after the colon' flyte-run ./spec.yaml:
	says 2 'flyte-run: a/b: not a reference: write NAME[@VERSION] or PROJECT/DOMAIN/NAME[@VERSION]; a file begins with ./' flyte-run a/b
	says 2 'flyte-run: a//b: not a reference: [PROJECT/DOMAIN/]NAME[@VERSION] with no part empty' flyte-run a//b
	says 2 'flyte-run: a%00: % begins an escaped byte (write %25 for % itself), which is not NUL' flyte-run a%00
}

@test "messages: of inputs" {
	says 2 'flyte-run: n: expected NAME=VALUE' flyte-run ./spec.yaml:t n
	says 2 'flyte-run: input n: given twice' flyte-run ./spec.yaml:t n=1 n=2
	says 2 'flyte-run: nosuch.yaml: No such file or directory' flyte-run -i nosuch.yaml ./spec.yaml:t
	says 2 "flyte-run: open.yaml:2:1: syntax: did not find expected ',' or ']', while parsing a flow sequence" flyte-run -i open.yaml ./spec.yaml:t
	says 2 'flyte-run: list.yaml: expected a map of inputs by name' flyte-run -i list.yaml ./spec.yaml:t
	says 2 'flyte-run: stdin: got no input (did the stage before fail?)' flyte-run -i - ./spec.yaml:t </dev/null
	says 2 'flyte-run: -i -: stdin is read already, by -i -' flyte-run -i - -i - ./spec.yaml:t </dev/null
	says 2 'flyte-run: -m n: expected INPUT=NAME[.PATH]' flyte-run -m n ./spec.yaml:t n=1
	says 2 'flyte-run: input d: a folder can not come from stdin' flyte-run ./spec.yaml:d d=@-
}

@test "messages: of outputs" {
	says 2 'flyte-run: -o nosuch: no such output; it gives o: int, p: int' flyte-run -o nosuch ./spec.yaml:t n=1
	says 2 'flyte-run: -o o=: a path is missing after the "="' flyte-run -o o= ./spec.yaml:t n=1
	says 2 'flyte-run: several values for one standard output; write all but one to files (-o NAME=PATH)' flyte-run -o o -o p ./spec.yaml:t n=1
	says 2 'flyte-run: --jq-ints: expected text, given "x"' flyte-run --jq . --jq-ints=x ./spec.yaml:t n=1
}

@test "messages: of the store" {
	says 2 "flyte-cache: 'nosuch': expected a blob: 'blob:sha256:' and 64 hexadecimal digits (a slash behind them for a directory), or its path in the store" flyte-cache get nosuch
	says 2 'flyte-cache: put which FILE?' flyte-cache put
	says 2 'flyte-cache: gc takes no arguments' flyte-cache gc now
	says 2 'flyte-show: --color: expected auto, always or never, given "x"' flyte-show --color=x
}

@test "messages: a mistyped name or command says what was meant" {
	mkdir -p near
	cat >near/r.yaml <<-'EOF'
	tasks:
	  sum: {inputs: {l: list(int)}, outputs: {t: int}, jq: '.l | add'}
	  pick: {inputs: {x: int?}, outputs: {t: str}, run: 'printf "[$x]$(cat $FLYTE_INPUTS/x)" >$FLYTE_OUTPUTS/t'}
	workflows:
	  w: {nodes: {p: {task: pick}}, outputs: {t: $p.t}}
	  lists: {inputs: {a: list(int), b: list(int)}, nodes: {p: {map: both, with: {a: $a, b: $b}}}, outputs: {t: $p.t}}
	EOF
	printf '%s\n' '  both: {inputs: {a: int, b: int}, outputs: {t: int}, jq: .a}' >both
	sed -i '1r both' near/r.yaml
	run -5 flyte-run near/r.yaml:sun
	equals "flyte-run: near/r.yaml: no task, workflow or launch plan sun in it; did you mean sum?" "$output"
	run -2 flyte-ctl stpo last
	equals "flyte-ctl: stpo: no such command; did you mean stop?" "$output"
	run -2 flyte-cache explian last
	equals "flyte-cache: explian: no such command; did you mean explain?" "$output"
	run -2 flyte-register lits
	equals "flyte-register: lits: no such command; did you mean list?" "$output"
	run -2 flyte-exec near/r.yaml:sum l=1,2
	has 'it is read as JSON, such as [1, 2]: ' "$output"
	run -2 flyte-exec near/r.yaml:pick
	has "input x: no value (null is none); it takes x: int?" "$output"
	run -0 flyte-show -p nowhere
	equals "flyte-show: nothing has been run yet in project nowhere" "$output"
	# what was left out is none
	run -0 flyte-run -q near/r.yaml:w -o t
	equals "[]null" "$output"
	# nothing ran, so there is nothing to reuse
	run -1 flyte-run --name z near/r.yaml:lists 'a=[1]' 'b=[]'
	has "near/r.yaml:lists failed in" "$output"
	has ": no task ran (z)" "$output"
	has "flyte-run: run it again with: flyte-run --recover z" "$output"
	run -1 flyte-run --resume z
	has "flyte-run: z failed before
" "$output
"
	lacks "(z)" "$output"
	# a workflow's versions are its plan's, too
	flyte-register -q -p v --as v1 near/r.yaml
	run -5 flyte-run -p v w@v9
	has "there is @v1" "$output"
	lacks "@v1, @v1" "$output"
}
