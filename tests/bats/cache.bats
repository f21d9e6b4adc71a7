# flyte-cache: blobs; the catalog's entries are in cache-entries.bats.
load helper

ABC=blob:sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
EMPTY=blob:sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

blob_path() {
	local hex=${1#blob:sha256:}
	echo "$FLYTE_HOME/blobs/sha256/${hex:0:2}/${hex:2}"
}

as_nobody() { # runs as another user, with no rights in $FLYTE_HOME
	[ "$(id -u)" = 0 ] || skip "needs root"
	chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" 2>/dev/null || true
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}

@test "put: prints the address, get gives the bytes back" {
	printf abc > a
	run -0 flyte-cache put a
	equals "$ABC" "$output"
	run -0 flyte-cache get "$ABC"
	equals abc "$output"
	run -0 flyte-cache get "sha256:${ABC#blob:sha256:}"
	equals abc "$output"
	run -0 flyte-cache get "$(blob_path "$ABC")"
	equals abc "$output"
	run -0 flyte-cache get "$ABC" -
	equals abc "$output"
}

@test "put: from stdin, an empty file, several at once" {
	run -0 bash -c 'printf abc | flyte-cache put -'
	equals "$ABC" "$output"
	: > none
	printf abc > a
	run -0 flyte-cache put none a
	equals "$EMPTY
$ABC" "$output"
	run -0 flyte-cache put --jsonl a
	equals "{\"uri\": \"$ABC\", \"size\": 3, \"from\": \"a\"}" "$output"
}

@test "put: the user's file stays writable and is not linked" {
	printf abc > a
	flyte-cache put a
	[ -w a ]
	equals 1 "$(stat -c %h a)"
	printf changed > a
	run -0 flyte-cache get "$ABC"
	equals abc "$output"
}

@test "put: what cannot be stored is a bad input" {
	run -2 --separate-stderr flyte-cache put gone
	equals "flyte-cache: gone: No such file or directory" "$stderr"
	mkfifo pipe
	run -2 --separate-stderr flyte-cache put pipe
	equals "flyte-cache: pipe: neither file nor folder" "$stderr"
	mkdir d
	mkfifo d/pipe
	run -2 --separate-stderr flyte-cache put d
	has "d: " "$stderr"
	has "neither file, folder nor link" "$stderr"
	run -2 flyte-cache put
}

@test "put and get: directories with modes, links and empty folders" {
	mkdir -p d/empty d/sub
	printf abc > d/sub/f
	printf run > d/x
	chmod 755 d/x
	ln -s sub/f d/link
	uri=$(flyte-cache put d)
	has / "$uri"
	run -0 flyte-cache get "$uri" copy
	diff -r d copy
	[ -x copy/x ] && [ -d copy/empty ] && [ -L copy/link ]
	[ -w copy/sub ]
	equals "$uri" "$(flyte-cache put copy)"
	run -2 --separate-stderr flyte-cache get "$uri"
	has "is a directory" "$stderr"
}

@test "get: never overwrites unasked, --replace does, --link is read-only" {
	printf abc | flyte-cache put -
	printf mine > f
	run -4 --separate-stderr flyte-cache get "$ABC" f
	equals "flyte-cache: f: is there already; --replace replaces it" "$stderr"
	equals mine "$(cat f)"
	run -0 flyte-cache get --replace "$ABC" f
	equals abc "$(cat f)"
	[ -w f ]
	run -0 flyte-cache get --link "$ABC" in.csv
	[ -L in.csv ]
	equals abc "$(cat in.csv)"
	run -2 flyte-cache get --link "$ABC"
	run -6 --separate-stderr flyte-cache get s3://bucket/x
	equals "flyte-cache: s3://bucket/x: s3: URIs are not supported yet" "$stderr"
	run -6 flyte-cache put http://host/x
	run -2 flyte-cache get nonsense
	run -5 flyte-cache get "$EMPTY"
}

@test "get: a full disk is an error, exit 8" {
	[ -e /dev/full ] || skip "no /dev/full"
	printf abc | flyte-cache put -
	run -8 --separate-stderr bash -c 'flyte-cache get "$1" > /dev/full' - "$ABC"
	has "No space left" "$stderr"
}

@test "get: --replace takes the place of a directory, and of a file" {
	mkdir -p d e/old
	printf abc > d/f
	uri=$(flyte-cache put d)
	run -4 flyte-cache get "$uri" e
	run -0 flyte-cache get --replace "$uri" e
	equals f "$(ls e)"
	printf abc | flyte-cache put -
	run -0 flyte-cache get --replace "$ABC" e
	equals abc "$(cat e)"
	run -0 flyte-cache get --replace "$uri" e
	equals f "$(ls e)"
	equals "d e" "$(ls -A | tr '\n' ' ' | sed 's/ $//')"
}

@test "put: a write that fails is an error, exit 8, and leaves nothing" {
	head -c 300000 /dev/zero > big
	run -8 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 100; flyte-cache put big'
	has "File too large" "$stderr"
	equals "" "$(ls -A "$FLYTE_HOME/blobs/tmp")"
	mkdir d
	mv big d
	run -8 --separate-stderr bash -c 'trap "" XFSZ; ulimit -f 100; flyte-cache put d'
	equals "" "$(ls -A "$FLYTE_HOME/blobs/tmp")"
	run -0 flyte-cache put d
}

@test "put: a full disk is an error, exit 8, and what was there stays" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir "$FLYTE_HOME"
	mount -t tmpfs -o size=1m none "$FLYTE_HOME" 2>/dev/null || skip "cannot mount"
	head -c 400000 /dev/urandom > small
	head -c 4000000 /dev/urandom > big
	uri=$(flyte-cache put small)
	status=0
	flyte-cache put big 2> err || status=$?
	flyte-cache get "$uri" > back
	left=$(ls -A "$FLYTE_HOME/blobs/tmp")
	found=$(flyte-cache verify)
	umount "$FLYTE_HOME"
	equals 8 "$status"
	has "No space left on device" "$(cat err)"
	equals "" "$left"
	cmp small back
	has " 0 damaged" "$found"
}

