# flyte-ctl fsck: every fault it can tell, planted.
load helper

local_setup() {
	damaged=1
	cat >w.yaml <<-'EOT'
		tasks:
		  add:
		    inputs: {n: int}
		    outputs: {m: int}
		    cache: "1"
		    run: |
		      echo said
		      echo $((n + 1)) > "$FLYTE_OUTPUTS/m"
		  copy:
		    inputs: {f: file}
		    outputs: {g: file}
		    cache: "1"
		    run: cat "$f" > "$FLYTE_OUTPUTS/g"
		  long:
		    outputs: {t: str}
		    run: head -c 40000 /dev/zero | tr '\0' a > "$FLYTE_OUTPUTS/t"
		workflows:
		  two:
		    inputs: {n: int}
		    nodes:
		      x: {task: add, with: {n: $n}}
		      y: {task: add, with: {n: $x.m}}
		    outputs: {r: $y.m}
		  launches:
		    inputs: {n: int}
		    nodes:
		      p: {launchplan: two, with: {n: $n}}
		    outputs: {r: $p.r}
		  copies:
		    inputs: {f: file}
		    nodes:
		      x: {task: copy, with: {f: $f}}
		    outputs: {g: $x.g}
		  waits:
		    inputs: {f: file}
		    nodes:
		      x: {task: copy, with: {f: $f}}
		      v: {gate: {signal: int}, after: [x]}
		    outputs: {g: $x.g}
		  longs:
		    nodes:
		      x: {task: long}
		    outputs: {t: $x.t}
	EOT
	echo hello >f
}

