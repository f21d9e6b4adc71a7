#ifndef RECORD_EXECUTION_H
#define RECORD_EXECUTION_H

/*
 * Executions: how they are called and where they lie.
 *
 *	$FLYTE_HOME/executions/PROJECT/DOMAIN/XX/NAME/
 *		journal		what happened (record/journal.h)
 *		logs/		what tasks printed
 *		scratch/	folders of failed attempts
 *		signals/	values given to gates
 *	$FLYTE_HOME/executions/last	PROJECT/DOMAIN/NAME of the newest
 *
 * XX is two hexadecimal digits of a hash of the name, so that a hundred
 * thousand of a month stay listable.  Projects and domains are
 * percent-encoded where need be.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

struct execution_id {
	const char	*project, *domain, *name;
};

/* An 'a' and 19 letters and digits, as flyteadmin makes them; ours begin
 * with the time, so that names sort by it. */
#define EXECUTION_NAME_MAX	21
void	execution_new_name(char ret[EXECUTION_NAME_MAX]);

/*
 * The name of an execution that another one launches, made of what is unique
 * about it, so that launching again finds it: the text itself if it is short
 * and may be a name, else 'f' and base32 of its 64-bit FNV-1a hash
 * (flyteplugins encoding, FixedLengthUniqueID).
 */
void	execution_child_name(struct str unique,
	    char ret[EXECUTION_NAME_MAX]);

/*
 * 0 if a user may call an execution so, else ERR_USAGE: Flyte's rule, a DNS
 * label of at most 63 small letters, digits and hyphens that begins with a
 * letter and does not end with a hyphen (flyte-control-plane.md, execution
 * names).
 */
int	execution_name_check(const char *name, struct err *) must_check;

/* Appends the folder of an execution, without a final slash. */
void	execution_add_dir(struct strbuf *, const char *home,
	    const struct execution_id *);

/* Remembers the newest execution; what cannot be written is no error. */
void	execution_set_last(const char *home, const struct execution_id *);

/*
 * The execution that text names: "last", a whole name, the unique beginning
 * of one, or either after "PROJECT/DOMAIN/".  Without those the given project
 * and domain are looked in first, then all.  ERR_MISSING, or ERR_USAGE where
 * several begin so.  The result is in the arena.
 */
int	execution_find(const char *home, const char *text,
	    const char *project, const char *domain, struct arena *,
	    struct execution_id *ret, struct err *) must_check;

/*
 * "ID/NODE[/SUB...][#ATTEMPT]": the execution as above, the rest into
 * *ret_path (NULL if there is none) and *ret_attempt (-1).  It is given as
 * PROJECT/DOMAIN/ID where there are executions of PROJECT and DOMAIN, unless
 * one of those here is called just as PROJECT.
 */
int	execution_find_address(const char *home, const char *text,
	    const char *project, const char *domain, struct arena *,
	    struct execution_id *ret, const char **ret_path,
	    int *ret_attempt, struct err *) must_check;

/* One that lies there. */
struct execution_row {
	struct execution_id id;
	int64_t		 changed;	/* mtime of its journal, seconds */
};
/*
 * All that lie there (project, domain: only of these, or NULL), the newest
 * first by the time their journal was last written.
 */
int	execution_list(const char *home, const char *project,
	    const char *domain, struct arena *, struct execution_row **ret,
	    size_t *ret_n, struct err *) must_check;

#endif
