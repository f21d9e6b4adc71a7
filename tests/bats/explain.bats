#!/usr/bin/env bats
# Why a node ran, where a folder or an item of a list differs: which part.

load helper

local_setup() {
	cat >t.yaml <<-'EOF'
	tasks:
	  t: {cache: "1", inputs: {d: dir, n: int}, outputs: {o: int}, run: 'echo 1 >$FLYTE_OUTPUTS/o'}
	  l: {cache: "1", inputs: {l: list(file), ds: list(dir), m: map(int)}, outputs: {o: int}, run: 'echo 1 >$FLYTE_OUTPUTS/o'}
	  mk: {cache: "1", inputs: {n: int}, outputs: {d: dir}, run: 'mkdir -p $FLYTE_OUTPUTS/d/s; echo $n >$FLYTE_OUTPUTS/d/s/a; echo 2 >$FLYTE_OUTPUTS/d/b'}
	workflows:
	  w: {inputs: {n: int}, outputs: {o: $b.o}, nodes: {a: {task: mk, with: {n: $n}}, b: {task: t, with: {d: $a.d, n: 1}}}}
	EOF
	mkdir -p d/c
	local f
	for f in a b old.txt c/y; do echo "$f" >d/$f; done
}

teardown() {
	flyte-ctl fsck -q
}

# What -n says of the task with folder d.
told() {
	flyte-run -n t.yaml:t d=d "n=${1:-1}" | sed -n 's/^run     t  (\(.*\))$/\1/p'
}

@test "explain: the members of a folder that differ, the same in every place" {
	flyte-run -q --name e t.yaml:t d=d n=1
	echo bb >d/b; echo x >d/c/x; rm d/old.txt
	want="input d differs: $PWD/d: b changed, c/x is new, old.txt is gone (3 of 5 members) since default/development/e/t (entry "
	has "$want" "$(told)"
	run -0 --separate-stderr flyte-run -v --name f t.yaml:t d=d n=2
	has "t: runs: $want" "$stderr"
	has "  t: ran: $want" "$stderr"
	has "); n differs too" "$stderr"
	run -0 flyte-cache explain f
	has "f/t: ran: $want" "$output"
	flyte-cache explain --json f >x.json
	equals "d 3 5 2" "$(jq -r '.[0].detail | "\(.field) \(.members_differ) \(.members_total) \(.differences)"' x.json)"
	equals "b changed $(sha256sum <d/b | cut -c -64) $(echo b | sha256sum | cut -c -64)
c/x new $(sha256sum <d/c/x | cut -c -64) null
old.txt gone null $(echo old.txt | sha256sum | cut -c -64)" "$(jq -r '.[0].detail.members[] | "\(.member) \(.what) \(.is) \(.was)"' x.json | sed 's/sha256://g')"
	# The same as a program of its own says it, and as -n does in JSON.
	flyte-exec ./t.yaml:t d=d n=1
	echo bbb >d/b
	run -0 --separate-stderr flyte-exec -v ./t.yaml:t d=d n=1
	has "t: runs: input d differs: $PWD/d: b changed" "$stderr"
	echo bbbb >d/b
	equals b "$(flyte-run -n --json t.yaml:t d=d n=1 | jq -r '.nodes[0].detail.members[0].member')"
}

@test "explain: renamed, another kind, filled and emptied, many, hostile names" {
	flyte-run -q --name e t.yaml:t d=d n=1
	mv d/a d/z
	has ": a is gone, z is new (2 of 5 members) since " "$(told)"
	mv d/z d/a
	chmod +x d/a; ln -sf a d/b; rm d/c/y
	# c is an empty folder now: that it has lost y says as much.
	has ": a is executable now, b is a link now, c/y is gone (3 of 4 members) since " "$(told)"
	chmod -x d/a; rm d/b; echo b >d/b
	has ": c/y is gone (1 of 4 members) since " "$(told)"
	echo c/y >d/c/y
	for i in $(seq 300); do echo >d/m$i; done
	has ": m1 is new, m10 is new, m100 is new and 297 more (300 of 304 members) since " "$(told)"
	equals "16 300" "$(flyte-run -n --json t.yaml:t d=d n=1 | jq -r '.nodes[0].detail | "\(.members | length) \(.members_differ)"')"
	rm d/m*
	printf -v long '%0200d' 7
	echo >$'d/0\n\e[31mred'; echo >$'d/1\xff'; echo >"d/2$long"
	has ": 0??[31mred is new, 1? is new, ...0000000" "$(told)"
	flyte-run -q --name h t.yaml:t d=d n=1
	run -0 flyte-cache explain h
	equals 1 "${#lines[@]}"
	equals '"0\n\u001b[31mred"' "$(flyte-cache explain --json h | jq '.[0].detail.members[0].member')"
}

