#!/usr/bin/perl
# journal.pl [START]: records as JSON, one a line, to the lines of a journal
# (flyte-store(5)).  A record may begin with "@N ": N microseconds after START.
use strict;
use warnings;
my @table = map {
	my $c = $_;
	$c = $c & 1 ? ($c >> 1) ^ 0x82f63b78 : $c >> 1 for 1 .. 8;
	$c
} 0 .. 255;
my ($start, $seq) = ($ARGV[0] // 1700000000000000, 0);
my $at = 0;
while (my $json = <STDIN>) {
	chomp $json;
	$at = $json =~ s/^@(\d+) // ? $1 : $at + 1000;
	my $rest = sprintf '%d %d %s', $seq++, $start + $at, $json;
	my $c = 0xffffffff;
	$c = $table[($c ^ $_) & 255] ^ ($c >> 8) for unpack 'C*', $rest;
	printf "%08x %s\n", $c ^ 0xffffffff, $rest;
}
