#!/bin/sh
# The square of a number: a script that is a typed task.
#
#	flyte-exec ./square.sh n=7
#
#% inputs:  {n: int}
#% outputs: {out: int}
#% stdout:  out
#% cache:   auto
echo $((n * n))
