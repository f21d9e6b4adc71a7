#ifndef DATA_TREE_H
#define DATA_TREE_H

/*
 * One document as it was written: scalars are text, the declared type of a
 * place decides later what they mean.  JSON and YAML give the same form.
 *
 * Nodes lie in one array in the order of the document, node 0 is the root,
 * and children are linked by index.  The children of a map alternate key,
 * value.  Keys are always scalars and differ within a map.
 */

#include "base/arena.h"
#include "base/diag.h"

enum tree_kind {
	TREE_SCALAR,
	TREE_SEQ,
	TREE_MAP
};

#define TREE_NONE	UINT32_MAX	/* no such node */

struct tree_node {
	enum tree_kind	kind;
	int		quoted;	/* scalar: in quotes or a block.  JSON's
				 * strings are, its other scalars are not */
	struct span	span;	/* bytes of the source, quotes included */
	struct str	text;	/* scalar: unescaped; JSON's may hold NULs */
	uint32_t	first;	/* child, or TREE_NONE */
	uint32_t	next;	/* sibling, or TREE_NONE */
	uint32_t	n;	/* entries: items of a list, pairs of a map */
	int		cut;	/* a long list whose items were left out
				 * (json_parse_long): first is TREE_NONE */
};

/*
 * The text of the source is borrowed and must outlive the tree; diagnostics
 * point at .source, so the tree must not move and must outlive them.
 */
struct tree {
	struct tree_node *at;
	size_t		  n, cap;
	int		  whole;	/* read to the end: may be walked,
					 * even if there were faults */
	int		  cut;		/* there is a list that is cut */
	struct arena	  arena;	/* unescaped text */
	struct source	  source;
};

#define c_tree	cleanup(tree_release)

/* An empty tree; every parser below resets one that was used before. */
void	tree_init(struct tree *);
void	tree_release(struct tree *);
void	tree_reset(struct tree *, const char *name, struct str text);

/* The value of a key, or TREE_NONE; linear in the keys of the map. */
uint32_t	tree_get(const struct tree *, uint32_t map, const char *key);
uint32_t	tree_get_str(const struct tree *, uint32_t map, struct str key);

/* 1 for an unquoted null, ~ or nothing at all (YAML), or JSON's null. */
int	tree_is_null(const struct tree *, uint32_t node);
/* 1 for a scalar with this text, quoted or not. */
int	tree_is(const struct tree *, uint32_t node, const char *text);

/*
 * For each child c of node n of tree t.  In a map TREE_EACH_PAIR gives the
 * key k and the value v.
 */
#define TREE_EACH(t, node, c)						\
	for (uint32_t c = (t)->at[node].first; c != TREE_NONE;		\
	    c = (t)->at[c].next)
#define TREE_EACH_PAIR(t, map, k, v)					\
	for (uint32_t k = (t)->at[map].first, v;			\
	    k != TREE_NONE && (v = (t)->at[k].next, 1);			\
	    k = (t)->at[v].next)

/* "a list", "a map", "\"x\"", "null" or "nothing": for messages. */
void	tree_add_given(struct strbuf *, const struct tree *, uint32_t node);

/*
 * Building, for the parsers.  tree_add appends a node that has no place yet;
 * tree_link makes it the child after last (TREE_NONE: the first).  The parser
 * counts entries itself and holds to MAX_TREE_NODES.
 */
uint32_t	tree_add(struct tree *, enum tree_kind, struct span,
		    struct str text, int quoted);
void	tree_link(struct tree *, uint32_t parent, uint32_t last,
	    uint32_t child);
/*
 * The first key of a map that was there before, looking at the keys after
 * the given one (TREE_NONE: at all); TREE_NONE when they all differ.
 */
uint32_t	tree_duplicate_key(const struct tree *, uint32_t map,
		    uint32_t after);
/* Takes every pair whose key was there before out of the map. */
void	tree_drop_duplicates(struct tree *, uint32_t map);

#endif
