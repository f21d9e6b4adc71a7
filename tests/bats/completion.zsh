# completion.zsh FILE WORD...: what the completion in FILE offers for the last
# word, one a line.  The parts of zsh that need a terminal are played here.
zmodload zsh/parameter
file=$1
shift
words=("$@")
CURRENT=$#
PREFIX=$words[-1]
ignored=

compadd() {
	local word
	while [[ $1 == -* ]]; do
		case $1 in
		(--) shift && break ;;
		(-S) shift ;;
		(*) print -u2 "compadd $1: not played" && exit 1 ;;
		esac
		shift
	done
	for word; do
		[[ $word == ${(b)PREFIX}* ]] && print -r -- $word
	done
	return 0
}

# Only "compset -P PATTERN".
compset() {
	PREFIX=${PREFIX#${~2}}
}

_describe() {
	local -a list=("${(@P)2}")
	compadd -- "${list[@]%%:*}"
}

_files() {
	local -a names
	[[ $1 == -/ ]] && names=(*(N/)) || names=(*(N))
	compadd -- $names
}

. $file
