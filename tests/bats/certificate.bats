# Runs that need nothing but the cache are copied from the one before: when,
# and above all when not.
load helper

local_setup() {
	export LOG=$PWD/log
	: >log
	echo 'echo script >>$LOG; echo 7' >s.sh
	chmod +x s.sh
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
	      cat $f $f >$FLYTE_OUTPUTS/g
	  plain:
	    outputs: {o: str}
	    stdout: o
	    command: [echo, x]
	workflows:
	  w:
	    inputs: {n: {type: int, default: 3}}
	    nodes:
	      a: {task: double, with: {n: $n}}
	      b: {task: double, with: {n: $a.o}}
	      s:
	        switch:
	          - {if: $b.o > 100, task: double, with: {n: 1}}
	          - {task: double, with: {n: 2}}
	    outputs: {o: $b.o}
	  files:
	    inputs: {f: file}
	    nodes:
	      a: {task: count, with: {f: $f}}
	      b: {task: count, with: {f: $a.g}}
	    outputs: {n: $b.n, g: $b.g}
	  map:
	    inputs: {ns: list(int)}
	    nodes:
	      m: {map: double, with: {n: $ns}}
	      u: {workflow: w, with: {n: 9}}
	    outputs: {os: $m.o}
	  some:
	    nodes:
	      a: {task: double, with: {n: 1}}
	      p: {task: plain}
	EOT
	cat >s.yaml <<-'EOT'
	tasks:
	  t:
	    outputs: {o: int}
	    stdout: o
	    cache: auto
	    pass_env: [LOG]
	    script: s.sh
	workflows:
	  w: {nodes: {a: {task: t}}, outputs: {o: $a.o}}
	EOT
}

ran() {
	wc -l <log
	: >log
}

# go WORDS...: runs quietly; its output is in $output.
go() {
	run -0 --separate-stderr flyte-run -q "$@"
}

journal() {
	cat "$FLYTE_HOME/executions/$(cat "$FLYTE_HOME/executions/last")"/journal \
	    2>/dev/null || cat "$FLYTE_HOME"/executions/*/*/*/"$(sed 's,.*/,,' \
	    "$FLYTE_HOME/executions/last")"/journal
}

# copied, made: the last execution is a copy of another; it is not.
copied() {
	journal | head -1 | grep -q '"repeats": ' || {
		echo "not a copy"
		return 1
	}
	equals 0 "$(ran)"
}

made() {
	if journal | head -1 | grep -q '"repeats": '; then
		echo "a copy"
		return 1
	fi
}

# until_old FILE: no later change of it can bear the time it has now; what is
# younger is not certified (sys/statcache.h).
until_old() {
	local changed
	changed=$(stat -c %.9Z "$1" | tr -d .)
	while [ $(($(date +%s%N) - changed)) -lt 100000000 ]; do sleep 0.02; done
}

# settle WORDS...: three runs, the last of which is a copy.
settle() {
	go "$@"
	go "$@"
	made
	: >log
	go "$@"
	copied
}

@test "certificate: the third run is a copy, and looks like any other" {
	settle -o o c.yaml:w
	equals 12 "$output"
	run -0 --separate-stderr flyte-run -o o c.yaml:w
	equals 12 "$output"
	copied
	has "a: reused" "$stderr"
	has "3 reused, 1 skipped" "$stderr"
	has "skipped: another case was taken" "$stderr"
	id=$(sed 's,.*/,,' "$FLYTE_HOME/executions/last")
	run -0 flyte-show last
	has "succeeded" "$output"
	has "HIT" "$(flyte-show last/a --json)"
	run -0 flyte-cache explain "$id/a"
	has "reused" "$output"
	run -0 flyte-ctl fsck
	run -0 flyte-run --resume "$id"
	run -0 flyte-run -q -o o --relaunch "$id"
	equals 12 "$output"
	run -0 flyte-run -q -o o --recover "$id" --force a
	equals 12 "$output"
	equals 1 "$(ran)"
}

@test "certificate: the lines and records of a copy are those of the original" {
	settle c.yaml:map ns='[1,2,3,4,5]'
	run -0 --separate-stderr flyte-run -v c.yaml:map ns='[1,2,3,4,5]'
	copied
	copy=$(sed 's/ in .*//' <<<"$stderr" | grep -v succeeded | sort)
	journal | sed '1d;s/^[^{]*//' | sort >copy.records
	touch -d '1 hour ago' c.yaml
	echo >>c.yaml
	run -0 --separate-stderr flyte-run -v c.yaml:map ns='[1,2,3,4,5]'
	made
	equals "$copy" "$(sed 's/ in .*//' <<<"$stderr" | grep -v succeeded |
	    sort)"
	journal | sed '1d;s/^[^{]*//' | sort >made.records
	diff -u made.records copy.records
}

