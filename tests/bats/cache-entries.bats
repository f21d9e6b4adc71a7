# flyte-cache: entries of the catalog, made by flyte-exec and flyte-run.
load helper

local_setup() {
	cat > t.yaml <<'EOF'
tasks:
  add:
    inputs: {n: int, f: file(csv)}
    outputs: {m: int, g: file(csv)}
    cache: "1.0"
    run: |
      echo ran >> "$HOME/ran"
      cat "$f" > "$FLYTE_OUTPUTS/g"
      echo $((n + 1)) > "$FLYTE_OUTPUTS/m"
  slow:
    inputs: {n: int}
    outputs: {m: int}
    cache: {version: "1", serialize: true}
    run: |
      echo ran >> "$HOME/ran"
      sleep 0.5
      echo $n > "$FLYTE_OUTPUTS/m"
workflows:
  two:
    inputs: {n: int, f: file(csv)}
    nodes:
      a: {task: add, with: {n: $n, f: $f}}
      b: {task: add, with: {n: $a.m, f: $a.g}}
    outputs: {m: $b.m}
EOF
	echo a,b > x.csv
	: > "$HOME/ran"
}

runs() {
	wc -l < "$HOME/ran" | tr -d ' '
}

key() {
	flyte-cache ls | head -n 1 | cut -c 1-12
}

@test "ls and show: what an entry is" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	run -0 flyte-cache ls
	has "local/development/add" "$output"
	k=$(key)
	run -0 flyte-cache show "$k"
	has "  n: 1" "$output"
	has "  m: 2" "$output"
	has "  f: sha256:" "$output"
	has "  whole" "$output"
	run -0 flyte-cache show --json "${k:0:6}"
	has '"inputs": {' "$output"
	has '"outputs": {' "$output"
	run -0 flyte-cache ls --json
	has "[{\"key\": \"$k" "$output"
	run -0 --separate-stderr flyte-cache ls --jsonl -p other
	equals "" "$output"
	run -5 --separate-stderr flyte-cache ls other
	equals "" "$output"
	equals "flyte-cache: other: no entry is of this task; 'flyte-cache ls' lists all" "$stderr"
	run -5 flyte-cache ls -p other add
	has "no entry is of this task in project other" "$output"
	flyte-exec ./t.yaml:add n=2 f=x.csv > out
	run -0 flyte-cache ls --limit 1
	equals 1 "${#lines[@]}"
	flyte-cache run -- printf '%01024d' 1 >out
	run -0 flyte-cache ls
	equals 3 "${#lines[@]}"
	# Each column begins and ends where it does in the other rows.
	equals 1 "$(printf '%s\n' "${lines[@]}" | sed 's/local\/.*/|/' | awk '{ print length }' | sort -u | wc -l)"
	equals 1 "$(printf '%s\n' "${lines[@]}" | sed -E 's/(local[^ ]+ +).*/\1|/' | awk '{ print length }' | sort -u | wc -l)"
}

@test "the same bytes elsewhere are the same key" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > one
	mkdir d
	cp x.csv d/other.csv
	flyte-exec ./t.yaml:add n=1 f=d/other.csv > two
	equals 1 "$(runs)"
	cmp one two
	echo c,d >> x.csv
	flyte-exec ./t.yaml:add n=1 f=x.csv > one
	equals 2 "$(runs)"
}

@test "rm forgets, the task runs again" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	flyte-exec ./t.yaml:add n=2 f=x.csv > out
	run -0 flyte-cache rm -n "$(key)"
	equals "would remove 1 entry" "$output"
	run -0 flyte-cache rm "$(key)"
	equals "removed 1 entry" "$output"
	run -0 flyte-cache rm -q --all add
	equals "" "$output"
	equals "" "$(flyte-cache ls)"
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	equals 3 "$(runs)"
	run -2 flyte-cache rm
	run -5 flyte-cache rm 00000000
}

@test "gc keeps what is pinned, unpinned it goes" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	k=$(key)
	run -0 flyte-cache pin "$k"
	sleep 1.1
	run -0 flyte-cache gc --max-size 0 --older 0s
	has "removed 0 entries, 0 blobs" "$output"
	run -0 flyte-cache ls
	has " p local/" "$output"
	run -0 flyte-cache pin --unpin "$k"
	equals "unpinned 1 entry" "$output"
	run -0 flyte-cache gc --max-size 0 --older 0s
	has "removed 1 entry, 1 blob" "$output"
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	equals 2 "$(runs)"
}

@test "a hit whose blob is gone is a miss that says so, and is mended" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	rm -rf "$FLYTE_HOME/blobs/sha256"
	run -0 --separate-stderr flyte-exec ./t.yaml:add n=1 f=x.csv
	has "is gone" "$stderr"
	equals 2 "$(runs)"
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	equals 2 "$(runs)"
	run -0 flyte-cache verify
	equals "1 blob read, 0 damaged; 1 entry, 0 dangling" "$output"
}

@test "a hit whose blob has a flipped byte is a miss" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	p=$(find "$FLYTE_HOME/blobs/sha256" -type f)
	chmod u+w "$p"
	printf X | dd of="$p" bs=1 conv=notrunc status=none
	run -7 --separate-stderr flyte-cache verify
	has "needs blob:" "$stderr"
	run -0 --separate-stderr flyte-exec ./t.yaml:add n=1 f=x.csv
	has "is damaged" "$stderr"
	equals 2 "$(runs)"
	run -0 flyte-cache verify
}