@test "show: a blob" {
	printf abc | flyte-cache put -
	run -0 flyte-cache show "$ABC"
	has "path   $(blob_path "$ABC")" "$output"
	has "state  whole" "$output"
	run -0 flyte-cache show --json "$ABC"
	has '"whole": true' "$output"
	run -5 flyte-cache show "$EMPTY"
}

@test "a flipped byte: get refuses, verify finds, --repair removes, put mends" {
	printf abc > a
	flyte-cache put a
	chmod u+w "$(blob_path "$ABC")"
	printf X | dd of="$(blob_path "$ABC")" bs=1 seek=1 conv=notrunc status=none
	run -7 --separate-stderr flyte-cache get "$ABC"
	equals "" "$output"
	has damaged "$stderr"
	run -7 --separate-stderr flyte-cache verify
	has "$ABC: damaged" "$stderr"
	equals "1 blob read, 1 damaged; 0 entries, 0 dangling" "$output"
	run -0 flyte-cache verify --repair
	run -5 flyte-cache get "$ABC"
	run -0 flyte-cache put a
	run -0 flyte-cache verify
	equals "1 blob read, 0 damaged; 0 entries, 0 dangling" "$output"
}

@test "verify: a byte that changed without leaving a trace in stat is found" {
	printf abc > a
	flyte-cache put a
	p=$(blob_path "$ABC")
	flyte-cache verify -q
	chmod u+w "$p"
	stamp=$(stat -c %y "$p")
	printf X | dd of="$p" bs=1 conv=notrunc status=none
	touch -d "$stamp" "$p"
	chmod u-w "$p"
	run -7 flyte-cache verify
}

@test "du and gc: the longest unused goes, what is young stays" {
	for i in 1 2 3; do
		head -c 10000 /dev/zero | tr '\0' "$i" > "f$i"
		flyte-cache put "f$i" > "u$i"
		sleep 1.1
	done
	run -0 flyte-cache du --json
	has '"files": 3, "file_bytes": 30000' "$output"
	printf 'tasks: {t: {cache: "1", inputs: {n: int}, outputs: {m: int}, jq: .n}}\n' >t.yaml
	flyte-exec -q t.yaml n=1
	all=$(flyte-cache du --json | jq '.entry_bytes + .file_bytes')
	equals "$all" "$(flyte-cache gc -n --json | jq .left)"
	flyte-cache rm --all
	run -0 --separate-stderr flyte-cache gc --max-size 20K
	has "removed 0 entries, 0 blobs" "$output"
	has "the rest is pinned, in use or was used within the time of --older" "$stderr"
	run -0 flyte-cache gc --max-size 25000 --older 0s -n
	has "would remove 0 entries, 1 blob" "$output"
	run -0 flyte-cache gc --max-size 25000 --older 0s
	has "removed 0 entries, 1 blob" "$output"
	run -5 flyte-cache get "$(cat u1)"
	run -0 flyte-cache get "$(cat u2)"
	run -0 flyte-cache get "$(cat u3)"
	run -2 flyte-cache gc --max-size lots
	run -2 flyte-cache gc --max-size 99999999999G
	run -2 flyte-cache gc --older yesterday
}

