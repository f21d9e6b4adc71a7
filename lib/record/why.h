#ifndef RECORD_WHY_H
#define RECORD_WHY_H

/*
 * The one vocabulary for why a node ran, was reused or skipped: flyte-run -n
 * and -v, its summary, flyte-cache explain and their JSON say it with these
 * words and codes.
 */

#include "base/arena.h"
#include "base/strbuf.h"
#include "plan/plan.h"
#include "store/catalog.h"

struct json_writer;
struct history;
struct history_node;

/* What becomes of a node, or became of it. */
enum fate {
	FATE_RUN,
	FATE_REUSE,		/* the catalog has its result */
	FATE_RECOVER,		/* another execution has */
	FATE_SKIP,
	FATE_WAIT,		/* a gate */
	FATE_DEPEND,		/* on a node whose result is not there yet */
	FATE_FAIL,		/* no attempt is made */
	FATE_STOP,		/* never begun, or ended by another's failure */
	FATE_MAX
};
/* "run", "reuse", ...: the same for what will be and for what was. */
const char	*fate_name(enum fate);
/* "ran", "reused", ... */
const char	*fate_past(enum fate);

enum why_code {
#define WHY(code, words)	WHY_##code,
#include "record/why.def"
#undef WHY
	WHY_MAX
};
/* "INPUT" */
const char	*why_code_name(enum why_code);

struct why {
	enum why_code	 code;
	struct str	 text;		/* one line, not yet made fit to show */
	struct str	 detail;	/* a JSON object; p NULL: none */
};
/* One whose words say all. */
struct why	 why_of(enum why_code);
/* Why a look-up missed. */
struct why	 why_of_miss(const struct cache_explain *, struct arena *);
/* A hit; key: of the entry. */
struct why	 why_of_hit(struct str source, const char *key,
		    struct arena *);
/* A code with the node (or execution) it speaks of: the text is before, name
 * and after; the detail {KEY: name}. */
struct why	 why_of_node(enum why_code, const char *key, struct str name,
		    const char *before, const char *after, struct arena *);

/* The words of its record, n 0: it has none. */
struct str	 why_words(const struct history_node *);
/* Puts "code", "why" and "detail" into an open object. */
void		 why_put(struct json_writer *, const struct why *);

/*
 * What became of a node by the journal, and why; kind: of an element that of
 * its map's node.  entry and source: of a hit, from the catalog; NULL: they are
 * gone.  Texts are in the history or in the arena.
 */
enum fate	 why_was(const struct history *, const struct history_node *,
		    enum plan_kind, const char *entry, struct str source,
		    struct arena *, struct why *ret);

#endif
