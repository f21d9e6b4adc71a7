# Many elements: what a map leaves in the journal, and what a kill takes.

load helper

local_setup() {
	cat >m.yaml <<'E2'
tasks:
  half:
    inputs: {n: int}
    outputs: {h: int}
    jq: 'if .n == -1 then error("no half of it") else .n * 2 end'
  ask:
    inputs: {n: int}
    outputs: {h: int}
    stdout: h
    command: [echo, '{{.inputs.n}}']
workflows:
  m:
    inputs: {ns: list(int)}
    nodes: {a: {map: half, with: {n: $ns}}}
    outputs: {hs: $a.h}
  p:
    inputs: {ns: list(int)}
    nodes: {a: {map: ask, with: {n: $ns}}}
    outputs: {hs: $a.h}
E2
	jq -nc '{ns: [range(3000)]}' >in.json
	jq -nc '[range(3000) * 2]' >want
}

journal() {
	echo "$FLYTE_HOME"/executions/default/development/*/"$1"/journal
}

# elements JOURNAL: how many successes of elements it tells, of ranges and alone
elements() {
	sed 's/^[^ ]* [^ ]* [^ ]* //' "$1" | jq -s '[.[] |
	    if .r == "elements" then .n
	    elif .r == "node" and .s == "SUCCEEDED" and (.p | test("/n[0-9]+$"))
	    then 1 else 0 end] | add'
}

@test "scale: elements in the process are journalled in ranges" {
	run -0 flyte-run -q --name m m.yaml:m -i in.json
	run -0 flyte-run --name m -o hs m.yaml:m -i in.json
	equals "$(cat want)" "$(echo "${lines[-1]}" | jq -c .)"
	equals 3000 "$(elements "$(journal m)")"
	[ "$(wc -l <"$(journal m)")" -lt 200 ]
	lacks '"r": "start"' "$(cat "$(journal m)")"
	run -0 flyte-ctl fsck -q m
	run -0 flyte-exec -o h --replay m/a/0/n2345
	equals 4690 "${lines[-1]}"
}

@test "scale: a journal cut between ranges is gone on with, nothing twice" {
	run -0 flyte-run -q --name m m.yaml:m -i in.json
	j=$(journal m)
	n=$(grep -n '"r": "elements"' "$j" | sed -n 3p | cut -d: -f1)
	cp "$j" whole
	head -n "$n" whole >"$j"
	before=$(elements "$j")
	[ "$before" -gt 0 ] && [ "$before" -lt 3000 ]
	run -0 --separate-stderr flyte-run -o hs --name m m.yaml:m -i in.json
	equals "$(cat want)" "$(echo "$output" | jq -c .)"
	equals 3000 "$(elements "$j")"
	run -0 flyte-ctl fsck -q m
}

@test "scale: an element that fails in the process has its attempt told" {
	run -1 flyte-run -q --name f m.yaml:m ns='[1, 2, -1, 4]'
	has "no half of it" "$output"
	j=$(cat "$(journal f)")
	has '"r": "start", "p": "a/0/n2"' "$j"
	has '"r": "end", "p": "a/0/n2"' "$j"
	run -0 flyte-ctl fsck -q f
}

@test "scale: elements with a process of their own keep start and end" {
	run -0 flyte-run -q --name p m.yaml:p ns='[1, 2, 3, 4]'
	equals 4 "$(grep -c '"r": "start"' "$(journal p)")"
	equals 4 "$(grep -c '"r": "end"' "$(journal p)")"
	equals 4 "$(elements "$(journal p)")"
	run -0 flyte-ctl fsck -q p
}

# literals NAME: the files beside the journal
literals() {
	ls "$FLYTE_HOME"/executions/default/development/*/"$1"/literals
}