@test "gc: what a crash left behind goes after a day" {
	printf abc | flyte-cache put -
	printf half > "$FLYTE_HOME/blobs/tmp/.tmp.1.2.3"
	mkdir "$FLYTE_HOME/blobs/tmp/.tmp.1.2.4"
	mkdir -p "$FLYTE_HOME/registry/.tmp.1.2.5" "$FLYTE_HOME/registry/p/d/task"
	printf half > "$FLYTE_HOME/registry/.tmp.1.2.5/0"
	printf half > "$FLYTE_HOME/registry/p/d/task/.tmp.1.2.6"
	printf whole > "$FLYTE_HOME/registry/p/d/task/t@v1"
	touch -d '2 days ago' "$FLYTE_HOME/blobs/tmp/.tmp.1.2.3" \
		"$FLYTE_HOME/registry/.tmp.1.2.5" "$FLYTE_HOME"/registry/p/d/task/*
	touch -d '2 days ago' "$FLYTE_HOME/registry/p/d/task/.tmp.1.2.6"
	run -0 flyte-cache gc -n
	has "3 temporary" "$output"
	run -0 flyte-cache gc
	has "3 temporary" "$output"
	equals "p" "$(ls -A "$FLYTE_HOME/registry")"
	equals "t@v1" "$(ls -A "$FLYTE_HOME/registry/p/d/task")"
	[ ! -e "$FLYTE_HOME/blobs/tmp/.tmp.1.2.3" ]
	[ -e "$FLYTE_HOME/blobs/tmp/.tmp.1.2.4" ]
}

@test "gc: a journal that is young or not at its end keeps what it names" {
	damaged=1
	head -c 10000 /dev/zero > f
	uri=$(flyte-cache put f)
	sleep 1.1
	j=$FLYTE_HOME/executions/p/d/00/id/journal
	mkdir -p "${j%/*}"
	echo "x {\"uri\":\"$uri\"}" > "$j"
	run -0 flyte-cache gc --max-size 1 --older 1s
	run -0 flyte-cache get "$uri" copy
	touch -d '3 days ago' "$j"
	run -0 flyte-cache gc --max-size 1 --older 1s
	has "0 blobs" "$output"
	echo 'crc 1 2 {"r": "workflow", "s": "RUNNING", "o": "{\"s\": \"FAILED\"}"}' >> "$j"
	touch -d '3 days ago' "$j"
	run -0 flyte-cache gc --max-size 1 --older 1s
	has "0 blobs" "$output"
	printf '%s\ncrc 3 2 {"r": "wo' 'crc 2 2 {"r": "workflow", "s": "FAILED", "e": {}}' >> "$j"
	touch -d '3 days ago' "$j"
	run -0 flyte-cache gc --max-size 1 --older 1s
	has "1 blob" "$output"
	run -5 flyte-cache get "$uri" copy2
}

@test "a store that cannot be written gives, and refuses to take" {
	printf abc > a
	flyte-cache put a
	flyte-cache verify -q
	chmod 755 "$FLYTE_HOME"
	cp "$(command -v flyte-cache)" "$BATS_TEST_TMPDIR/fc"
	run -0 as_nobody "$BATS_TEST_TMPDIR/fc" get "$ABC"
	equals abc "$output"
	run -0 as_nobody "$BATS_TEST_TMPDIR/fc" ls
	printf other > "$BATS_TEST_TMPDIR/b"
	chmod 644 "$BATS_TEST_TMPDIR/b"
	run -6 --separate-stderr as_nobody "$BATS_TEST_TMPDIR/fc" put "$BATS_TEST_TMPDIR/b"
	equals "flyte-cache: $FLYTE_HOME: blobs/tmp: Permission denied" "$stderr"
	run -0 as_nobody "$BATS_TEST_TMPDIR/fc" verify
}

@test "another user's blob that may not be read counts as damaged" {
	printf abc > a
	flyte-cache put a
	chmod 000 "$(blob_path "$ABC")"
	cp "$(command -v flyte-cache)" "$BATS_TEST_TMPDIR/fc"
	run --separate-stderr as_nobody "$BATS_TEST_TMPDIR/fc" get "$ABC"
	[ "$status" = 8 ]
	has "Permission denied" "$stderr"
}

@test "a corrupt catalog: refused with how to repair, then rebuilt and kept aside" {
	mkdir -p "$FLYTE_HOME"
	head -c 8192 /dev/urandom > "$FLYTE_HOME/catalog.db"
	run -7 --separate-stderr flyte-cache ls
	has "catalog.db: damaged" "$stderr"
	has "flyte-cache verify --repair" "$stderr"
	run -7 --separate-stderr flyte-cache verify
	run -0 --separate-stderr flyte-cache verify --repair
	has "built anew with 0 entries; the damaged one is kept as" "$stderr"
	ls "$FLYTE_HOME"/catalog.db.damaged-*
	run -0 flyte-cache ls
	run -0 flyte-cache verify
}

@test "a catalog of a newer layout is refused by name" {
	printf abc | flyte-cache put -
	printf '\0\0\0\143' | dd of="$FLYTE_HOME/catalog.db" bs=1 seek=60 conv=notrunc status=none
	run -6 --separate-stderr flyte-cache ls
	has "written by a newer flyte-tools (layout 99" "$stderr"
}

@test "kill -9 at any moment of a put leaves a whole blob or none" {
	head -c 3000000 /dev/urandom > big
	sum=$(sha256sum < big)
	for delay in 0.001 0.002 0.004 0.006 0.008 0.012; do
		rm -rf "$FLYTE_HOME"
		flyte-cache put big > /dev/null &
		sleep $delay
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
		run -0 flyte-cache verify
		has " 0 damaged" "$output"
		uri=$(flyte-cache put big)
		equals "$sum" "$(flyte-cache get "$uri" | sha256sum)"
	done
}

@test "an interrupted put leaves no temporary file" {
	mkfifo pipe
	flyte-cache put - < pipe > /dev/null &
	pid=$!
	exec 7> pipe
	head -c 300000 /dev/zero >&7
	has_temp() { [ -n "$(ls -A "$FLYTE_HOME/blobs/tmp")" ]; }
	within 30 has_temp
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	exec 7>&-
	equals 143 "$status"
	equals "" "$(ls -A "$FLYTE_HOME/blobs/tmp")"
}

@test "eight processes put at once" {
	for i in 1 2 3 4 5 6 7 8; do
		mkdir -p "d$i/sub"
		printf same > "d$i/sub/f"
		printf %s "$i" > "own$i"
	done
	for i in 1 2 3 4 5 6 7 8; do
		flyte-cache put "d$i" "own$i" > "out$i" 2>&1 &
	done
	all_ended
	equals 1 "$(cat out? | grep -c . | awk '{print $1 == 16}')"
	equals 9 "$(cat out? | sort -u | wc -l | tr -d ' ')"
	run -0 flyte-cache verify
	equals "9 blobs read, 0 damaged; 0 entries, 0 dangling" "$output"
}

@test "commands and options: what is wrong is said, exit 2" {
	run -2 --separate-stderr flyte-cache
	run -2 --separate-stderr flyte-cache nonsense
	has "nonsense: no such command" "$stderr"
	run -2 --separate-stderr flyte-cache ls --repair
	has "'ls' takes no --repair" "$stderr"
	run -2 --separate-stderr flyte-cache show xyz
	has "expected a key" "$stderr"
	run -5 flyte-cache show 123456
	run -2 flyte-cache ls --limit 0
	run -0 flyte-cache --version
}

@test "without a store there is nothing, and nothing is made" {
	run -0 --separate-stderr flyte-cache ls
	equals "" "$output"
	equals "flyte-cache: there are no entries" "$stderr"
	run -0 flyte-cache ls --json
	equals "[]" "$output"
	run -0 flyte-cache gc
	run -0 flyte-cache verify
	run -0 flyte-cache du
	[ ! -e "$FLYTE_HOME" ]
	run -2 --separate-stderr env -u FLYTE_HOME -u HOME flyte-cache ls
	has "HOME is not set" "$stderr"
}
