#include "task/local_p.h"

#include <unistd.h>

/*
 * Limits.  A task that has none is spawned as it is.  One that has some runs
 * in a control group of its slot, which the limit helper enters before it
 * becomes the task, so that nothing of it is ever outside.  Where no group
 * can be had the helper bounds the data of each process.
 */

/* Told with the first job it concerns. */
static void
note(struct local_job *j, enum local_note what, const char *text)
{
	struct local *x = j->local;

	if (x->said & what)
		return;
	x->said |= what;
	j->job.result.note = j->job.result.note == NULL ? text :
	    arena_printf(j->job.arena, "%s; %s", j->job.result.note, text);
}

/* 1 if the slot has a group with these limits. */
static int
ready_group(struct local_job *j)
{
	struct local *x = j->local;
	struct cgroup *g = &j->slot->group;
	struct err e;

	if (x->options->no_groups || x->groups < 0)
		return 0;
	if (g->memory != NULL && cgroup_forget_peak(g) < 0)
		cgroup_remove(g);
	if (g->memory == NULL && cgroup_make(g, &e) < 0) {
		x->groups = -1;
		return 0;
	}
	x->groups = 1;
	if (cgroup_limit(g, j->limits.memory, j->limits.cpu, &e) < 0) {
		note(j, LOCAL_NOTE_MEMORY, arena_printf(j->job.arena,
		    "resources.limits are not enforced: %s", e.msg));
		return 0;
	}
	j->group_kills = cgroup_oom_kills(g);
	return 1;
}

static size_t
add_group(struct local_job *j, char **words, size_t n)
{
	const struct cgroup *g = &j->slot->group;
	struct arena *a = j->job.arena;

	words[n++] = arena_strdup(a, "-g");
	words[n++] = arena_printf(a, "%s/cgroup.procs", g->memory);
	if (g->cpu != NULL && !g->v2) {
		words[n++] = arena_strdup(a, "-g");
		words[n++] = arena_printf(a, "%s/cgroup.procs", g->cpu);
	}
	if (g->cpu == NULL && j->limits.cpu > 0)
		note(j, LOCAL_NOTE_CPU, "resources.limits.cpu is not "
		    "enforced: there is no cpu control group");
	j->grouped = 1;
	return n;
}

static size_t
add_bound(struct local_job *j, char **words, size_t n)
{
	struct arena *a = j->job.arena;

	if (j->limits.cpu > 0)
		note(j, LOCAL_NOTE_CPU, "resources.limits.cpu is not "
		    "enforced: no control group may be made here");
	if (j->limits.memory == 0)
		return n;
	note(j, LOCAL_NOTE_MEMORY, "resources.limits.mem bounds each process "
	    "on its own: no control group may be made here");
	words[n++] = arena_strdup(a, "-m");
	words[n++] = arena_printf(a, "%lld", (long long)j->limits.memory);
	return n;
}

int
local_limit(struct local_job *j, struct spawn *s, struct err *e)
{
	struct arena *a = j->job.arena;
	size_t n = 0, most = 7, i, given;
	char **words;

	if (j->limits.memory == 0 && j->limits.cpu == 0)
		return 0;
	if (j->local->options->limit == NULL ||
	    access(j->local->options->limit, X_OK) < 0) {
		note(j, LOCAL_NOTE_MEMORY, "resources.limits are not "
		    "enforced: the helper program limit is not installed");
		return 0;
	}
	/* The helper would say it only to the log. */
	if (s->path[0] == '/' && access(s->path, F_OK) < 0)
		return err_set(e, ERR_MISSING, "%s: no such program", s->path);
	for (given = 0; s->argv[given] != NULL; given++)
		;
	words = arena_new_n(a, given + most + 1, char *);
	words[n++] = arena_strdup(a, "limit");
	n = ready_group(j) ? add_group(j, words, n) : add_bound(j, words, n);
	words[n++] = arena_strdup(a, s->path);
	for (i = 0; i < given; i++)
		words[n++] = s->argv[i];
	words[n] = NULL;
	s->path = j->local->options->limit;
	s->argv = words;
	return 0;
}

void
local_limit_end(struct local_job *j)
{
	if (j->grouped)
		cgroup_kill(&j->slot->group);
}

void
local_limit_measure(struct local_job *j)
{
	struct proc_end *end = &j->job.result.end;

	if (j->grouped)
		end->max_rss_kb = MAX(end->max_rss_kb,
		    cgroup_peak(&j->slot->group) / 1024);
}

int
local_limit_oom(struct local_job *j)
{
	int64_t now = cgroup_oom_kills(&j->slot->group);
	int64_t n = now - j->group_kills;

	/* So that no other job is blamed for it by the system's count. */
	if (n > 0 && j->local->oom_kills >= 0)
		j->local->oom_kills += n;
	return n > 0;
}
