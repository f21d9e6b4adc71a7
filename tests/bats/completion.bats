# Completion in bash: what is offered comes from the programs.
load helper

local_setup() {
	# shellcheck disable=SC1091
	. "$TOP/completions/flyte.bash"
}

# offers WORD...: what is offered for the last of the words, sorted.
offers() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_flyte
	printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort -u | tr '\n' ' '
}

@test "completion: programs, verbs and options" {
	has " show " " $(offers flyte '')"
	equals "show " "$(offers flyte sh)"
	equals "fsck " "$(offers flyte-ctl f)"
	equals "fsck " "$(offers flyte ctl f)"
	has " --timeline " " $(offers flyte-show --)"
	has " --resume " " $(offers flyte-run --r)"
	equals "--limit " "$(offers flyte-show --lim)"
	equals "always auto never " "$(offers flyte-show --color '')"
}

@test "completion: executions, nodes and references" {
	cat >w.yaml <<-'EOF'
		tasks:
		  one:
		    outputs: {n: int}
		    run: echo 1 > "$FLYTE_OUTPUTS/n"
		workflows:
		  w:
		    nodes:
		      a: {task: one}
		      b: {task: one}
		    outputs: {n: $a.n}
	EOF
	equals "last " "$(offers flyte-show '')"
	flyte-run -q --name first w.yaml:w
	equals "first last " "$(offers flyte-show '')"
	equals "first " "$(offers flyte-run --resume fi)"
	equals "first/a first/b " "$(offers flyte-ctl approve first/)"
	flyte-register -q -p pay --as v1 ./w.yaml
	has " w " " $(offers flyte-run -p pay '')"
	has "w.yaml" "$(offers flyte-run '')"
}

@test "completion: what a file holds, its inputs, keys and projects" {
	cat >c.yaml <<-'EOF'
		tasks:
		  add: {inputs: {a: int, all: list(int)}, outputs: {n: int}, cache: "1", jq: '.a'}
		workflows:
		  sums: {inputs: {from: int, to: "list(int)"}, nodes: {a: {task: add, with: {a: $from, all: $to}}}, outputs: {n: $a.n}}
	EOF
	# bash splits at the colon
	equals "add sums " "$(offers flyte-run c.yaml :)"
	equals "sums " "$(offers flyte-run c.yaml : s)"
	equals "from= " "$(offers flyte-run c.yaml fr)"
	equals "a= all= " "$(offers flyte-exec c.yaml : add a)"
	flyte-register -q -p pay --as v1 ./c.yaml
	equals "pay " "$(offers flyte-run -p '')"
	equals "to= " "$(offers flyte-run -p pay sums from=1 t)"
	equals "sums " "$(offers flyte-register versions -p pay s)"
	flyte-run -q --name one c.yaml from=1 'to=[2]'
	equals "one " "$(offers flyte-cache explain o)"
	key=$(flyte-cache ls | cut -c1-12)
	equals "$key " "$(offers flyte-cache show "${key:0:3}")"
}

@test "completion: every program of the suite is named in both files" {
	local p
	for p in "$FLYTE_BIN"/flyte*; do
		grep -q "\\b${p##*/}\\b" "$TOP/completions/flyte.bash"
		grep -q "\\b${p##*/}\\b" "$TOP/completions/flyte.zsh"
	done
	bash -n "$TOP/completions/flyte.bash"
	if command -v zsh >/dev/null; then
		zsh -n "$TOP/completions/flyte.zsh"
	fi
}
