# Bad input: one clear message, the documented status, nothing lost, and all of
# it with 400 MB of memory.
load helper

local_setup() {
	# The sanitizer reserves more than there is.
	[ "$(basename "$FLYTE_TEST_BUILD")" = asan ] || ulimit -v 400000
	cat >good.yaml <<-'EOT'
	tasks:
	  t:
	    inputs: {n: int}
	    outputs: {o: int}
	    cache: "1"
	    run: echo $((n * 2)) >$FLYTE_OUTPUTS/o
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: t, with: {n: $n}}}
	    outputs: {o: $a.o}
	EOT
}

# bad_spec TEXT...: bad.yaml is refused with 3 by every program that reads
# specs, each time naming the file and every TEXT; nothing is made of it.
bad_spec() {
	local cmd text
	for cmd in "flyte-run bad.yaml:w" "flyte-exec bad.yaml:t" \
		"flyte-register check bad.yaml" "flyte-register --as v1 bad.yaml"; do
		run -3 --separate-stderr timeout 20 $cmd
		equals "" "$output"
		has bad.yaml "$stderr"
		for text; do
			has "$text" "$stderr"
		done
		[ ${#stderr} -lt 20000 ]
	done
	[ ! -e "$FLYTE_HOME/executions" ]
	[ -z "$(find "$FLYTE_HOME/registry" -type f 2>/dev/null)" ]
}

# edit SED: bad.yaml is the good one, so edited.
edit() {
	sed "$1" good.yaml >bad.yaml
	! cmp -s good.yaml bad.yaml
}

# ---- specs --------------------------------------------------------------------

@test "bad spec: an unknown key, with what was meant" {
	edit 's/outputs: {o: int}/outptus: {o: int}/'
	bad_spec "bad.yaml:4:5: error:" outptus "outputs"
}

@test "bad spec: a type that is none, a type that does not fit" {
	edit 's/inputs: {n: int}/inputs: {n: itn}/'
	bad_spec itn
	edit '9s/int/str/'
	bad_spec "error" "int" "str"
}

@test "bad spec: a cycle" {
	edit 's/nodes: .*/nodes: {a: {task: t, with: {n: $b.o}}, b: {task: t, with: {n: $a.o}}}/'
	bad_spec "for each other"
}

@test "bad spec: an unbound input, an unknown reference" {
	edit 's/, with: {n: $n}//'
	bad_spec "bad.yaml:" "n"
	edit 's/with: {n: $n}/with: {n: $m}/'
	bad_spec "bad.yaml:10:" 'm'
	edit 's/task: t,/task: nosuch,/'
	bad_spec "bad.yaml:10:" nosuch
}

@test "bad spec: the same name twice" {
	edit 's/    outputs: {o: int}/&\n    outputs: {p: int}/'
	bad_spec "bad.yaml:5:" outputs
}

@test "bad spec: a bomb of aliases" {
	{
		echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
		for i in $(seq 12); do
			p="*a$((i - 1))"
			echo "a$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p, $p]"
		done
	} >bad.yaml
	bad_spec alias
}

@test "bad spec: tabs" {
	edit 's/^    inputs/\tinputs/'
	bad_spec "bad.yaml:3:" tab
}

@test "bad spec: bytes that are no UTF-8, bytes that are zero" {
	edit "$(printf 's/echo/\\xff\\xfe/')"
	bad_spec "UTF-8"
	edit 's/echo/\x00/'
	bad_spec "bad.yaml"
}

@test "bad spec: empty, only comments, not a map" {
	: >bad.yaml
	bad_spec "bad.yaml"
	echo '# nothing' >bad.yaml
	bad_spec "bad.yaml"
	echo '[1, 2]' >bad.yaml
	bad_spec "expected the keys of a spec"
}

@test "bad spec: 50 MB" {
	head -c 50000000 /dev/zero | tr '\0' 'x' >bad.yaml
	bad_spec "expected the keys of a spec"
}

@test "bad spec: 100,000 brackets" {
	{ printf 'tasks: '; head -c 100000 /dev/zero | tr '\0' '['; } >bad.yaml
	bad_spec deep
	{ printf 'tasks: '; head -c 100000 /dev/zero | tr '\0' '{'; } >bad.yaml
	bad_spec "a key must be a word"
}

@test "bad spec: many faults are all told, but fifty at most" {
	{
		echo 'tasks:'
		for i in $(seq 200); do echo "  t$i: {rum: x}"; done
	} >bad.yaml
	run -3 flyte-register check bad.yaml
	n=$(echo "$output" | grep -c 'error:')
	[ "$n" -ge 40 ] && [ "$n" -le 51 ]
}

@test "bad spec: a folder, a fifo, a file that may not be read" {
	mkdir dir.yaml
	run flyte-run dir.yaml:w
	[ "$status" != 0 ]
	has dir.yaml "$output"
	mkfifo fifo.yaml
	run timeout 5 flyte-run fifo.yaml:w
	[ "$status" != 124 ] && [ "$status" != 0 ]
	has fifo.yaml "$output"
}

# ---- values -------------------------------------------------------------------

# bad_value TYPE VALUE TEXT...: refused with 2 by flyte-run and flyte-exec, as
# an argument; the message names the input, the type and every TEXT.
bad_value() {
	local cmd text type=$1 value=$2
	shift 2
	printf 'tasks:\n  t:\n    inputs: {x: "%s"}\n    run: "true"\n' "$type" >v.yaml
	for cmd in flyte-run flyte-exec; do
		run -2 --separate-stderr $cmd v.yaml:t "x=$value"
		equals "" "$output"
		has "input x" "$stderr"
		for text; do
			has "$text" "$stderr"
		done
		equals 1 "${#stderr_lines[@]}"
	done
	[ ! -e "$FLYTE_HOME/executions" ]
}

@test "bad value: an int beyond 64 bits, or no int" {
	bad_value int 9223372036854775808 9223372036854775808
	bad_value int -9223372036854775809 int
	bad_value int 1e3 "expected int" 1e3
	bad_value int 1.0 "expected int"
	bad_value int "" "expected int"
	bad_value int 0x10 "expected int"
}

@test "bad value: float, bool, datetime, duration, enum" {
	bad_value float 1e999 float
	bad_value float abc float abc
	bad_value bool yes bool yes
	bad_value datetime 2026-02-30T00:00:00Z datetime
	bad_value datetime yesterday datetime yesterday
	bad_value duration 10parsecs duration
	bad_value "enum(red|blue)" green green red blue
}

@test "bad value: lists, maps and structs name the place" {
	bad_value "list(int)" '[1, "a", 3]' "[1]" int
	bad_value "list(int)" '[1, 2' "x"
	bad_value "map(int)" '{"a": 1, "b": 2.5}' "b" int
	bad_value "map(int)" '{"a": 1, "a": 2}' "a"
	bad_value struct '{"a": 1} x' "x"
	bad_value "list(int)" '[1,2,3]]' "x"
	bad_value "list(int)" "$(head -c 100000 /dev/zero | tr '\0' '[')" "deep"
}

@test "bad value: a file that is not there, a folder for a file, and back" {
	mkdir d
	: >f
	bad_value file gone gone
	bad_value file d d
	bad_value dir f f
	bad_value dir gone gone
}

@test "bad value: a store that is not there yet is refused by name" {
	printf 'tasks:\n  t: {inputs: {x: file}, run: "true"}\n' >v.yaml
	run -2 flyte-exec v.yaml:t x=s3://bucket/key
	has "s3://bucket/key: only local files can be read so far" "$output"
	run -1 flyte-run -q v.yaml:t x=s3://bucket/key
	has "s3://bucket/key: only local files can be read so far" "$output"
}

# bad_json JSON TEXT: refused with 2 as a map of inputs on stdin.
bad_json() {
	for cmd in "flyte-run -i - good.yaml:w" "flyte-exec -i - good.yaml:t"; do
		run -2 --separate-stderr sh -c "printf '%s' '$1' | $cmd"
		equals "" "$output"
		has "$2" "$stderr"
		equals 1 "${#stderr_lines[@]}"
	done
}

@test "bad value: JSON that is empty, cut, doubled, trailing or no map" {
	bad_json '' "no input"
	bad_json '{"n": 1' ""
	bad_json '{"n": 1, "n": 2}' '"n"'
	bad_json '{"n": 1} {"n": 2}' ""
	bad_json '[1]' "map"
	bad_json '{"n": 1e3}' "n"
	bad_json '{"n": 9223372036854775808}' "9223372036854775808"
	bad_json '{"n": "1"}' "n"
	bad_json '{"m": 1}' "m"
	bad_json '{"literals": {"n": {"scalar": {"primitive": {"integer": "x"}}}}}' "n"
	bad_json '{"literals": {"n": {"scalar": {"primitive": {"stringValue": "x"}}}}}' "n"
	[ ! -e "$FLYTE_HOME/executions" ]
}

@test "bad value: the first of two wrong inputs is the one named" {
	printf 'tasks:\n  t: {inputs: {a: int, b: int}, run: "true"}\n' >v.yaml
	run -2 flyte-run v.yaml:t a=x b=y
	has "input a" "$output"
	run -2 flyte-run v.yaml:t b=y a=x
	has "input " "$output"
}

@test "bad value: the same input twice" {
	run -2 flyte-run good.yaml:w n=1 n=2
	has "n" "$output"
}

# ---- packages -----------------------------------------------------------------

# bad_package FILE: refused with 3 by flyte-run and flyte-register.
bad_package() {
	run -3 --separate-stderr flyte-register --as v1 "$1"
	has "$1" "$stderr"
	run -3 --separate-stderr flyte-run "$1:w" n=1
	has "$1" "$stderr"
	run -3 --separate-stderr flyte-register show "$1"
	[ -z "$(find "$FLYTE_HOME/registry" -type f 2>/dev/null)" ]
	[ ! -e "$FLYTE_HOME/executions" ]
	[ ! -e /tmp/escaped ] && [ ! -e ../escaped ] && [ ! -e escaped ]
}

@test "bad package: empty, truncated, no archive, no entity in it" {
	flyte-register --as v1 -O good.tgz good.yaml
	: >bad.tgz
	bad_package ./bad.tgz
	head -c 200 good.tgz >bad.tgz
	bad_package ./bad.tgz
	echo hello >bad.tgz
	bad_package ./bad.tgz
	tar czf bad.tgz -T /dev/null
	bad_package ./bad.tgz
	echo x >readme
	tar czf bad.tgz readme
	bad_package ./bad.tgz
}

@test "bad package: names that lead out, links, devices" {
	echo x >00_t_1.pb
	tar czf bad.tgz --transform 's,^,../,' -P 00_t_1.pb
	bad_package ./bad.tgz
	tar czf bad.tgz --transform 's,^,/tmp/escaped/,' -P 00_t_1.pb
	bad_package ./bad.tgz
	rm 00_t_1.pb
	ln -s /etc/passwd 00_t_1.pb
	tar czf bad.tgz 00_t_1.pb
	bad_package ./bad.tgz
	rm 00_t_1.pb
	mkfifo 00_t_1.pb
	tar czf bad.tgz 00_t_1.pb
	bad_package ./bad.tgz
}

@test "bad package: bytes that are no protobuf" {
	head -c 1000 /dev/urandom >00_t_1.pb
	tar czf bad.tgz 00_t_1.pb
	bad_package ./bad.tgz
	printf '\377\377\377\377\377\377\377\377\377\377' >00_t_1.pb
	tar czf bad.tgz 00_t_1.pb
	bad_package ./bad.tgz
}

@test "bad package: a bomb" {
	head -c 400000000 /dev/zero >00_t_1.pb
	tar czf bad.tgz 00_t_1.pb
	rm 00_t_1.pb
	bad_package ./bad.tgz
}

@test "a package in any order is a good one" {
	flyte-register --as v1 -O good.tgz good.yaml
	mkdir x
	tar xzf good.tgz -C x
	(cd x && tar czf ../other.tgz $(ls -r))
	run -0 flyte-run -q -o o other.tgz:w n=4
	equals 8 "$output"
}

# ---- the store ------------------------------------------------------------------

@test "bad store: half-written files of a crash are in nobody's way" {
	run -0 flyte-run -q -o o good.yaml:w n=1
	for d in $(find "$FLYTE_HOME" -type d -name tmp) "$FLYTE_HOME"; do
		printf half >"$d/.tmp.123" || true
		printf half >"$d/half.tmp" || true
	done
	dir=$(dirname "$(echo "$FLYTE_HOME"/executions/default/development/*/*/journal)")
	mkdir "$(dirname "$dir")/halfmade"
	run -0 flyte-run -q -o o good.yaml:w n=2
	equals 4 "$output"
	run -0 flyte-cache ls
	mkdir -p "$FLYTE_HOME/executions/default/development/$(basename "$(dirname "$dir")")"
	run -0 flyte-run -q -o o --resume last
	equals 4 "$output"
}

@test "bad store: an execution folder without a journal is a name that is free" {
	run -0 flyte-run -q --name k good.yaml:w n=1
	rm "$FLYTE_HOME"/executions/default/development/*/k/journal
	run -0 flyte-run -q -o o --name k good.yaml:w n=3
	equals 6 "$output"
}

@test "bad store: a corrupt catalog is refused with how to repair, or rebuilt" {
	damaged=1
	run -0 flyte-run -q good.yaml:w n=1
	head -c 5000 /dev/urandom >"$FLYTE_HOME/catalog.db"
	rm -f "$FLYTE_HOME"/catalog.db-*
	run --separate-stderr flyte-run -q -o o good.yaml:w n=1
	case $status in
	0) equals 2 "$output" ;;
	7) equals "" "$output" ;;
	*) false ;;
	esac
	has "catalog.db" "$stderr"
}

@test "bad store: a closure that was damaged is 7 for who needs it" {
	damaged=1
	run -0 flyte-run -q --name k good.yaml:w n=1
	closure=$(find "$FLYTE_HOME/closures" -type f)
	chmod u+w "$closure"
	printf x >>"$closure"
	run -7 flyte-run -q --relaunch k
	has "$closure" "$output"
}

@test "bad store: a registered entity that was damaged is 7, with its path" {
	flyte-register -q --as v1 good.yaml
	f=$(find "$FLYTE_HOME/registry" -type f -path '*/workflow/*' -name '*@v1' | head -n 1)
	chmod u+w "$f"
	printf '\377\377\377' >"$f"
	run -7 --separate-stderr flyte-run w@v1 n=1
	has "$f" "$stderr"
}

@test "bad store: a home of another layout version is refused by name" {
	damaged=1
	run -0 flyte-run -q good.yaml:w n=1
	chmod u+w "$FLYTE_HOME/format"
	echo 'flyte-tools 999' >"$FLYTE_HOME/format"
	for cmd in 'flyte-run -q good.yaml:w n=1' 'flyte-show' 'flyte-cache ls' \
		'flyte-register --as v1 good.yaml'; do
		run -7 --separate-stderr $cmd
		has "$FLYTE_HOME/format: the layout is 'flyte-tools 999'" "$stderr"
	done
}

@test "bad store: FLYTE_HOME is a file" {
	echo x >home
	export FLYTE_HOME=$PWD/home
	run --separate-stderr flyte-run -q good.yaml:w n=1
	[ "$status" != 0 ] && [ "$status" -lt 100 ]
	has "$PWD/home" "$stderr"
	equals x "$(cat home)"
}