@test "scale: long lists lie beside the journal, once, and are checked" {
	run -0 flyte-run -q --name m m.yaml:m -i in.json
	equals 2 "$(literals m | wc -l)"
	[ "$(wc -c <"$(journal m)")" -lt 400000 ]
	run -0 --separate-stderr flyte-show --json m
	equals "$(cat want)" "$(echo "$output" | jq -c \
	    '[.outputs.literals.hs.collection.literals[].scalar.primitive.integer | tonumber]')"
	equals 3000 "$(echo "$output" | jq '[.nodes[] | select(.element)] | length')"
	equals '["5","10"]' "$(echo "$output" | jq -c '.nodes[] | select(.element == 5) |
	    [.inputs.literals.n, .outputs.literals.h | .scalar.primitive.integer]')"
	run -0 flyte-show m/a/n2999
	has "n = 2999" "$output"
	has "h = 5998" "$output"
	run -5 flyte-show m/a/n3000
	run -0 flyte-show m
	has "n0-n2999" "$output"
	one=$(ls "$FLYTE_HOME"/executions/default/development/*/m/literals/* | head -1)
	chmod u+w "$one"
	printf x | dd of="$one" bs=1 seek=100 conv=notrunc 2>/dev/null
	run -7 flyte-ctl fsck -q m
	has damaged "$output"
	rm -f "$one"
	run -7 flyte-ctl fsck -q m
	rm -rf "$FLYTE_HOME"/executions
}

@test "scale: elements are recovered in ranges, and replayed from there" {
	jq -nc '{ns: [range(3000) | if . == 2500 then -1 else . end]}' >bad.json
	run -1 flyte-run -q --name f m.yaml:m -i bad.json
	sed 's/error("no half of it")/7/' m.yaml >m2.yaml
	mv m2.yaml m.yaml
	run -1 flyte-run -q --recover f --name g
	run -0 --separate-stderr flyte-run -o hs --recover f --name h m.yaml:m
	equals 3000 "$(echo "$output" | jq length)"
	run -0 flyte-ctl fsck -q
	[ "$(grep -c RECOVERED "$(journal g)")" -lt 20 ]
	run -0 flyte-exec -o h --replay g/a/0/n100
	equals 200 "${lines[-1]}"
}

@test "scale: a run copied from one with long lists has them too" {
	sed 's/    jq: .if.*/    jq: ".n * 2"\n    cache: "1"/' m.yaml >c.yaml
	run -0 flyte-run -q --name a c.yaml:m -i in.json
	run -0 flyte-run -q --name b c.yaml:m -i in.json
	run -0 flyte-run -q --name c c.yaml:m -i in.json
	rm -rf "$FLYTE_HOME"/executions/default/development/*/[ab]
	run -0 --separate-stderr flyte-run -q --name c -o hs c.yaml:m -i in.json
	equals "$(cat want)" "$(echo "$output" | jq -c .)"
	run -0 flyte-show c/a/n1234
	has "n = 1234" "$output"
	run -0 flyte-ctl fsck -q c
}

@test "scale: a typed list of the stage before is taken whole" {
	flyte-run -q --plain m.yaml:m -i in.json >/dev/null
	flyte-run m.yaml:m -i in.json >typed.json 2>/dev/null
	run -0 --separate-stderr flyte-run -o hs -m ns=hs -i typed.json m.yaml:m
	equals "$(jq -c 'map(. * 2)' want)" "$(echo "$output" | jq -c .)"
	run -2 flyte-run -q -m ns=hs.5 -i typed.json m.yaml:m
	jq -c '.ns[2000] = "x"' in.json >wrong.json
	run -2 flyte-run -q m.yaml:m -i wrong.json
	has 'input ns: [2000]: expected int' "$output"
}

# peak COMMAND...: its largest resident set in KB
peak() {
	python3 -c 'import resource, subprocess, sys
r = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(r.returncode)' "$@"
}

@test "scale: 20,000 elements take little more memory than 1,000" {
	[ "$(basename "$FLYTE_TEST_BUILD")" = asan ] && skip 'the sanitizer keeps what was freed'
	jq -nc '{ns: [range(1000)]}' >few.json
	jq -nc '{ns: [range(20000)]}' >many.json
	few=$(peak flyte-run -q --plain m.yaml:m -i few.json)
	many=$(peak flyte-run -q --plain --name m m.yaml:m -i many.json)
	[ $((many - few)) -lt 4000 ] || { echo "$few KB, $many KB"; false; }
	# A resumed run and who looks at one, too.
	j=$(journal m)
	head -n -10 "$j" >cut
	cp cut "$j"
	again=$(peak flyte-run -q --plain --name m m.yaml:m -i many.json)
	[ $((again - few)) -lt 9000 ] || { echo "$few KB, again $again KB"; false; }
	run -0 --separate-stderr flyte-run -q --name m -o hs m.yaml:m -i many.json
	equals "$(jq -nc '[range(20000) * 2]')" "$(echo "$output" | jq -c .)"
	look=$(peak flyte-show m)
	[ $((look - few)) -lt 4000 ] || { echo "$few KB, flyte-show $look KB"; false; }
	run -0 flyte-ctl fsck -q m
}
