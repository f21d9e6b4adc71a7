#ifndef SPEC_PROLOGUE_H
#define SPEC_PROLOGUE_H

/* The portable half of a lowered task: what /bin/sh does on a cluster. */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

enum prologue_end {
	PROLOGUE_WORDS,		/* the arguments are the command */
	PROLOGUE_SCRIPT,	/* the first argument is the text of a script */
	PROLOGUE_JQ,		/* the first argument is a jq expression */
};

/*
 * Appends the text for /bin/sh -c.  stdin_name and stdout_name are variables
 * or NULL; exports: the inputs are wanted as $NAME too.
 */
void	prologue_add(struct strbuf *, const pb_typed_interface *,
	    enum prologue_end, int exports, const char *stdin_name,
	    const char *stdout_name);

/*
 * One {{ .name }} at or after *at in a word of a command, as Flyte's
 * propeller finds them (core/template/template.go).  1 and the bounds of all
 * of it and of the name; 0 if there is none.
 */
int	template_next(struct str word, size_t *at, size_t *ret_end,
	    struct str *ret_name);
/* The input meant by a template's name, n 0 if it names none. */
struct str template_input(struct str name);
/* 1 if propeller puts something of its own there ("outputPrefix"). */
int	template_is_flytes(struct str name);

#endif
