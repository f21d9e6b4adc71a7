#ifndef BASE_OPT_H
#define BASE_OPT_H

/*
 * Command lines.  Each program names the options it takes out of the one
 * registry (options.def); --help, completion and the documentation check
 * come from the same table, so that they cannot disagree.
 */

#include "base/err.h"
#include "base/strbuf.h"

enum opt_id {
	OPT_END,			/* no option; ends a table */
#define OPT(id, letter, name, arg, help)	OPT_##id,
#define OPT_LONG(id, name, arg, help)		OPT_##id,
#include "base/options.def"
#undef OPT
#undef OPT_LONG
	OPT_MAX
};

/* A subcommand; a program without any has verbs == NULL. */
struct opt_verb {
	const char		*name;
	const char		*args;	/* synopsis after the name */
	const char		*help;
	const enum opt_id	*opts;	/* ends with OPT_END; NULL: none */
};

struct opt_program {
	const char		*name;
	const char		*args;	/* synopsis without a verb, or NULL;
					 * lines separated by \n */
	const char		*about;	/* one sentence */
	const enum opt_id	*opts;	/* of every use; ends with OPT_END */
	const struct opt_verb	*verbs;	/* ends with name == NULL, or NULL */
	const char		*examples; /* lines for --help, or NULL */
};

/* State of a walk over argv.  Options may follow arguments; "--" ends them. */
struct opt {
	const struct opt_program *program;
	char		**argv;
	int		  argc;
	int		  next;		/* index of the word to look at */
	int		  only_args;	/* "--" was seen */
	int		  stop_at_arg;	/* set it: what follows the first
					 * argument is not ours */
	const char	 *cluster;	/* rest of a word of short options */
};

void	opt_init(struct opt *, const struct opt_program *, int argc,
	    char **argv);
/*
 * The next word.  1: an option in *ret_id, its argument (or NULL) in
 * *ret_value; 2: an argument in *ret_value; 0: the end; -1: wrong usage.
 * With stop_at_arg, ends before the word after the first argument; the rest
 * is argv[next..argc).
 */
int	opt_next(struct opt *, enum opt_id *ret_id, const char **ret_value,
	    struct err *) must_check;

/* "--name" of an option, for messages. */
const char *opt_name(enum opt_id);
/* The verb called so, or NULL. */
const struct opt_verb *opt_verb(const struct opt_program *, const char *name);
/* The command that is meant by a mistyped word, or NULL. */
const char *opt_verb_meant(const struct opt_program *, const char *word);
/* "WORD: no such command; ...", ERR_USAGE. */
int	opt_verb_unknown(const struct opt_program *, const char *word,
	    struct err *);
/* 1 if the option belongs to the verb or to every use. */
int	opt_allowed(const struct opt_program *, const struct opt_verb *,
	    enum opt_id);

/* Texts for --help (at most 80 columns) and for the completion scripts. */
void	opt_help(const struct opt_program *, struct strbuf *);
void	opt_completion(const struct opt_program *, struct strbuf *);

#endif