@test "verify --repair removes entries that need what is gone" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	rm -rf "$FLYTE_HOME/blobs/sha256"
	run -7 flyte-cache verify
	run -0 flyte-cache verify --repair
	has "; repaired" "$output"
	run -0 --separate-stderr flyte-cache ls
	equals "" "$output"
}

@test "explain: which field made a node run, which entry a hit came from" {
	flyte-run -q ./t.yaml:two n=1 f=x.csv > out
	run -0 flyte-cache explain last
	has "/a: ran: nothing of this task was kept before" "$output"
	flyte-run -q ./t.yaml:two n=1 f=x.csv > out
	run -0 flyte-cache explain last/a
	has "/a: reused: from " "$output"
	has "/a (entry " "$output"
	run -0 flyte-cache explain --json last
	equals "reuse HIT true" "$(echo "$output" | jq -r '.[0] | "\(.fate) \(.code) \(.detail.entry | length == 16)"')"
	flyte-run -q ./t.yaml:two n=5 f=x.csv > out
	run -0 flyte-cache explain last/a
	has "/a: ran: input n differs: 5, was " "$output"
	echo c,d >> x.csv
	flyte-run -q ./t.yaml:two n=5 f=x.csv > out
	run -0 flyte-cache explain last/a
	has "/a: ran: input f differs: $PWD/x.csv (sha256:" "$output"
	has "), was sha256:" "$output"
	sed -i 's/n + 1/n + 2/' t.yaml
	flyte-run -q ./t.yaml:two n=5 f=x.csv > out
	run -0 flyte-cache explain last/a
	has "/a: ran: command differs: " "$output"
	flyte-run -q ./t.yaml:two n=5 f=x.csv > out
	flyte-cache rm --all
	run -0 flyte-cache explain last/a
	has "/a: reused: the entry is gone by now" "$output"
	run -5 flyte-cache explain last/nope
	run -5 flyte-cache explain zzzz
	run -2 flyte-cache explain
}

@test "the state folder can be moved" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > out
	mv "$FLYTE_HOME" "$BATS_TEST_TMPDIR/moved"
	export FLYTE_HOME="$BATS_TEST_TMPDIR/moved"
	run -0 flyte-exec -o g ./t.yaml:add n=1 f=x.csv
	has "$BATS_TEST_TMPDIR/moved/blobs/" "$output"
	equals 1 "$(runs)"
	equals a,b "$(cat "$output")"
}

@test "a corrupt catalog costs time, not results" {
	flyte-exec ./t.yaml:add n=1 f=x.csv > one
	head -c 20000 /dev/urandom > "$FLYTE_HOME/catalog.db"
	rm -f "$FLYTE_HOME"/catalog.db-*
	run -0 --separate-stderr flyte-exec ./t.yaml:add n=1 f=x.csv
	has "catalog.db: damaged" "$stderr"
	has "verify --repair" "$stderr"
	equals "$(cat one)" "$output"
	flyte-cache verify --repair
	flyte-exec ./t.yaml:add n=1 f=x.csv > two
	flyte-exec ./t.yaml:add n=1 f=x.csv > two
	equals 3 "$(runs)"
	cmp one two
}

@test "eight runs of the same at once: one entry, all the same answer" {
	for i in 1 2 3 4 5 6 7 8; do
		flyte-exec ./t.yaml:add n=1 f=x.csv > "out$i" 2> "err$i" &
	done
	all_ended
	for i in 2 3 4 5 6 7 8; do
		cmp out1 "out$i"
	done
	equals 1 "$(flyte-cache ls | grep -c .)"
	run -0 flyte-cache verify
}

@test "serialize: of many at once one computes, the others take its result" {
	for i in 1 2 3 4; do
		flyte-exec ./t.yaml:slow n=1 > "out$i" 2> "err$i" &
	done
	all_ended
	for i in 2 3 4; do
		cmp out1 "out$i"
	done
	equals 1 "$(runs)"
}

@test "serialize: a killed holder frees the waiter at once" {
	sed -i 's/sleep 0.5/[ -e "$HOME\/first" ] || { : > "$HOME\/first"; exec sleep 30; }/' t.yaml
	flyte-exec ./t.yaml:slow n=1 > out1 2> err1 &
	first=$!
	within 30 [ -e "$HOME/first" ]
	flyte-exec ./t.yaml:slow n=1 > out2 2> err2 &
	second=$!
	sleep 0.3
	start=$(date +%s%N)
	kill -9 $first
	wait $second
	took=$((($(date +%s%N) - start) / 1000000))
	equals 2 "$(runs)"
	[ $took -lt 5000 ]
}

@test "lockwait: waits for the kernel, not by polling; wrong use is 2" {
	w=${FLYTE_LIBEXEC:-$FLYTE_BIN/../libexec/flyte}/lockwait
	run -0 "$w" 5 1 <> "$BATS_TEST_TMPDIR/lock"
	run -2 "$w" 5 1 more <> "$BATS_TEST_TMPDIR/lock"
	run -2 "$w" five 1 <> "$BATS_TEST_TMPDIR/lock"
	run -8 "$w" 5 1 < /dev/null
}
