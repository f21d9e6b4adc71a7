# The spec front ends through flyte-register check: each file of spec/ and
# spec/check gives its diagnostics (.diag beside it), or none.
# UPDATE_GOLDEN=1 writes those of spec/check.

load helper

golden_of() {
	case $1 in
	*.yaml) printf '%s' "${1%.yaml}.diag" ;;
	*) printf '%s' "$1.diag" ;;
	esac
}

# check_all DIR: in it, so that messages name the files alone.
check_all() {
	local f golden bad=0 n=0
	cd "$BATS_TEST_DIRNAME/$1" || return 1
	for f in *.yaml *.json *.sh *.sql; do
		[ -e "$f" ] || continue
		n=$((n + 1))
		golden=$(golden_of "$f")
		run --separate-stderr flyte-register check "./$f"
		# shellcheck disable=SC2154
		printf '%s\n' "$stderr" | sed 's|^\./||' >"$BATS_TEST_TMPDIR/given"
		if [ "$2" = update ]; then
			cp "$BATS_TEST_TMPDIR/given" "$golden"
		elif [ -e "$golden" ]; then
			[ "$status" = 3 ] || { echo "$f: status $status, expected 3"; bad=1; }
			diff -u "$golden" "$BATS_TEST_TMPDIR/given" || bad=1
		elif [ "$status" != 0 ]; then
			echo "$f: status $status:"
			echo "$stderr"
			bad=1
		fi
	done
	[ "$n" -gt 0 ] && [ $bad = 0 ]
}

@test "spec: every file gives its diagnostics, or none" {
	check_all spec compare
}

@test "spec: what the compiler finds points into the file" {
	if [ -n "${UPDATE_GOLDEN:-}" ]; then
		check_all spec/check update
	fi
	check_all spec/check compare
}

@test "spec: 100,000 nested brackets are one clear message" {
	printf '%100000s' '' | tr ' ' '[' >deep.yaml
	run -3 --separate-stderr flyte-register check deep.yaml
	has 'deep.yaml:1:101: error: nested too deeply: more than 100 levels [too-deep]' "$stderr"
	equals 1 "$(printf '%s\n' "$stderr" | grep -c error:)"
}

@test "spec: a file over the limit is refused" {
	printf '#%67108864s\n' '' >big.yaml
	run -3 --separate-stderr flyte-register check big.yaml
	has 'big.yaml' "$stderr"
	has '67108864' "$stderr"
}

@test "spec: an alias bomb is refused" {
	{
		echo 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]'
		for i in 1 2 3 4 5 6 7 8 9; do
			p="*a$((i - 1))"
			echo "a$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p, $p]"
		done
	} >bomb.yaml
	run -3 --separate-stderr flyte-register check bomb.yaml
	has 'aliases make more than 100000 values [alias]' "$stderr"
}

@test "spec: 100,000 nodes are read, checked and compiled" {
	{
		echo 'tasks: {t: {inputs: {a: int}, outputs: {o: int}, stdout: o, command: [expr, "{{.inputs.a}}"]}}'
		echo 'workflows:'
		echo '  w:'
		echo '    inputs: {a: int}'
		echo '    nodes:'
		echo '      n0: {task: t, with: {a: $a}}'
		awk 'BEGIN { for (i = 1; i < 100000; i++) printf("      n%d: {task: t, with: {a: $n%d.o}}\n", i, (i > 7 ? i - 7 : 0)) }'
		echo '    outputs: {x: $n99999.o}'
	} >large.yaml
	run -0 flyte-register check large.yaml
}

@test "spec: the file's name, folder and place are in no entity" {
	mkdir -p one/two
	cp "$TOP/examples/spend/spend.yaml" one/two/other.yaml
	{ echo '# moved'; cat "$TOP/examples/spend/spend.yaml"; } >spend.yaml
	run -0 flyte-register --as v1 -O a.tgz one/two/other.yaml
	run -0 flyte-register --as v1 -O b.tgz spend.yaml
	cmp a.tgz b.tgz
}
