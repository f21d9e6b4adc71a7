#ifndef SPEC_EXPR_H
#define SPEC_EXPR_H

/*
 * Conditions of a switch:
 *	or:	and { "or" and }
 *	and:	not { "and" not }
 *	not:	"not" not | "(" or ")" | operand [ op operand ]
 *	op:	== != < <= > >=
 * An operand is a reference, a number, a word or a text in quotes; a boolean
 * reference alone is compared with true.  "not" is put into the comparisons,
 * for which Flyte has no sign of its own.
 */

#include "spec/workflow.h"

/* The references of a branch's conditions: its inputs, each once. */
struct expr_inputs {
	pb_binding	**at;		/* in the arena */
	size_t		 n, cap;
	struct map	 seen;
};

/* The condition at a scalar; NULL with a fault. */
pb_boolean_expression *expr_load(struct workflow *, uint32_t node,
		    struct expr_inputs *);

#endif