# The folder of an execution.
folder() {
	echo "$FLYTE_HOME"/executions/default/development/*/"$1"
}

# told [ID]: fsck finds exactly the faults on stdin; digests are DIGEST, what
# follows a "…" and the state folder do not count.
told() {
	local want
	want=$(cat)
	run -7 --separate-stderr flyte-ctl fsck -q "$@"
	output=$(sed -e "s|$FLYTE_HOME|HOME|g" -e 's/[0-9a-f]\{64\}/DIGEST/g' \
		-e 's/[0-9a-f]\{62\}/REST/g' -e 's|\(closures\)/[0-9a-f][0-9a-f]/|\1/XX/|' \
		-e 's/^\(catalog: \)[0-9a-f]\{12\}:/\1KEY:/' \
		-e 's|\(development\)/[0-9a-f][0-9a-f]/|\1/XX/|' <<<"$output")
	diff <(printf '%s\n' "$want") <(printf '%s\n' "$output")
	equals "" "$stderr"
}

# rewrite FILE: lines of JSON on stdin as the journal, whole and in order.
rewrite() {
	perl -e '
		my @table = map { my $c = $_; $c = $c & 1 ? ($c >> 1) ^ 0x82f63b78 : $c >> 1 for 1 .. 8; $c } 0 .. 255;
		my $seq = 0;
		while (my $json = <STDIN>) {
			chomp $json;
			my $rest = sprintf "%d %d %s", $seq, 1700000000000000 + $seq, $json;
			$seq++;
			my $c = 0xffffffff;
			$c = $table[($c ^ $_) & 255] ^ ($c >> 8) for unpack "C*", $rest;
			printf "%08x %s\n", $c ^ 0xffffffff, $rest;
		}' >rewritten
	cat rewritten >"$1"
}

# records ID: the JSON of its journal.
records() {
	cut -d' ' -f4- "$(folder "$1")/journal"
}

# journal RECORD...: an execution j of these records behind its first one.
journal() {
	flyte-run -q --name j w.yaml:two n=1 >/dev/null
	{
		records j | head -n 1
		printf '%s\n' "$@"
	} | rewrite "$(folder j)/journal"
}

@test "fsck: nothing wrong where nothing is" {
	run -0 --separate-stderr flyte-ctl fsck
	equals "flyte-ctl: 0 executions, 0 cache entries, 0 versions checked: 0 faults" "$stderr"
	flyte-run -q w.yaml:two n=1
	flyte-run -q w.yaml:launches n=3
	flyte-run -q w.yaml:copies f=f
	flyte-run -q w.yaml:longs
	flyte-register -q --as v1 w.yaml
	flyte-register -q --as v2 w.yaml
	flyte-register activate -q two
	run -0 --separate-stderr flyte-ctl fsck
	equals "" "$output"
	has "5 executions, 5 cache entries, 26 versions checked: 0 faults" "$stderr"
}

@test "fsck: a torn end and temporary files are no faults, and said" {
	flyte-run -q --name t w.yaml:two n=1
	printf 'deadbeef 99 12 {"r": "no' >>"$(folder t)/journal"
	mkdir -p "$FLYTE_HOME/blobs/tmp"
	touch -d '2 days ago' "$FLYTE_HOME/.tmp.1.2.3" "$FLYTE_HOME/executions/.tmp.1.2.4" \
		"$FLYTE_HOME/closures/.tmp.1.2.5" "$FLYTE_HOME/blobs/tmp/.tmp.1.2.6"
	touch "$FLYTE_HOME/.tmp.1.2.7"
	run -0 --separate-stderr flyte-ctl fsck
	equals "" "$output"
	same <(printf '%s\n' "$stderr") <<-'EOT'
		flyte-ctl: 1 journal with a last record that a kill cut off: what goes on with it drops it
		flyte-ctl: 4 temporary files that a kill left: flyte-cache gc removes them
		flyte-ctl: 1 execution, 2 cache entries, 0 versions checked: 0 faults
	EOT
	flyte-cache gc
	run -0 --separate-stderr flyte-ctl fsck
	lacks temporary "$stderr"
	[ -e "$FLYTE_HOME/.tmp.1.2.7" ]
}

@test "fsck: things of the wrong kind" {
	flyte-run -q --name t w.yaml:two n=1
	rm -rf "$FLYTE_HOME"/catalog.db* "$FLYTE_HOME/registry" "$FLYTE_HOME/closures"
	mkdir "$FLYTE_HOME/catalog.db"
	touch "$FLYTE_HOME/registry" "$FLYTE_HOME/closures"
	told <<-'EOT'
		state folder: catalog.db: expected a file, found a folder
		state folder: closures: expected a folder, found a file
		state folder: registry: expected a folder, found a file
	EOT
}

@test "fsck: a journal damaged in the middle, of another, a folder, elsewhere" {
	for t in middle other folder place; do
		flyte-run -q --name $t w.yaml:two n=1
	done
	sed -i '3s/./x/' "$(folder middle)/journal"
	records other | sed 's/"name": "other"/"name": "nother"/' |
		rewrite "$(folder other)/journal"
	rm "$(folder folder)/journal"
	mkdir "$(folder folder)/journal"
	mkdir "$FLYTE_HOME/executions/default/development/zz"
	mv "$(folder place)" "$FLYTE_HOME/executions/default/development/zz/"
	run -7 flyte-ctl fsck -q
	for t in middle other folder place; do
		grep "^$t: " <<<"$output" | sed "s|$FLYTE_HOME|HOME|; s|/[0-9a-f][0-9a-f]/|/XX/|"
	done >given
	same given <<-'EOT'
		middle: HOME/executions/default/development/XX/middle/journal: record 2 is damaged
		other: record 0: this is the journal of default/development/nother
		folder: HOME/executions/default/development/XX/folder/journal: Is a directory
		place: its folder is not where its name belongs: HOME/executions/default/development/XX/place
	EOT
}

@test "fsck: steps that are not legal" {
	journal '{"r": "begin", "n": 1}' \
		'{"r": "start", "p": "x"}' \
		'{"r": "end", "p": "x", "a": 1}' \
		'{"r": "node", "p": "x", "s": "SUCCEEDED"}' \
		'{"r": "node", "p": "x", "s": "RUNNING"}' \
		'{"r": "start", "p": "y"}' \
		'{"r": "start", "p": "y"}' \
		'{"r": "start", "p": "y", "a": 1}' \
		'{"r": "node", "p": "x", "s": "DANCING"}' \
		'{"r": "begin", "n": 3}' \
		'{"r": "signal", "id": "v", "value": {}}' \
		'{"r": "signal", "id": "v", "value": {}}' \
		'{"r": "execution"}' \
		'[]' \
		'{"r": "workflow", "s": "SINGING"}' \
		'{"r": "node", "p": "w", "s": "SUCCEEDED"}' \
		'{"r": "start", "p": "w"}' \
		'{"r": "workflow", "s": "SUCCEEDED"}' \
		'{"r": "workflow", "s": "RUNNING"}'
	run -7 flyte-ctl fsck -q j
	grep '^j: record' <<<"$output" >given
	same given <<-'EOT'
		j: record 3: x: the end of attempt 1, which does not run
		j: record 5: x: RUNNING cannot follow SUCCEEDED
		j: record 7: y: attempt 0 after attempt 0
		j: record 8: y: attempt 1 while attempt 0 had not ended
		j: record 9: x: no phase of a node: DANCING
		j: record 10: process 3 begins after 1
		j: record 12: the gate v gets a second value
		j: record 13: the execution is told first, and once
		j: record 13: this is the journal of //
		j: record 14: no JSON object
		j: record 15: no phase of an execution: SINGING
		j: record 17: w: an attempt of what is SUCCEEDED already
		j: record 19: after the end of the execution
		j: record 19: the execution: RUNNING cannot follow SUCCEEDED
	EOT
}

@test "fsck: elements of a map that end ill, twice or nowhere" {
	journal '{"r": "begin", "n": 1}' \
		'{"r": "node", "p": "m", "s": "RUNNING"}' \
		'{"r": "elements", "p": "m/0", "from": 0, "n": 3, "s": "SUCCEEDED"}' \
		'{"r": "elements", "p": "m/0", "from": 2, "n": 1, "s": "SUCCEEDED"}' \
		'{"r": "elements", "p": "m/0", "from": 3, "n": 1, "s": "FAILED"}' \
		'{"r": "elements", "p": "m/0", "from": 4000000000, "n": 1, "s": "SUCCEEDED"}'
	run -7 flyte-ctl fsck -q j
	grep '^j: record [0-9]*:' <<<"$output" >given
	same given <<-'EOT'
		j: record 4: m/0/n2: ends twice
		j: record 5: m/0: elements told together that ended ill
		j: record 6: no range of elements
	EOT
}

@test "fsck: what still runs in what has ended" {
	journal '{"r": "begin", "n": 1}' \
		'{"r": "node", "p": "s", "s": "RUNNING"}' \
		'{"r": "start", "p": "s/0/x"}' \
		'{"r": "start", "p": "t"}' \
		'{"r": "node", "p": "t", "s": "SUCCEEDED"}' \
		'{"r": "node", "p": "s", "s": "FAILED"}' \
		'{"r": "workflow", "s": "FAILED"}'
	told j <<-'EOT'
		j: record 7: s/0/x: still RUNNING though the execution has ended
		j: record 7: t: its attempt 0 never ended though the execution has
		j: s/0/x: still RUNNING though s is FAILED
	EOT
}

@test "fsck: executions that nodes launched: gone, going on, another's" {
	flyte-run -q --name t w.yaml:launches n=1
	flyte-run -q --name u w.yaml:launches n=2
	flyte-run -q --name v w.yaml:launches n=3
	records t-p-0 | grep -v '"s": "SUCCEEDED", "o"' >open
	rewrite "$(folder t-p-0)/journal" <open
	rm -r "$(folder u-p-0)"
	records v-p-0 | sed 's/"of": "[^"]*"/"of": "q"/' >other
	rewrite "$(folder v-p-0)/journal" <other
	told t <<-'EOT'
		t: p: its execution t-p-0 has not ended though the node has
	EOT
	told u <<-'EOT'
		u: p: its execution u-p-0: HOME/executions/default/development/XX/u-p-0: no such execution
	EOT
	told v <<-'EOT'
		v: p: its execution v-p-0 is one of q
	EOT
}

@test "fsck: closures gone and damaged" {
	flyte-run -q --name t w.yaml:launches n=1
	c=$(records t | sed -n '1s/.*"closure": "\([0-9a-f]*\)".*/\1/p' | head -n 1)
	all=$(records t | head -n 1 | grep -o '"closure": *"[0-9a-f]*"' | tr -dc '0-9a-f\n' | sed 's/^ce//' | sort -u | wc -l)
	[ "$all" -ge 2 ]
	chmod -R u+w "$FLYTE_HOME/closures"
	find "$FLYTE_HOME/closures" -type f -exec sh -c 'echo x >>"$1"' _ {} \;
	run -7 flyte-ctl fsck -q
	has "t: $FLYTE_HOME/closures/" "$output"
	has "t: launch plans: $FLYTE_HOME/closures/" "$output"
	has "closures: $FLYTE_HOME/closures/" "$output"
	has ": damaged" "$output"
	rm -rf "$FLYTE_HOME/closures"
	told t <<-'EOT'
		t: HOME/closures/XX/REST: No such file or directory
		t: launch plans: HOME/closures/XX/REST: No such file or directory
	EOT
}