@test "explain: of a list the item, of a folder in a list its member" {
	mkdir same
	L='' D='' M=''
	for i in $(seq 20); do
		echo $i >g$i
		L+="\"g$i\"," D+='"same",' M+="\"key-number-$i\":$i,"
	done
	L="[${L%,}]" D="[$D\"d\"]" M="{${M%,}}"
	again() {
		flyte-run -n t.yaml:l l="$L" ds="$D" m="${1:-$M}"
	}
	flyte-run -q --name e t.yaml:l l="$L" ds="$D" m="$M"
	echo new >g13
	has "input l[12] differs: $PWD/g13 (sha256:$(sha256sum <g13 | cut -c -12)), was sha256:$(echo 13 | sha256sum | cut -c -12) in " "$(again)"
	echo 13 >g13; echo new >d/c/x
	has "input ds[20] differs: $PWD/d: c/x is new (1 of 5 members) since " "$(again)"
	rm d/c/x
	has "input m.key-number-7 differs: 70, was 7 in " "$(again "${M/:7,/:70,}")"
}

@test "explain: of a folder that a task made, without a second copy" {
	flyte-run -q --name e t.yaml:w n=1
	flyte-run -q --name f t.yaml:w n=2
	run -0 flyte-cache explain f/b
	has "f/b: ran: input d differs: s/a changed (1 of 2 members) since default/development/e/b (entry " "$output"
	equals 0 "$(flyte-cache du --json | jq .listings)"
	# The same where not the catalog but an execution is compared with.
	run -0 --separate-stderr flyte-run -v --cache off --recover f t.yaml:w n=1
	has "b: runs: input d differs: s/a changed (1 of 2 members) since default/development/f/b" "$stderr"
}

@test "explain: an entry without a listing has its digest; gc and verify know them" {
	flyte-run -q --name e t.yaml:t d=d n=1
	equals 1 "$(flyte-cache du --json | jq .listings)"
	echo new >d/new
	has ": new is new (1 of 5 members)" "$(told)"
	sqlite3 "$FLYTE_HOME/catalog.db" "UPDATE listing SET bytes = CAST(replace(bytes, 'old', 'odd') AS BLOB)"
	has "input d differs: $PWD/d (sha256-tree:" "$(told)"
	run -7 --separate-stderr flyte-ctl fsck
	has "listing of sha256-tree:" "$output$stderr"
	run -7 --separate-stderr flyte-cache verify
	has "listing of sha256-tree:" "$stderr"
	run -0 --separate-stderr flyte-cache verify --repair
	equals 0 "$(flyte-cache du --json | jq .listings)"
	has ", was sha256-tree:" "$(told)"
	# As catalogs were before there were any.
	sqlite3 "$FLYTE_HOME/catalog.db" "DROP TABLE listing"
	has ", was sha256-tree:" "$(told)"
	run -0 flyte-cache verify
	run -0 flyte-cache gc
	flyte-run -q --name f t.yaml:t d=d n=1
	rm d/new
	echo bb >d/b
	has ": b changed, new is gone (2 of 5 members) since default/development/f/t (entry " "$(told)"
	flyte-cache rm --all
	equals 1 "$(flyte-cache gc --json | jq .listings)"
	equals 0 "$(flyte-cache du --json | jq .listings)"
}
