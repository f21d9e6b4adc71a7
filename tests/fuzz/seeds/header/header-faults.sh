#!/bin/sh
# A script.
#% inputs: {n: imt}
#% run: echo
#% cache: auto
echo "{{.inputs.n}}"
