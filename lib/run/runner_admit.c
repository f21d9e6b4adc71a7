#include "run/runner_p.h"

#include "task/resources.h"
#include "sys/cgroup.h"
#include "sys/jobserver.h"

/*
 * Admission: what runs at once takes at most opts.jobs places and asks for at
 * most the machine's memory.  A task that asks for two processors takes two
 * places.  One that asks for more than there is runs alone.
 */

/* Whole processors; at least the one that everything takes. */
static unsigned
places_of(const struct resources *r)
{
	int64_t n = r->cpu / 1000 + (r->cpu % 1000 > 0);

	return (unsigned)MIN(MAX(n, 1), (int64_t)UINT32_MAX);
}

static int64_t
all_memory(struct runner *r)
{
	if (r->all_memory == 0)
		r->all_memory = cgroup_memory_of_machine();
	return r->all_memory;
}

/* Once for each task, and only of what really is too much. */
static void
say_too_large(struct run_job *j, unsigned places, int64_t memory)
{
	struct runner *r = j->run->runner;

	if (j->task->too_large)
		return;
	j->task->too_large = 1;
	if (places > r->opts.jobs)
		run_say(j->run, "%s: asks for %u processors and there are %u "
		    "places (-j): it runs alone", j->path, places,
		    r->opts.jobs);
	if (memory > r->all_memory)
		run_say(j->run, "%s: asks for %lld MiB of memory and there "
		    "are %lld: it runs alone", j->path,
		    (long long)(memory >> 20), (long long)
		    (r->all_memory >> 20));
}

void
run_measure(struct run_job *j)
{
	struct runner *r = j->run->runner;
	const struct resources *asked;
	unsigned places = 1;
	int64_t memory = 0;

	if (j->task->contract != NULL) {
		asked = contract_requests(j->task->contract);
		places = places_of(asked);
		memory = asked->memory;
		if (j->grown > 1 && memory > 0)
			memory = (int64_t)MIN((double)memory * j->grown,
			    9e18);
	}
	if (places > r->opts.jobs || (memory > 0 && memory > all_memory(r)))
		say_too_large(j, places, memory);
	j->places = MIN(places, r->opts.jobs);
	j->memory = memory == 0 ? 0 : MIN(memory, r->all_memory);
	/* Larger than the machine: nothing beside it. */
	if (memory > 0 && memory > r->all_memory)
		j->places = r->opts.jobs;
}

/* ---- make's jobserver ----------------------------------------------------- */

/* The loop wakes up, and what waits is looked at again. */
static void
on_token(struct loop_watch *w, short revents)
{
	struct runner *r = w->arg;

	(void)revents;
	loop_remove(r->opts.loop, w);
}

static void
await_token(struct runner *r)
{
	if (r->tokens.at != 0)
		return;
	r->tokens = (struct loop_watch){ .fd = jobserver_fd(
	    r->opts.jobserver), .events = POLLIN, .fn = on_token, .arg = r };
	loop_add(r->opts.loop, &r->tokens);
}

void
run_admit_end(struct runner *r)
{
	if (r->tokens.at != 0)
		loop_remove(r->opts.loop, &r->tokens);
	if (r->opts.jobserver != NULL)
		jobserver_keep(r->opts.jobserver, 0);
}

/* 1 if there are tokens for all places but the first, which make gave us. */
static int
take_tokens(struct runner *r, unsigned places)
{
	unsigned held = jobserver_held(r->opts.jobserver);

	if (places - 1 <= held ||
	    jobserver_take(r->opts.jobserver, places - 1 - held))
		return 1;
	await_token(r);
	return 0;
}

/* ---- admission ------------------------------------------------------------ */

int
run_admits(const struct run_job *j)
{
	struct runner *r = j->run->runner;

	/* Alone it needs no leave: so that nobody waits for ever. */
	if (r->running == 0)
		return 1;
	return r->places + j->places <= r->opts.jobs &&
	    (j->memory == 0 || r->memory + j->memory <= r->all_memory) &&
	    (r->opts.jobserver == NULL ||
	    take_tokens(r, r->places + j->places));
}

void
run_admit(struct run_job *j)
{
	struct runner *r = j->run->runner;

	r->running++;
	r->places += j->places;
	r->memory += j->memory;
}

void
run_dismiss(struct run_job *j)
{
	struct runner *r = j->run->runner;

	r->running--;
	r->places -= j->places;
	r->memory -= j->memory;
	if (r->opts.jobserver != NULL)
		jobserver_keep(r->opts.jobserver, r->places > 1 ?
		    r->places - 1 : 0);
}
