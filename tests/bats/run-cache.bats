# flyte-run and the cache: what is reused, when, and what is said of it.
load helper

local_setup() {
	export LOG=$PWD/log
	: >log
	cat >c.yaml <<-'EOT'
	tasks:
	  double:
	    inputs: {n: int}
	    outputs: {o: int}
	    cache: "1"
	    pass_env: [LOG]
	    run: echo double >>$LOG; echo $((n * 2)) >$FLYTE_OUTPUTS/o
	  count:
	    inputs: {f: file}
	    outputs: {n: int, g: file}
	    cache: "1"
	    pass_env: [LOG]
	    run: |
	      echo count >>$LOG
	      wc -c <$f >$FLYTE_OUTPUTS/n
	      cp $f $FLYTE_OUTPUTS/g
	workflows:
	  w:
	    inputs: {n: int}
	    nodes:
	      a: {task: double, with: {n: $n}}
	      b: {task: double, with: {n: $a.o}}
	    outputs: {o: $b.o}
	  files:
	    inputs: {f: file}
	    nodes:
	      a: {task: count, with: {f: $f}}
	      b: {task: count, with: {f: $a.g}}
	    outputs: {n: $b.n, g: $b.g}
	EOT
}

# ran: how many attempts were made since it was last asked.
ran() {
	wc -l <log
	: >log
}

@test "cache: the second run is all reused and says so" {
	run -0 flyte-run -q -o o c.yaml:w n=3
	equals 12 "$output"
	equals 2 "$(ran)"
	run -0 --separate-stderr flyte-run -o o c.yaml:w n=3
	equals 12 "$output"
	has "a: reused" "$stderr"
	has "a and b: reused: from default/development/" "$stderr"
	has "all 2 reused from the cache" "$stderr"
	equals 0 "$(ran)"
}

@test "cache: one key serves every node and workflow" {
	run -0 flyte-run -q c.yaml:double n=6
	equals 1 "$(ran)"
	run -0 flyte-run -q -o o c.yaml:w n=3
	equals 12 "$output"
	equals 1 "$(ran)"
}

@test "cache: --cache off, read, write, refresh" {
	run -0 flyte-run -q --cache off c.yaml:w n=1
	run -0 flyte-run -q --cache off c.yaml:w n=1
	equals 4 "$(ran)"
	run -0 flyte-run -q --cache read c.yaml:w n=1
	run -0 flyte-run -q --cache read c.yaml:w n=1
	equals 4 "$(ran)"
	run -0 flyte-run -q --cache write c.yaml:w n=1
	run -0 flyte-run -q --cache write c.yaml:w n=1
	equals 4 "$(ran)"
	run -0 flyte-run -q --cache read c.yaml:w n=1
	equals 0 "$(ran)"
	run -0 flyte-run -v --cache refresh c.yaml:w n=1
	has "a: runs: the cache is refreshed" "$output"
	equals 2 "$(ran)"
	run -0 flyte-run -q c.yaml:w n=1
	equals 0 "$(ran)"
	run -2 flyte-run --cache sometimes c.yaml:w n=1
	has "expected on, off, read, write or refresh" "$output"
}

@test "cache: refresh replaces what is there" {
	cat >r.yaml <<-'EOT'
	tasks:
	  t: {outputs: {o: str}, cache: "1", pass_env: [WORD], run: "printf %s $WORD >$FLYTE_OUTPUTS/o"}
	EOT
	WORD=old run -0 flyte-run -q -o o r.yaml:t
	WORD=new run -0 flyte-run -q -o o r.yaml:t
	equals old "$output"
	WORD=new run -0 flyte-run -q -o o --cache refresh r.yaml:t
	equals new "$output"
	run -0 flyte-run -q -o o r.yaml:t
	equals new "$output"
}

@test "cache: another cache version is a miss, the old one a hit again" {
	run -0 flyte-run -q c.yaml:double n=1
	sed -i 's/cache: "1"/cache: "2"/' c.yaml
	run -0 flyte-run -v c.yaml:double n=1
	has "double: runs: " "$output"
	has "version" "$output"
	equals 2 "$(ran)"
	sed -i 's/cache: "2"/cache: "1"/' c.yaml
	run -0 flyte-run -q c.yaml:double n=1
	equals 0 "$(ran)"
}

@test "cache: the edit of an unregistered file never meets an old entry" {
	run -0 flyte-run -q -o o c.yaml:double n=4
	equals 8 "$output"
	sed -i 's/n \* 2/n * 3/' c.yaml
	run -0 flyte-run -q -o o c.yaml:double n=4
	equals 12 "$output"
	equals 2 "$(ran)"
}

