load helper

# The examples beyond the README's tour, as their readers would use them.

local_setup() {
	cp -r "$TOP/examples/." .
	chmod -R u+w .
}

@test "examples: a report sums again only the month that changed" {
	cd report
	run -0 flyte-register check report.yaml
	run -0 --separate-stderr flyte-run report.yaml:sales sales=sales -o report=out.md
	equals "# Sales

- north: 60
- south: 18
- west: 22.5" "$(cat out.md)"
	echo west,1 >>sales/2026-02.csv
	run -0 --separate-stderr flyte-run report.yaml:sales sales=sales title=Again -o report=out.md
	has "4 ran, 2 reused" "$stderr"
	equals "# Again

- north: 60
- south: 18
- west: 23.5" "$(cat out.md)"
}

@test "examples: a page of the site that is the same is not made again" {
	cd site
	run -0 make -j2
	has "<h1>About</h1>" "$(cat public/about.html)"
	has '<a href="about.html">about</a>' "$(cat public/index.html)"
	touch pages/about.md
	echo more >>pages/index.md
	run -0 make -j2
	has more "$(cat public/index.html)"
	run -0 --separate-stderr flyte-exec -v ./page.sh page=pages/about.md "style=body { margin: auto }"
	[[ "$stderr" =~ (cached|reused) ]]
	make -s clean
	[ ! -e public ]
}

nightly() {
	flyte-run -q --name "backup-$1" nightly/backup.yaml:backup table=table.csv "day=$1" "into=$PWD/kept"
}

@test "examples: a nightly job says nothing, runs once a day and complains when it fails" {
	printf 'a,1\nb,2\n' >table.csv
	run -0 nightly 2026-04-12
	equals "" "$output"
	run -0 nightly 2026-04-12
	equals "" "$output"
	equals 1 "$(flyte-show --json | jq -s length)"
	equals table.csv "$(tar -tzf kept/backup-2026-04-12.tar.gz)"
	sed -i 's/wc -l < "$table"/echo 5/' nightly/backup.yaml
	run -1 nightly 2026-04-13
	has "the archive does not hold what was dumped" "$output"
	[ ! -e kept/backup-2026-04-13.tar.gz ]
	run -0 flyte-show --logs backup-2026-04-13/fn0
	has "the backup of 2026-04-13 failed" "$output"
}
