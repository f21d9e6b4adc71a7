# Checks every #include against lib/LAYERS: awk -f layers.awk LAYERS FILES...
FNR == 1 { file++ }
file == 1 {
	sub(/#.*/, "")
	if ($1 ~ /^@/) {
		key = substr($1, 2); sub(/:$/, "", key)
		only[key] = " "
		for (i = 2; i <= NF; i++) only[key] = only[key] $i " "
	} else if ($1 != "") {
		key = $1; sub(/:$/, "", key)
		allowed[key] = " " key " "
		for (i = 2; i <= NF; i++) allowed[key] = allowed[key] $i " "
	}
	next
}
/^#[ \t]*include/ {
	n = split(FILENAME, part, "/")
	layer = part[1] == "lib" ? part[2] : "cmd"
	name = $0
	sub(/^#[ \t]*include[ \t]*["<]/, "", name); sub(/[">].*/, "", name)
	if ($0 ~ /"/ && name ~ /\//) {
		split(name, dir, "/")
		if (dir[1] in allowed && index(allowed[layer], " " dir[1] " ") == 0) {
			printf "%s:%d: %s may not include %s\n", FILENAME, FNR, layer, name
			bad = 1
		}
	}
	if ($0 ~ /</)
		for (key in only)
			if (index(name, key) == 1 && index(only[key], " " layer " ") == 0) {
				printf "%s:%d: <%s> is confined to:%s\n", FILENAME, FNR, name, only[key]
				bad = 1
			}
}
END { exit bad }
