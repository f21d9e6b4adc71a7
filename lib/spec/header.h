#ifndef SPEC_HEADER_H
#define SPEC_HEADER_H

/*
 * A script is a task: the lines "#% key: value" (or //%, --%, ;%) of its
 * leading comment are the keys.
 */

#include "spec/load.h"

/* Reads and lowers the script; -1 if the header could not be read. */
int	header_load(struct file *, const char *name, struct str text);

#endif
