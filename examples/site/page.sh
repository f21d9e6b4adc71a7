#!/bin/sh
#% inputs: {page: file(md), style: str}
#% outputs: {html: file(html)}
#% cache: auto
# shellcheck disable=SC2154 # page and style are the inputs named above
set -eu
title=$(sed -n 's/^# //p' "$page" | head -n 1)
{
	printf '<!doctype html>\n<title>%s</title>\n<style>%s</style>\n' "$title" "$style"
	sed -e 's/^# \(.*\)/<h1>\1<\/h1>/' -e 's/\[\(.*\)\](\(.*\))/<a href="\2">\1<\/a>/' "$page"
} > "$FLYTE_OUTPUTS/html"
