#!/bin/sh
# Adds.
#
#% description: Adds two numbers.
#% inputs:
#%   a: int
#%   b: {type: int, description: the second}
#% outputs: {sum: int}
#% stdout: sum
#% cache: "1"
echo $((a + b))
