#!/bin/sh
# The square of a number: a script that is a typed task.
#
#	flyte-exec ./square.sh n=7
#
#% inputs:  {n: int}
#% outputs: {out: int}
#% stdout:  out
#% cache:   auto
# shellcheck disable=SC2154 # n is the input named above
echo $((n * n))
