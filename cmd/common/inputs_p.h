#ifndef COMMON_INPUTS_P_H
#define COMMON_INPUTS_P_H

/* What inputs.c, which collects, and inputs_bind.c share. */

#include "base/vec.h"
#include "common/given.h"
#include "common/inputs.h"

/* -m INPUT=NAME[.path] */
struct rule {
	const char	*input, *name, *path;	/* path NULL: all of it */
};

struct word {
	const char	*name, *value;
};

/* A literal that is bytes already. */
struct packed {
	const char	*name;
	struct strbuf	 bytes;
};

struct inputs {
	struct context	*context;
	struct arena	*arena;
	enum value_form form;
	const char	*stdin_for;	/* what reads it, or NULL */
	VEC(struct word) words;
	VEC(struct rule) rules;
	VEC(const char *) files;
	VEC(struct given_set *) sets;	/* one a file */
	VEC(struct given *) given;	/* all that they hold */
	int		keep_packed;
	VEC(struct packed) packed;
};

/* Reads the files that were named; ERR_USAGE for a value that two give. */
int	inputs_read_files(struct inputs *, struct err *) must_check;
/* The value that a file gives for the name, or NULL. */
struct given *inputs_given(const struct inputs *, const char *name);

#endif