@test "cache: a registered task is known by its cache version alone, said so" {
	flyte-register -q --as v1 c.yaml
	run -0 flyte-run -q -o o double n=4
	sed -i 's/n \* 2/n * 3/' c.yaml
	flyte-register -q --as v2 c.yaml
	run -0 --separate-stderr flyte-run -o o double n=4
	equals 8 "$output"
	has "its command has changed under the same cache version" "$stderr"
	equals 1 "$(ran)"
}

@test "cache: the same bytes elsewhere are a hit, other bytes at the same place a miss" {
	printf abc >one
	run -0 flyte-run -q -o n c.yaml:files f=one
	equals 3 "$output"
	equals 1 "$(ran)"		# b's input is a's output, the same bytes
	mkdir elsewhere
	cp one elsewhere/two.txt
	run -0 flyte-run -q -o n c.yaml:files f=elsewhere/two.txt
	equals 0 "$(ran)"
	printf abcd >one
	run -0 flyte-run -q -o n c.yaml:files f=one
	equals 4 "$output"
	equals 1 "$(ran)"
	touch one
	run -0 flyte-run -q -o n c.yaml:files f=one
	equals 0 "$(ran)"
}

@test "cache: success on the second attempt, then run again = hit" {
	cat >r.yaml <<-'EOT'
	tasks:
	  t:
	    outputs: {o: int}
	    cache: "1"
	    retries: 1
	    pass_env: [LOG]
	    run: echo try >>$LOG; [ $(wc -l <$LOG) = 2 ]; echo 1 >$FLYTE_OUTPUTS/o
	EOT
	run -0 flyte-run -q r.yaml:t
	equals 2 "$(ran)"
	run -0 flyte-run r.yaml:t
	has "1 reused from the cache" "$output"
	equals 0 "$(ran)"
}

@test "cache: a failure is not kept" {
	cat >r.yaml <<-'EOT'
	tasks:
	  t: {outputs: {o: int}, cache: "1", pass_env: [LOG], run: "echo try >>$LOG; echo 1 >$FLYTE_OUTPUTS/o; exit 7"}
	EOT
	run -1 flyte-run -q r.yaml:t
	run -1 flyte-run -q r.yaml:t
	equals 2 "$(ran)"
}

@test "cache: keys of a struct in another order are the same key" {
	cat >r.yaml <<-'EOT'
	tasks:
	  t: {inputs: {s: struct}, outputs: {o: struct}, cache: "1", pass_env: [LOG], run: "echo t >>$LOG; cp $FLYTE_INPUTS/s $FLYTE_OUTPUTS/o"}
	EOT
	run -0 flyte-run -q r.yaml:t 's={"a": 1, "b": {"c": 2, "d": 3}}'
	run -0 flyte-run -q r.yaml:t 's={"b": {"d": 3, "c": 2}, "a": 1}'
	equals 1 "$(ran)"
}

@test "cache: an entry whose blob was removed is a miss that says so, then whole" {
	printf abc >one
	run -0 flyte-run -q -o g=out c.yaml:files f=one
	: >log
	blob=$(flyte-run -q -o g c.yaml:files f=one)
	rm -f "$blob"
	run -0 --separate-stderr flyte-run -o g=out c.yaml:files f=one
	has "cached, but" "$stderr"
	has "runs again" "$stderr"
	equals abc "$(cat out)"
	equals 1 "$(ran)"
	run -0 flyte-run -q -o g=out c.yaml:files f=one
	equals 0 "$(ran)"
}

@test "cache: a damaged blob is a miss that says so; nobody gets its bytes" {
	printf abc >one
	blob=$(flyte-run -q -o g c.yaml:files f=one)
	: >log
	chmod u+w "$blob"
	printf xyz >"$blob"
	run -0 --separate-stderr flyte-run -o g=out c.yaml:files f=one
	has "cached, but" "$stderr"
	equals abc "$(cat out)"
	equals 1 "$(ran)"
}

@test "cache: an input that changes while it is read is not kept" {
	cat >r.yaml <<-'EOT'
	tasks:
	  t: {inputs: {f: file}, outputs: {n: int}, cache: "1", pass_env: [LOG, IN], run: "echo t >>$LOG; echo more >>$IN; wc -c <$f >$FLYTE_OUTPUTS/n"}
	EOT
	echo abc >one
	export IN=$PWD/one
	run -0 flyte-run r.yaml:t f=one
	has "changed while it ran: the result is not kept" "$output"
	printf 'abc\n' >one
	run -0 flyte-run -q r.yaml:t f=one
	equals 2 "$(ran)"
}

