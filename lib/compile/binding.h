#ifndef COMPILE_BINDING_H
#define COMPILE_BINDING_H

/* One binding under check: shared by binding.c and promise.c only. */

#include "compile/build.h"

/* A step into a list or map, for the place of an error. */
struct step {
	const struct step	*up;
	const char		*key;	/* NULL: index */
	size_t			 index;
	unsigned		 depth;
};

/* One binding under check. */
struct check {
	struct builder	*b;
	struct cnode	*n;
	const char	*var;
	int		 typed;
	int		 silent;	/* errors are counted only */
	uint64_t	 bad;		/* errors so far */
	VEC(uint32_t)	 from;		/* names of the producers */
};

/* Adds an error about the binding at a step; always -1. */
int	binding_fault(struct check *, enum compile_code, const char *node,
	    const struct step *, const struct strbuf *key,
	    const char *fmt, ...) printf_like(6, 7) cold;
/* MismatchingTypes: source ("" for a constant) gives up, down is expected. */
int	binding_fault_types(struct check *, const struct step *,
	    const char *source, const pb_literal_type *up,
	    const pb_literal_type *down) cold;
/* What tells errors about types apart: two texts, the types in full. */
void	binding_key(struct strbuf *, const char *, const char *,
	    const pb_literal_type *up, const pb_literal_type *down);
const char *binding_type_name(struct strbuf *, const pb_literal_type *);
/* type_castable() with the common case, plain and simple types, up front. */
int	binding_castable(const pb_literal_type *up,
	    const pb_literal_type *down);

/* A promise against the expected type: its type, and its edge noted. */
int	binding_promise(struct check *, const pb_binding_data *,
	    const pb_literal_type *expected, const struct step *,
	    const pb_literal_type **ret);

#endif
