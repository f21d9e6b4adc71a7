#!/bin/sh
#% inputs: {n: list[int], m: int}
echo
