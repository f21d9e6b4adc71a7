# Figures of the tree: awk -f stats.awk FILES... (.c and .h)
function done_function(n) {
	size[++functions] = n
	if (n > 60) long[++longs] = sprintf("%5d  %s:%d %s", n, FILENAME, start, name)
}
function file_done() {
	if (file == "") return
	files++
	lines_of[files] = lines
	total += lines
	if (lines > 500) big[++bigs] = sprintf("%5d  %s", lines, file)
}
FNR == 1 { file_done(); file = FILENAME; lines = 0; inside = 0 }
{ lines++ }
/^[ \t]*(\/\*|\*|\/\/)/ { comment++ }
file ~ /\.c$/ && /^[A-Za-z_][A-Za-z0-9_]*\(/ { name = $0; sub(/\(.*/, "", name) }
file ~ /\.c$/ && /^\{/ { start = FNR; inside = 1 }
file ~ /\.c$/ && /^\}/ && inside { done_function(FNR - start - 1); inside = 0 }
file ~ /\.h$/ && /^[a-z].*[A-Za-z0-9_]+\(.*[,;)]/ && !/^static/ { public[file]++ }
function sorted(a, n,   i, j, t) {
	for (i = 2; i <= n; i++) {
		t = a[i]
		for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]
		a[j + 1] = t
	}
}
END {
	file_done()
	sorted(size, functions); sorted(lines_of, files)
	printf "files      %d, lines %d, median %d, p90 %d, max %d\n", files, total, lines_of[int((files + 1) / 2)], lines_of[int(files * 0.9 + 0.5)], lines_of[files]
	printf "functions  %d, median %d, p90 %d, max %d lines\n", functions, size[int((functions + 1) / 2)], size[int(functions * 0.9 + 0.5)], size[functions]
	printf "comments   %.1f%% of lines\n", 100 * comment / total
	for (f in public) { headers++; names += public[f]; if (public[f] > most) { most = public[f]; which = f } }
	printf "headers    %d, public functions %d, most in one %d (%s)\n", headers, names, most, which
	if (bigs) { print "files over 500 lines:"; for (i = 1; i <= bigs; i++) print "  " big[i] }
	if (longs) { print "functions over 60 lines:"; for (i = 1; i <= longs; i++) print "  " long[i] }
}