@test "certificate: other inputs, options, places and texts have none" {
	settle c.yaml:w n=3
	go c.yaml:w n=4
	made
	equals 2 "$(ran)"
	go c.yaml:w n=3
	copied
	go --cache off c.yaml:w n=3
	made
	equals 3 "$(ran)"
	go --cache read c.yaml:w n=3
	made
	go -p other c.yaml:w n=3
	made
	go --keep-going c.yaml:w n=3
	made
	mkdir d
	cp c.yaml d
	cd d
	go c.yaml:w n=3
	made
	cd ..
	go c.yaml:w n=3
	copied
	sed -i 's/n \* 2/n * 5/' c.yaml
	go -o o c.yaml:w n=3
	equals 75 "$output"
	made
	equals 3 "$(ran)"
}

@test "certificate: an entry that was removed is missed" {
	settle c.yaml:w
	key=$(flyte-cache ls --json | head -1 |
	    sed 's/.*"key": *"\([0-9a-f]*\)".*/\1/')
	run -0 flyte-cache rm "$key"
	go c.yaml:w
	made
	equals 1 "$(ran)"
	go c.yaml:w
	made
	go c.yaml:w
	copied
}

@test "certificate: gc, another catalog and none at all are seen" {
	settle c.yaml:w
	run -0 flyte-cache gc --max-size 0 --older 0s
	go c.yaml:w
	made
	equals 3 "$(ran)"
	go c.yaml:w
	go c.yaml:w
	copied
	rm "$FLYTE_HOME"/catalog.db*
	go c.yaml:w
	made
	equals 3 "$(ran)"
}

@test "certificate: a refreshed result reaches those who use it" {
	cat >t.yaml <<-'EOT'
	tasks:
	  now:
	    outputs: {o: str}
	    stdout: o
	    cache: "1"
	    command: [date, +%N]
	workflows:
	  w: {nodes: {a: {task: now}}, outputs: {o: $a.o}}
	EOT
	settle -o o t.yaml:w
	first=$output
	go --cache refresh -o o t.yaml:w
	second=$output
	[ "$first" != "$second" ]
	go -o o t.yaml:w
	made
	equals "$second" "$output"
	go -o o t.yaml:w
	copied
	equals "$second" "$output"
}

@test "certificate: a file that changed is another input, its time kept or not" {
	printf 12345 >f
	touch -d '1 hour ago' f
	settle -o n c.yaml:files f=f
	equals 10 "$output"
	printf 54321 >f
	touch -d '1 hour ago' f
	go c.yaml:files f=f
	made
	equals 2 "$(ran)"
}

@test "certificate: a blob that is gone or damaged is computed again" {
	printf 12345 >f
	settle -o n c.yaml:files f=f
	for what in gone damaged; do
		go c.yaml:files f=f
		go c.yaml:files f=f
		copied
		blob=$(find "$FLYTE_HOME/blobs/sha256" -type f -size -15c | head -1)
		chmod u+w "$blob"
		if [ $what = gone ]; then rm -f "$blob"; else echo x >"$blob"; fi
		go -o n c.yaml:files f=f
		equals 10 "$output"
		made
		equals 1 "$(ran)"
	done
}

@test "certificate: a script of the spec that changed is read again" {
	touch -d '1 hour ago' s.sh
	until_old s.sh
	settle -o o s.yaml:w
	equals 7 "$output"
	sed -i s/7/8/ s.sh
	touch -d '1 hour ago' s.sh
	go -o o s.yaml:w
	made
	equals 8 "$output"
	equals 1 "$(ran)"
}

@test "certificate: without the execution it copies there is no copy" {
	settle c.yaml:w
	of=$(journal | sed -n '1s,.*"repeats": "\([^"]*\)".*,\1,p')
	dir=$(dirname "$(grep -l "\"name\": \"${of##*/}\"" \
	    "$FLYTE_HOME"/executions/*/*/*/*/journal | head -1)")
	sed -i '$d' "$dir/journal"
	go -o o c.yaml:w
	equals 12 "$output"
	made
	equals 0 "$(ran)"
	go c.yaml:w
	copied
	of=$(journal | sed -n '1s,.*"repeats": "\([^"]*\)".*,\1,p')
	rm -rf "$FLYTE_HOME"/executions/*/*/*/"${of##*/}"
	go c.yaml:w
	made
	equals 0 "$(ran)"
}

@test "certificate: what runs anything has none" {
	for _ in 1 2 3 4; do
		go c.yaml:some
		made
	done
	run -0 flyte-show last
	has "p" "$output"
}