@test "fsck: logs, long literals, commands and values" {
	flyte-run -q --name t w.yaml:two n=1
	: >"$(folder t)/logs/0.out"
	mkdir "$(folder t)/control"
	echo '{"do": "dance"}' >"$(folder t)/control/1"
	told t <<-'EOT'
		t: x: what it printed is cut off: logs/0.out
		t: y: what it printed is cut off: logs/0.out
		t: control/1: expected "do" to be stop or signal, given dance
	EOT
	rm -r "$(folder t)/control"
	flyte-run -q --name l w.yaml:longs
	chmod -R u+w "$(folder l)/literals"
	for x in "$(folder l)"/literals/*; do echo x >>"$x"; done
	run -7 flyte-ctl fsck -q l
	has "l: literals/" "$output"
	has ": damaged" "$output"
	flyte-run -q --name v w.yaml:two n=1
	records v | sed 's/"integer":"3"/"integral":"3"/' >bad
	rewrite "$(folder v)/journal" <bad
	run -7 flyte-ctl fsck -q v
	has 'v: outputs: ' "$output"
	has 'integral' "$output"
}

@test "fsck: files that are referred to" {
	flyte-run -q --name c w.yaml:copies f=f
	flyte-run -q --name g w.yaml:waits f=f 3>&- &
	pid=$!
	waits() { flyte-show g | grep -q 'for flyte-ctl signal'; }
	within 30 waits
	kill -9 $pid
	wait $pid || true
	waits
	chmod -R u+w "$FLYTE_HOME/blobs"
	find "$FLYTE_HOME/blobs" -type f -exec sh -c 'echo x >>"$1"' _ {} \;
	told c <<-'EOT'
		c: outputs: blob:sha256:DIGEST is damaged
		c: x: outputs: blob:sha256:DIGEST is damaged
	EOT
	run -7 flyte-ctl fsck -q
	has "blobs: blob:sha256:" "$output"
	grep -q '^catalog: [0-9a-f]*: outputs: blob:sha256:[0-9a-f]* is damaged' <<<"$output"
	find "$FLYTE_HOME/blobs" -type f -delete
	run -0 flyte-ctl fsck -q c	# has ended: gc may have been there
	told g <<-'EOT'
		g: x: outputs: blob:sha256:DIGEST is not there
	EOT
	run -7 flyte-ctl fsck -q
	grep -q '^catalog: [0-9a-f]*: outputs: blob:sha256:[0-9a-f]* is not there' <<<"$output"
}

# sql TEXT: changes the catalog.
sql() {
	sqlite3 "$FLYTE_HOME/catalog.db" "$1"
}

@test "fsck: the catalog" {
	flyte-run -q --name c w.yaml:copies f=f
	rm -rf "$FLYTE_HOME/executions"
	command -v sqlite3 >/dev/null || skip "no sqlite3"
	sql "UPDATE entry SET blobs = x''"
	told <<-'EOT'
		catalog: KEY: outputs name blob:sha256:DIGEST, which is not in its list
	EOT
	sql "UPDATE entry SET outputs = x'ffff'"
	run -7 flyte-ctl fsck -q
	has "catalog: " "$output"
	has ": outputs: " "$output"
	sql "PRAGMA writable_schema = 1; DELETE FROM sqlite_schema WHERE name = 'entry'" || true
	printf 'no header at all' | dd of="$FLYTE_HOME/catalog.db" conv=notrunc status=none
	rm -f "$FLYTE_HOME"/catalog.db-*
	run -7 --separate-stderr flyte-ctl fsck -q
	has "catalog: $FLYTE_HOME/catalog.db: damaged" "$output"
	equals 1 "${#lines[@]}"
}

@test "fsck: the registry" {
	flyte-register -q --as v1 w.yaml
	flyte-register -q --as v2 w.yaml
	flyte-register activate -q two@v1
	r=$FLYTE_HOME/registry/default/development
	chmod -R u+w "$r"
	mkdir "$r/task/folder@v1"
	echo x >"$r/task/nameless"
	mkdir "$r/dance"
	echo x >"$r/dance/a@v1"
	echo x >"$r/task/add@v9"
	cp "$r/task/copy@v1" "$r/task/copy@v3"
	cp --remove-destination "$r/task/copy@v1" "$r/task/add@"
	head -c 40 "$r/workflow/two@v2" >short
	cp --remove-destination short "$r/workflow/two@v2"
	rm "$r/launch_plan/two@v1" "$r/workflow/longs@v1" "$r/task/long@v2"
	told <<-'EOT'
		registry: default/development/dance/a@v1: is no name of a version
		registry: default/development/launch_plan/longs@v1: needs the workflow default/development/longs@v1, which is not registered
		registry: default/development/launch_plan/two@@active: its version v1 is not there
		registry: default/development/task/add@: holds copy@v1 instead
		registry: default/development/task/add@v9: damaged: no registered task
		registry: default/development/task/copy@v3: holds default/development/copy@v1 instead
		registry: default/development/task/folder@v1: is no file
		registry: default/development/task/nameless: is no name of a version
		registry: default/development/workflow/longs@v2: needs the task default/development/long@v2, which is not registered
		registry: default/development/workflow/two@v2: damaged: no registered workflow
	EOT
}

@test "fsck: code that registered tasks need" {
	echo 'echo 1' >lib.sh
	cat >code.yaml <<-'EOT'
		tasks:
		  t: {outputs: {o: int}, stdout: o, run: '. "$FLYTE_CODE/lib.sh"', files: [lib.sh]}
	EOT
	flyte-register -q --as v1 code.yaml
	run -0 flyte-ctl fsck -q
	chmod -R u+w "$FLYTE_HOME/registry/.code"
	find "$FLYTE_HOME/registry/.code" -name lib.sh -exec sh -c 'echo x >>"$1"' _ {} \;
	told <<-'EOT'
		registry: .code/sha256-DIGEST.d: damaged: its content is not that of its name
	EOT
	rm -rf "$FLYTE_HOME/registry/.code"
	told <<-'EOT'
		registry: default/development/task/t@v1: its code .code/sha256-DIGEST.d is not there
	EOT
}
