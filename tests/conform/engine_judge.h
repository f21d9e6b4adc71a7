#ifndef TESTS_CONFORM_ENGINE_JUDGE_H
#define TESTS_CONFORM_ENGINE_JUDGE_H

/* Between the files that judge where ours is better. */

#include "engine.h"

struct judge {
	struct engine_runs *ours, *flyte;
	struct engine_run *mine, *its;	/* the run looked at, of both */
	struct engine_edits *edits;
	const struct conform_row *row;
	uint32_t	result;		/* recorded */
	int		bad;		/* a check failed */
};

/* engine_rules.c */
struct judge_rule {
	const char	*name;
	int		no_replay;	/* Flyte's own way is not modelled */
	/* 1 if the rule is about this run; fills the edits, checks ours. */
	int		(*applies)(struct judge *);
	void		(*off)(struct sched_rules *);
};
extern const struct judge_rule judge_rules[];
extern const size_t judge_n_rules;

/* At least this is free of the path. */
void	judge_set_free(struct judge *, struct str path, enum engine_free);
struct str judge_path_of(struct judge *, struct sched_ref);
/*
 * The node, what comes after it, and the same of what it is inside of; at
 * the top the workflow.
 */
void	judge_free_effect(struct judge *, struct sched_ref, enum engine_free);
/* The way a branch must take by its unwrapped inputs, or SCHED_NONE. */
uint32_t judge_right_way(struct judge *, const struct engine_node *);

#endif