@test "certificate: inputs from a pipe are read once, with one and without" {
	for _ in 1 2 3; do
		: >log
		run -0 bash -c 'echo "{\"n\": 3}" | flyte-run -q -o o c.yaml:w -i -'
		equals 12 "$output"
	done
	copied
	run -0 flyte-cache rm --all
	run -0 bash -c 'echo "{\"n\": 3}" | flyte-run -q -o o c.yaml:w -i -'
	equals 12 "$output"
	equals 3 "$(ran)"
}

@test "certificate: a name means one execution" {
	settle c.yaml:w
	go --name one -o o c.yaml:w
	copied
	equals 12 "$output"
	n=$(find "$FLYTE_HOME/executions" -name journal | wc -l)
	go --name one -o o c.yaml:w
	equals 12 "$output"
	equals "$n" "$(find "$FLYTE_HOME/executions" -name journal | wc -l)"
	run -4 flyte-run --name one c.yaml:w n=8
}

@test "certificate: wrong inputs and wishes are told as ever" {
	settle c.yaml:w
	run -2 flyte-run c.yaml:w n=x
	has "n" "$output"
	run -2 flyte-run c.yaml:w m=1
	run -2 flyte-run -o nope c.yaml:w
}

# sql TEXT: changes the catalog behind its back.
sql() {
	python3 -c 'import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute(sys.argv[2])
c.commit()' "$FLYTE_HOME/catalog.db" "$1"
}

@test "certificate: it ends when a use is to be noted again" {
	settle c.yaml:w
	sql "UPDATE entry SET used = used - 90000"
	sql "UPDATE certificate SET until = until - 90000"
	go c.yaml:w
	made
	go c.yaml:w
	copied
}

@test "certificate: whoever removes or changes an entry, it is seen" {
	settle c.yaml:w
	sql "DELETE FROM entry WHERE tag IN (SELECT tag FROM entry LIMIT 1)"
	go c.yaml:w
	made
	equals 1 "$(ran)"
	go c.yaml:w
	go c.yaml:w
	copied
	sql "UPDATE entry SET command = x'00'"
	go c.yaml:w
	made
}

@test "certificate: an execution made anew under a name is not the one copied" {
	go c.yaml:w n=3
	go c.yaml:w n=4
	go --name x c.yaml:w n=3
	: >log
	go c.yaml:w n=3
	copied
	rm -rf "$FLYTE_HOME"/executions/*/*/*/x
	go --name x c.yaml:w n=4
	go -o o c.yaml:w n=3
	equals 12 "$output"
	made
	run -0 --separate-stderr flyte-show last/a
	has "n = 3" "$output"
}

@test "certificate: a damaged long literal of the original is not handed on" {
	damaged=1
	cat >l.yaml <<-'EOT'
	tasks:
	  long:
	    outputs: {o: str}
	    stdout: o
	    cache: "1"
	    run: head -c 20000 /dev/zero | tr '\0' x
	workflows:
	  w: {nodes: {a: {task: long}}, outputs: {o: $a.o}}
	EOT
	settle -o o l.yaml:w
	of=$(journal | sed -n '1s,.*"repeats": "[^"]*/\([^"]*\)".*,\1,p')
	lit=$(echo "$FLYTE_HOME"/executions/*/*/*/"$of"/literals/*)
	chmod u+w "$lit"
	printf y | dd of="$lit" bs=1 seek=500 conv=notrunc status=none
	go -o o l.yaml:w
	equals 20000 "${#output}"
	made
	run -0 --separate-stderr flyte-show last/a --json
	lacks xyx "$output"
}

@test "certificate: a link that is turned while the spec is read leads nobody astray" {
	needs_strace
	for r in r1 r2; do
		mkdir $r
		echo "echo $r" >$r/s.sh
		chmod +x $r/s.sh
		touch -d '1 hour ago' $r/s.sh
	done
	cat >t.yaml <<-'EOT'
	tasks:
	  t: {outputs: {o: str}, stdout: o, cache: auto, script: cur/s.sh}
	workflows:
	  w: {nodes: {a: {task: t}}, outputs: {o: $a.o}}
	EOT
	ln -s r1 cur
	go -o o t.yaml:w
	equals r1 "$output"
	# Held between the opening of the script and all that comes after it.
	traced -o trace -e trace=openat -P cur/s.sh \
	    -e inject=openat:delay_exit=1000000 \
	    flyte-run -q -o o t.yaml:w >out 2>err 3>&- &
	sleep 0.4
	ln -sfn r2 cur
	wait $!
	go -o o t.yaml:w
	equals r2 "$output"
	go -o o t.yaml:w
	equals r2 "$output"
}
