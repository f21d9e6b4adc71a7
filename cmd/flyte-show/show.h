#ifndef FLYTE_SHOW_H
#define FLYTE_SHOW_H

/* Between the files of flyte-show. */

#include "common/context.h"
#include "common/look.h"
#include "data/json.h"
#include "record/why.h"

struct show {
	struct context	 ctx;
	const char	*home;
	const char	*address;	/* or NULL: a list */
	int		 json;		/* 1: --jsonl, 2: --json */
	int		 logs, follow, timeline;
	const char	*color_option;
	int		 color;
	int64_t		 limit;		/* -1: not given, 0: all */
	int		 width;		/* columns, 0: no terminal */
	struct execution_id id;
	const char	*path;		/* of a node, or NULL */
	int		 attempt;	/* -1: not given */
};

/* Each prints and returns the status to exit with. */
int	show_list(struct show *);
int	show_tree(struct show *, const struct look *);
int	show_node(struct show *, struct look *);
int	show_logs(struct show *);
int	show_json(struct show *, const struct look *);
int	show_json_node(struct show *, struct look *);

/* ---- words.c ------------------------------------------------------------ */

/* "  name:      " of a list of facts. */
void	add_label(struct strbuf *, const char *name);
/* Text in the colour that goes with a word; the bare text without colours. */
void	add_word(const struct show *, struct strbuf *, const char *word,
	    size_t width);
/* The first line of a text, shown, at most width columns (0: no bound). */
void	add_first_line(struct strbuf *, struct str text, size_t width);
/* "a=1  b=/x/y", at most width columns (0: no bound). */
void	add_literals_short(struct strbuf *, struct str map,
	    size_t width);
/* One a line: "    name = value". */
void	add_literals_lines(struct strbuf *, const char *indent,
	    struct str map);
/* What the cache had to do with it, or "". */
const char *cache_words(const char *status);
/* Why it has its phase, in words, if there is something to say; it has
 * begun. */
void	add_why(struct strbuf *, const struct look_item *);
/* The message, without the code in front that is shown beside it. */
struct str error_text(const struct sched_error *);
/* "exit status 3", "signal 9 (Killed)", ... */
void	add_cause(struct strbuf *, const struct history_attempt *);

/* ---- command.c ---------------------------------------------------------- */

/*
 * The command of a task as typed in a shell, or nothing: as the attempt (-1:
 * the last) ran it with the inputs, if these are known (p not NULL); then its
 * template too, if it has words that were replaced.
 */
void	add_command(struct strbuf *, struct strbuf *template,
	    const struct look *, const struct look_item *, struct str inputs,
	    int attempt);

/* ---- gate.c ------------------------------------------------------------- */

/* The command that answers a gate which waits; 0: it is none. */
int	add_answer(struct strbuf *, const struct look *,
	    const struct look_item *);
/* What a gate waits for and its answer: facts, or "waits" in an open object;
 * nothing if it does not wait. */
void	add_waits(struct strbuf *, const struct look *,
	    const struct look_item *);
void	put_waits(struct json_writer *, const struct look *,
	    const struct look_item *);

/* ---- follow.c ----------------------------------------------------------- */

/* What tasks print, as it comes; root is LOOK_NONE or a node. */
int	show_follow(struct show *, const struct look *, uint32_t root);

/* ---- logs.c ------------------------------------------------------------- */

/*
 * Prints bytes from..to of a log, each line behind the prefix; with more, of
 * what is still written to, only whole lines.  Where it ended, or -1.
 * *whole: what was printed before ended a line.
 */
int64_t	print_log(int fd, int64_t from, int64_t to, const struct strbuf *prefix,
	    int more, int *whole, struct err *) must_check;

/* Last n lines of what an attempt printed to stdout or stderr. */
int	add_log_tail(const struct look *, const struct history_attempt *,
	    int is_err, unsigned n, struct strbuf *, struct err *) must_check;

#endif
