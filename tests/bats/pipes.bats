load helper

local_setup() {
	cat >t.yaml <<-'EOF'
	tasks:
	  square:
	    inputs: {n: int}
	    outputs: {o0: int}
	    run: echo $((n * n)) >$FLYTE_OUTPUTS/o0
	  add_one:
	    inputs: {x: int}
	    outputs: {out: int}
	    run: echo $((x + 1)) >$FLYTE_OUTPUTS/out
	  show:
	    inputs: {v: int}
	    outputs: {text: str}
	    stdout: text
	    command: [echo, "value {{.inputs.v}}"]
	  two:
	    inputs: {a: int, b: int}
	    outputs: {sum: int}
	    run: echo $((a + b)) >$FLYTE_OUTPUTS/sum
	  person:
	    outputs: {who: struct, ages: list(int)}
	    run: |
	      echo '{"name": "Ann", "kids": [{"age": 7}]}' >$FLYTE_OUTPUTS/who
	      echo '[3, 4]' >$FLYTE_OUTPUTS/ages
	  word:
	    inputs: {w: str}
	    outputs: {o0: str}
	    stdout: o0
	    command: [echo, "{{.inputs.w}}"]
	  fails:
	    outputs: {o0: int}
	    run: exit 1
	EOF
}

@test "pipes: o0 and out bind to the sole open input" {
	run -0 --separate-stderr sh -c 'echo "{\"n\": 7}" | flyte-exec -i - t.yaml:square |
		flyte-exec -i - t.yaml:add_one | flyte-exec -i - --plain t.yaml:show'
	equals '{"text":"value 50"}' "$output"
	equals "" "$stderr"
}

@test "pipes: plain and typed maps" {
	run -0 sh -c 'echo "{\"n\": 3}" | flyte-exec -o o0 -i - t.yaml:square'
	equals 9 "$output"
	echo '{"literals":{"n":{"scalar":{"primitive":{"integer":"3"}}}}}' >typed
	run -0 flyte-exec -o o0 -i typed t.yaml:square
	equals 9 "$output"
	run -0 flyte-exec -o o0 --typed -i typed t.yaml:square
	equals 9 "$output"
	run -2 flyte-exec --plain-in -i typed t.yaml:square
	printf 'n: 4\n' >y.yaml
	run -0 flyte-exec -o o0 -i y.yaml t.yaml:square
	equals 16 "$output"
	run -0 flyte-exec -o o0 -i y.yaml t.yaml:square n=5
	equals 25 "$output"
}

@test "pipes: -m maps names and parts of values" {
	run -0 sh -c 'flyte-exec t.yaml:person | flyte-exec -i - -m a=who.kids.0.age -m b=ages.1 -o sum t.yaml:two'
	equals 11 "$output"
	run -2 --separate-stderr sh -c 'flyte-exec t.yaml:person | flyte-exec -i - -m w=who.name t.yaml:word'
	has "nothing takes the value ages" "$stderr"
	run -0 --separate-stderr sh -c 'flyte-exec --plain t.yaml:person |
		flyte-exec -i - -m a=who.kids.0.age -m b=ages.1 -o sum t.yaml:two'
	equals 11 "$output"
	run -2 --separate-stderr sh -c 'flyte-exec --plain t.yaml:person |
		flyte-exec -i - -m a=who.nope -m b=ages.1 -o sum t.yaml:two'
	has "nope" "$stderr"
	run -2 flyte-exec -m a t.yaml:two
}

@test "pipes: a value nothing takes lists both sides" {
	run -2 --separate-stderr sh -c 'echo "{\"a\": 1, \"c\": 2}" | flyte-exec -i - t.yaml:two'
	has "nothing takes the value c; it takes a: int, b: int; given: a: " "$stderr"
	run -2 --separate-stderr sh -c 'flyte-exec t.yaml:square n=2 | flyte-exec -i - t.yaml:two'
	has "o0: int" "$stderr"
	run -2 --separate-stderr sh -c 'flyte-exec t.yaml:word w=x | flyte-exec -i - t.yaml:add_one'
	has "it takes x: int; given: o0: str" "$stderr"
}

@test "pipes: a failed stage writes nothing, the next says so" {
	run -2 --separate-stderr sh -c 'flyte-exec t.yaml:fails | flyte-exec -i - t.yaml:add_one'
	equals "" "$output"
	has "flyte-exec: stdin: got no input" "$stderr"
	has "flyte-exec: fails: exit status 1" "$stderr"
}

@test "pipes: stdin is not read without being asked" {
	run -0 sh -c 'echo left | { flyte-exec -q t.yaml:square n=1; cat; }'
	equals left "$output"
}

@test "pipes: JSON that is not right" {
	run -2 --separate-stderr sh -c 'echo "{\"n\": 1, \"n\": 2}" | flyte-exec -i - t.yaml:square'
	has "flyte-exec: stdin: " "$stderr"
	run -2 sh -c 'echo "{\"n\": 1} x" | flyte-exec -i - t.yaml:square'
	run -2 sh -c 'echo "[1]" | flyte-exec -i - t.yaml:square'
	run -2 sh -c 'echo "{\"n\": \"1\"}" | flyte-exec -i - t.yaml:square'
	run -2 sh -c 'echo "{\"n\": 1e3}" | flyte-exec -i - t.yaml:square'
	run -2 sh -c 'printf "\000" | flyte-exec -i - t.yaml:square'
	run -2 sh -c ': | flyte-exec -i - t.yaml:square'
	run -2 flyte-exec -i not-there t.yaml:square
	run -2 flyte-exec -i - -i - t.yaml:square </dev/null
}

@test "pipes: jq over the outputs" {
	run -0 flyte-exec --jq .o0+1 t.yaml:square n=3
	equals 10 "$output"
	run -2 --separate-stderr flyte-exec --jq '.o0 |' t.yaml:square n=3
	has "--jq" "$stderr"
	run -2 flyte-exec --jq .o0 -o o0 t.yaml:square n=3
	run -2 flyte-exec --jq-ints=never --jq .o0 t.yaml:square n=3
	run -0 flyte-exec --jq-ints=text --jq .o0 t.yaml:square n=3000000000
	equals '"9000000000000000000"' "$output"
}

@test "pipes: a reader that goes away is no trouble" {
	run -0 sh -c 'flyte-exec t.yaml:square n=2 | true'
	run -0 sh -c 'flyte-exec t.yaml:square n=2 | head -c 1 >/dev/null'
}
