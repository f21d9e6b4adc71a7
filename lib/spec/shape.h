#ifndef SPEC_SHAPE_H
#define SPEC_SHAPE_H

/*
 * Looking at the tree of a spec: what a value must be, and the diagnostic
 * when it is not.  Everything here reports and goes on; a function that
 * gives a value returns 0 with it, or -1 when it has reported.
 *
 * Internal to spec/.
 */

#include "idl/flyteidl.h"
#include "spec/spec.h"

/* One reading of one file. */
struct load {
	const struct tree	*t;
	struct diags		*ds;
	struct arena		*a;	/* of the messages */
	const struct spec_options *opt;
	struct spec		*spec;
	size_t			 faults;	/* counted here, as the diags
						 * drop those over their bound */
};

/* A fault at a node; its whole text after the code's own. */
void	shape_fault(struct load *, enum diag_code, uint32_t node,
	    const char *fmt, ...) printf_like(4, 5);
/* The same at bytes of the source. */
void	shape_fault_at(struct load *, enum diag_code, struct span,
	    const char *fmt, ...) printf_like(4, 5);
/* "expected WHAT, given ...". */
void	shape_wrong(struct load *, uint32_t node, const char *what);
/* Bytes from..from+n of an unescaped scalar, as a place in the source. */
struct span shape_inside(const struct load *, uint32_t node, size_t from,
	    size_t n);

/* A key that may be there, and where its value's node goes. */
struct shape_key {
	const char	*name;
	uint32_t	*ret;
};
/*
 * Sets each *ret to the value of its key or TREE_NONE; keys that are not in
 * the table are faults.  owner names the map for the message ("a task").
 * -1 only if the node is no map.
 */
int	shape_keys(struct load *, uint32_t map, const char *owner,
	    const struct shape_key *, size_t n);

/* 0 if it is a map; -1 and a fault if not. */
int	shape_need_map(struct load *, uint32_t node, const char *what);
/* A scalar that is not null, NUL-terminated in the arena; or NULL. */
char	*shape_text(struct load *, uint32_t node, const char *what);
/* true or false; a whole number from min to max. */
int	shape_bool(struct load *, uint32_t node, int *ret);
int	shape_uint(struct load *, uint32_t node, uint32_t min, uint32_t max,
	    uint32_t *ret);
/* Zero and negative ones are faults. */
int	shape_duration(struct load *, uint32_t node, pb_duration **ret);
/* The index of one of the words. */
int	shape_choice(struct load *, uint32_t node, const char *const *words,
	    size_t n, size_t *ret);
/* A list of texts; a sole text is a list of one. */
int	shape_words(struct load *, uint32_t node, const char *what,
	    char ***ret, size_t *ret_n);

/* 1 if byte i of it can begin a name. */
int	shape_starts_name(struct str, size_t i);
/* 1 if [A-Za-z_][A-Za-z0-9_]*, with also_hyphen also - after the first. */
int	shape_is_name(struct str, int also_hyphen);
/* Names of variables and nodes; a fault if it is none. */
int	shape_name(struct load *, uint32_t key, const char *what,
	    int also_hyphen);
char	*shape_strdup(struct load *, struct str);

#endif
