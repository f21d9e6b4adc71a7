#compdef flyte flyte-register flyte-run flyte-exec flyte-cache flyte-show flyte-ctl
# zsh completion of flyte and flyte-*.  The programs say themselves what they
# take (--completion-helper); nothing is listed here a second time.

# Executions, and with a slash the nodes of one.
_flyte_ids() {
	local id=${PREFIX%%/*}
	if [[ $PREFIX == */* ]]; then
		compadd -- ${${(f)"$(_flyte_nodes $id)"}/#/$id/}
	else
		compadd -- last ${(f)"$(flyte-show --color never --limit 50 2>/dev/null |
			awk 'NR > 1 { print $1 }')"}
	fi
}

_flyte_nodes() {
	flyte-show --jsonl "$1" 2>/dev/null | tr '{' '\n' |
		sed -n 's/^"node": "\([^"\\]*\)".*/\1/p'
}

# Project and domain on the line so far, as options: place.
_flyte_place() {
	local -i i
	place=()
	for ((i = 2; i < CURRENT; i++)); do
		case $words[i] in
		(-p|--project|-d|--domain) place+=($words[i] $words[i+1]) ;;
		esac
	done
}

# Registered names, of the project and domain on the line so far.
_flyte_references() {
	local -a place
	_flyte_place
	compadd -- ${(fu)"$(flyte-register list $place 2>/dev/null |
		awk -v short=$#place '{
			sub(/@.*/, "", $NF)
			n = split($NF, part, "/")
			print short ? part[n] : $NF
		}')"}
}

# Projects, of what is registered.
_flyte_projects() {
	compadd -- ${(fu)"$(flyte-register list --all 2>/dev/null |
		awk '{ sub(/\/.*/, "", $NF); print $NF }')"}
}

# What a file holds, behind its name and a colon.
_flyte_in_file() {
	local file=${PREFIX%%:*}
	compadd -- ${${(fu)"$(flyte-register show $file 2>/dev/null |
		sed 's/^launch plan/plan/; s/^[^ ]* \([^ (@]*\).*/\1/')"}/#/$file:}
}

# Inputs of the file or name that stands before, with an equals sign: of what
# FILE:NAME or a name is, or of the sole workflow, else task, of a file.
_flyte_inputs() {
	local -a place
	local -i i
	local target
	_flyte_place
	for ((i = 2; i < CURRENT && $#target == 0; i++)); do
		case $words[i] in
		(-p|--project|-d|--domain) ((i++)) ;;
		(-*) ;;
		(*) target=$words[i] ;;
		esac
	done
	[[ -n $target ]] || return 1
	inputs=(${(f)"$(flyte-register show $place $target 2>/dev/null | awk '
		/^[a-z].*\) ->|^[a-z].*\)$/ {
			line = $0
			sub(/\)( ->.*)?$/, "", line)
			sub(/^[^(]*\(/, "", line)
			kind = $1
			if (kind == "workflow" || best == "")
				best = line
			next
		}
		/^  inputs/ { on = 1; next }
		/^  [a-z]/ { on = 0 }
		on { print $1 "=" }
		END {
			while (match(best, /[A-Za-z_][A-Za-z0-9_]*: /)) {
				print substr(best, RSTART, RLENGTH - 2) "="
				best = substr(best, RSTART + RLENGTH)
			}
		}')"})
	((${#inputs})) && compadd -S '' -- $inputs
}

# What stands for the argument called $1 in the help.
_flyte_argument() {
	local -i i
	case $1 in
	(ID|ID/NODE) _flyte_ids ;;
	(NODE)
		# of the execution that is recovered
		i=$words[(I)--recover]
		((i == 0)) || compadd -- ${(f)"$(_flyte_nodes $words[i+1])"}
		;;
	(DIR) _files -/ ;;
	(FILE|NAME*PATH*) _files ;;
	(PROJECT) _flyte_projects ;;
	(KIND) compadd -- task workflow launch_plan ;;
	(WHEN) compadd -- auto always never ;;
	(FORMAT) compadd -- text json ;;
	(MODE) compadd -- on off read write refresh ;;
	(WHAT) compadd -- none auto all ;;
	(text) compadd -- text ;;
	esac
}

# What a verb of flyte-cache or flyte-register takes, no verb given: files.
_flyte_verb() {
	case $1 in
	(flyte-cache\ explain) _flyte_ids ;;
	(flyte-cache\ (show|rm|pin))
		compadd -- ${(f)"$(flyte-cache ls 2>/dev/null | awk '{ print $1 }')"}
		;;
	(flyte-register\ (list|versions|diff|activate|deactivate)) _flyte_references ;;
	(flyte-register\ show) _flyte_references; _files ;;
	(*) _files ;;
	esac
}

_flyte() {
	local program=${words[1]:t} line helper argument verb
	local -a options verbs field inputs
	local first=2
	if [[ $program == flyte ]]; then
		if ((CURRENT == 2)) && [[ $PREFIX != -* ]]; then
			compadd -- ${${(k)commands[(I)flyte-*]}#flyte-}
			return
		elif ((CURRENT > 2)); then
			program=flyte-$words[2]
			first=3
		fi
	fi
	helper=$($program --completion-helper 2>/dev/null) || return
	for line in ${(f)helper}; do
		field=("${(@ps:\t:)line}")
		case $field[1] in
		(verb) verbs+=("$field[2]:$field[3]") ;;
		(option)
			options+=("$field[2]:$field[4]")
			[[ $field[2] == $words[CURRENT-1] ]] && argument=$field[3]
			;;
		esac
	done
	# --option=value
	if [[ $PREFIX == --*=* ]]; then
		for line in ${(f)helper}; do
			field=("${(@ps:\t:)line}")
			[[ $field[2] == ${PREFIX%%=*} ]] && argument=$field[3]
		done
		compset -P '*='
	fi
	if [[ -n $argument ]]; then
		_flyte_argument $argument
		return
	fi
	if [[ $PREFIX == -* ]]; then
		_describe option options
		return
	fi
	for line in ${words[first,CURRENT-1]}; do
		[[ -n ${(M)verbs:#$line:*} ]] && verb=$line && verbs=()
	done
	(($#verbs)) && _describe command verbs
	case $program in
	(flyte-show) _flyte_ids ;;
	(flyte-ctl) (($#verbs)) || _flyte_ids ;;
	(flyte-cache|flyte-register) _flyte_verb "$program $verb" ;;
	(flyte-run|flyte-exec)
		if [[ $PREFIX == *.*:* ]]; then
			_flyte_in_file
		else
			_flyte_inputs || _flyte_references
			_files
		fi
		;;
	(*) _files ;;
	esac
}

_flyte "$@"
