#ifndef TASK_LOCAL_P_H
#define TASK_LOCAL_P_H

/* Between the files of the local executor; nobody else includes it. */

#include "task/local.h"
#include "task/resources.h"
#include "sys/cgroup.h"

struct local_job;

struct slot {
	unsigned	 index;
	struct local_job *job;		/* NULL: free */
	char		*dir;		/* path, once needed */
	int		 made;		/* dir is there */
	int		 dirty;		/* something may be in it */
	int		 out, err;	/* logs; -1: not opened yet */
	struct cgroup	 group;		/* once needed; then it stays */
};

struct local {
	struct executor	 executor;	/* first: it is what callers see */
	struct loop	*loop;
	const struct local_options *options;
	struct slot	*slots;
	int64_t		 oom_kills;	/* of the system so far; -1 unknown */
	int		 groups;	/* 1 they can be made, -1 not, 0: not
					 * tried */
	unsigned	 said;		/* enum local_note: told already */
};

/* Told once: what is not bounded though it should be. */
enum local_note {
	LOCAL_NOTE_MEMORY = 1,
	LOCAL_NOTE_CPU = 2,
};

struct local_job {
	struct job	 job;		/* first: it is what callers see */
	struct local	*local;
	struct slot	*slot;
	const char	*token;
	struct attempt	 attempt;
	struct command	 command;
	struct proc	 proc;
	struct loop_watch watch;
	struct loop_timer deadline, kill;
	int64_t		 timeout;	/* ns; 0 or less: none */
	struct resources limits;	/* 0: none */
	int		 grouped;	/* runs in the slot's group */
	int64_t		 group_kills;	/* for memory, before it began */
	int		 cancelled, timed_out;
};

/* local_slot.c */
int	local_slot_take(struct local *, struct slot **ret, struct err *)
	    must_check;
/* The slot's folder, there and empty but for what contract_clean leaves, as
 * that of the attempt. */
int	local_slot_folder(struct local_job *, struct err *) must_check;
int	local_slot_logs(struct local *, struct slot *, struct err *)
	    must_check;
/* How much of a log there is; 0 for what is no file. */
int64_t	local_slot_log_size(const struct local *, int fd);
/* Keeps the folder of a failed attempt under a name of its own. */
void	local_slot_keep_folder(struct local *, struct local_job *);
void	local_slot_release(struct local *, struct slot *);

/* local_limit.c */
/*
 * Bounds the job that spawn describes: its group is made ready and spawn
 * becomes a call of the limit helper, with words from the job's arena.
 * Nothing where the task has no limits.
 */
int	local_limit(struct local_job *, struct spawn *, struct err *)
	    must_check;
/* It has ended: ends what is left in its group. */
void	local_limit_end(struct local_job *);
/* How much memory all of it used at once, where its group tells: the system
 * counts only the largest of its processes. */
void	local_limit_measure(struct local_job *);
/* 1 if something of it was killed for lack of memory; after local_limit_end. */
int	local_limit_oom(struct local_job *);

/* local_judge.c: fills the result. */
/* The process has ended: result.end says how. */
void	local_judge(struct local_job *);
/* It could not be waited for. */
void	local_lost(struct local_job *, const struct err *);
/* It could not be started, by the task's own fault. */
void	local_not_started(struct local_job *, const struct err *);
/* A jq task, all of it; 1 if it needs a process. */
int	local_run_jq(struct local_job *, struct err *) must_check;

/*
 * Processes that the kernel killed for memory since boot (/proc/vmstat), or
 * -1: the only trace that a kill without a cgroup of its own leaves.
 */
int64_t	local_oom_kills(void);

#endif