@test "cache: a corrupt catalog costs time, not results" {
	damaged=1
	run -0 flyte-run -q c.yaml:w n=3
	: >log
	printf 'this is not a database, it is long enough to be looked at\n' >"$FLYTE_HOME/catalog.db"
	rm -f "$FLYTE_HOME"/catalog.db-*
	run flyte-run -o o c.yaml:w n=3
	[ "$status" = 0 ] || [ "$status" = 7 ]
	has "catalog.db" "$output"
	[ "$status" = 7 ] || has 12 "$output"
}

@test "cache: a file that the spec names counts by its content" {
	cat >k.yaml <<-'EOT'
	tasks:
	  count: {inputs: {f: file}, outputs: {n: int}, stdout: n, cache: "1", pass_env: [LOG], run: "echo count >>$LOG; wc -c <$f"}
	  dyn:
	    outputs: {n: int}
	    dynamic: true
	    pass_env: [LOG]
	    run: |
	      cat >$FLYTE_DYNAMIC <<'END'
	      nodes: {d: {task: count, with: {f: ./one}}}
	      outputs: {n: $d.n}
	      END
	workflows:
	  part:
	    inputs: {f: {type: file, default: ./one}}
	    nodes: {a: {task: count, with: {f: $f}}}
	    outputs: {n: $a.n}
	  w:
	    nodes:
	      a: {task: count, with: {f: ./one}}
	      b: {map: count, with: {f: [./one, ./two]}, after: [a]}
	      c: {launchplan: part, after: [b]}
	      d: {task: dyn, after: [c]}
	    outputs: {a: $a.n, b: $b.n, c: $c.n, d: $d.n}
	EOT
	sed -i "s,f: ./one}}}$,f: $PWD/one}}}," k.yaml
	printf abc >one
	printf a >two
	for want in 3 0; do
		run -0 --separate-stderr flyte-run --plain k.yaml:w
		equals '{"a":3,"b":[3,1],"c":3,"d":3}' "$output"
		lacks "changed while it ran" "$stderr"
		equals $want "$(ran)"
	done
	printf abcd >one
	run -0 --separate-stderr flyte-run --plain k.yaml:w
	equals '{"a":4,"b":[4,1],"c":4,"d":4}' "$output"
	equals 2 "$(ran)"
}

@test "cache: serialize computes anew where that is asked for, whatever is kept" {
	cat >s.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, cache: {version: "1", serialize: true}, pass_env: [LOG], run: "echo t $n >>$LOG; echo $n >$FLYTE_OUTPUTS/o"}
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: t, with: {n: $n}}, b: {task: t, with: {n: $n}, after: [a]}}
	    outputs: {o: $b.o}
	EOT
	run -0 timeout 20 flyte-run -q --name first s.yaml:w n=1
	equals 1 "$(ran)"
	run -0 timeout 20 flyte-run -q --cache write s.yaml:w n=1
	equals 2 "$(ran)"
	run -0 timeout 20 flyte-run -q --cache refresh s.yaml:w n=1
	equals 2 "$(ran)"
	run -0 timeout 20 flyte-run -q --recover first --force a
	equals 1 "$(ran)"
}

@test "cache: -n tells which of several computes what they share" {
	cat >s.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, cache: "1", run: "echo $n >$FLYTE_OUTPUTS/o"}
	workflows:
	  w:
	    inputs: {n: int}
	    nodes: {a: {task: t, with: {n: $n}}, b: {task: t, with: {n: $n}}}
	EOT
	run -0 flyte-run -n s.yaml:w n=1
	has "run     a  (nothing of this task was kept before)" "$output"
	has "depends b  (on a, which computes the same)" "$output"
	run -0 flyte-run -n --json s.yaml:w n=1
	equals "NEVER SAME_KEY a" "$(echo "$output" | jq -r '[.nodes[0].code, .nodes[1].code, .nodes[1].detail.on] | join(" ")')"
}

@test "cache: an element that its map holds back may be overtaken" {
	cat >h.yaml <<-'EOT'
	tasks:
	  t: {inputs: {n: int}, outputs: {o: int}, cache: "1", run: "echo $n >$FLYTE_OUTPUTS/o"}
	workflows:
	  w:
	    nodes:
	      m: {map: t, with: {n: [1, 2, 2]}, concurrency: 1}
	      z: {map: t, with: {n: [2]}}
	EOT
	run -0 flyte-run -n h.yaml:w
	has "run     m/n0  (nothing of this task was kept before)" "$output"
	has "run     z/n0  (nothing of this task was kept before)" "$output"
	has "depends m/n1  (on z/n0, which computes the same)" "$output"
	has "depends m/n2  (on m/n1, which computes the same)" "$output"
	has "2 to run, 2 that depend on them, 0 to reuse" "$output"
}
