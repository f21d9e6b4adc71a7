# Completion in bash: what is offered comes from the programs.
load helper

local_setup() {
	# shellcheck disable=SC1091
	. "$TOP/completions/flyte.bash"
}

# offers WORD...: what is offered for the last of the words, sorted; in zsh the
# same as in bash.
offers() {
	local given
	given=$(in_bash "$@" | listed)
	if command -v zsh >/dev/null; then
		equals "$given" "$(in_zsh "$@" | listed)" >&2 || echo 'not so in zsh'
	fi
	echo "$given"
}

listed() {
	LC_ALL=C sort -u | grep . | tr '\n' ' '
}

in_bash() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	compopt() { :; }
	_flyte
	printf '%s\n' "${COMPREPLY[@]}"
}

# What bash takes for three words is one.
in_zsh() {
	local words=() glue='' word front
	for word; do
		if [ "$word" = : ] || [ "$word" = = ] || [ -n "$glue" ]; then
			words[-1]+=$word
			[ "$word" = : ] || [ "$word" = = ] && glue=1 || glue=
		elif [[ $word == :* ]]; then
			words[-1]+=$word
		else
			words+=("$word")
		fi
	done
	front=''
	[[ ${words[-1]} != *.*:* ]] || front=${words[-1]%%:*}:
	zsh -f "$BATS_TEST_DIRNAME/completion.zsh" "$TOP/completions/flyte.zsh" "${words[@]}" |
		sed "s|^$front||"
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

# options PROGRAM: all that its help names.
options() {
	"$1" --help | sed -n '/^Options:/,/^[A-Z].*:$/p' | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE -- '-[-a-zA-Z]+'
}

@test "completion: every option and command of every help, in each shell" {
	local p n
	for p in "$FLYTE_BIN"/flyte*; do
		n=${p##*/}
		[ -n "$(options "$n")" ]
		equals "$(options "$n" | LC_ALL=C sort -u | tr '\n' ' ')" "$(offers "$n" -)"
		for v in $("$n" --help | sed -n '/^Commands:/,/^Options:/s/^  \([a-z]*\) .*/\1/p'); do
			has " $v " " $(offers "$n" '')"
		done
	done
}

@test "completion: what options take, also behind an equals sign" {
	mkdir folder
	: >file
	equals "off on read refresh write " "$(offers flyte-run --cache '')"
	equals "off on " "$(offers flyte-exec --cache = o)"
	equals "launch_plan task workflow " "$(offers flyte-run --type '')"
	equals "all auto none " "$(offers flyte-register --copy '')"
	equals "json text " "$(offers flyte-register check --format '')"
	equals "text " "$(offers flyte-run --jq-ints '')"
	equals "folder " "$(offers flyte-exec --with '')"
	equals "file folder " "$(offers flyte-cache run --depends f)"
	printf 'tasks: {t: {run: "true"}}\nworkflows: {w: {nodes: {one: {task: t}, two: {task: t}}}}\n' >w.yaml
	flyte-run -q --name r w.yaml:w
	equals "one two " "$(offers flyte-run --recover r --from '')"
	equals "r " "$(offers flyte-run --recover = r)"
}

@test "completion: every program of the suite is named in both files" {
	local p
	for p in "$FLYTE_BIN"/flyte*; do
		grep -q "\\b${p##*/}\\b" "$TOP/completions/flyte.bash"
		grep -q "\\b${p##*/}\\b" "$TOP/completions/flyte.zsh"
	done
	bash -n "$TOP/completions/flyte.bash"
	command -v zsh >/dev/null || skip 'no zsh: only the completion of bash was tried'
	zsh -n "$TOP/completions/flyte.zsh"
}
