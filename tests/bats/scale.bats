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
