#ifndef TASK_CONTRACT_H
#define TASK_CONTRACT_H

/*
 * How a task meets a process: the three contracts of flyte(7).  This is the
 * one module that knows them.
 *
 *   container	Flyte's: command and args with {{.input}}, {{.outputPrefix}}
 *		and so on; inputs.pb in; outputs.pb, error.pb or futures.pb
 *		out.
 *   files	inputs under $FLYTE_INPUTS, outputs under $FLYTE_OUTPUTS, one
 *		file or folder a variable; primitives and paths as $NAME too;
 *		one input and one output may be the standard streams.
 *   jq		in-process: an expression over the plain inputs.
 *
 * A contract is made once per task and used by all its attempts.  The local
 * form of a task comes from TaskTemplate.config (spec/lower.h names the
 * keys); without those keys the container itself is run.
 *
 * Rules from outside: template rendering core/template/template.go, file
 * forms flytecopilot/data, phases flytek8s/pod_helper.go of Flyte 1.16.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"
#include "spec/spec.h"
#include "sys/spawn.h"

enum contract_kind {
	CONTRACT_CONTAINER,
	CONTRACT_FILES,
	CONTRACT_JQ,
	CONTRACT_KIND_MAX
};

struct store;
struct attempt;
struct contract;
struct resources;

/* What a name in the spec of a dynamic task stands for outside of that. */
struct contract_outside {
	struct spec_target	 target;
	/* The tasks that it runs; a task itself among them. */
	pb_task_template	**tasks;
	size_t			 n_tasks;
};
/* The target is the task; is the workflow w of the closure. */
void	contract_outside_task(struct contract_outside *, pb_task_template *,
	    struct arena *);
void	contract_outside_workflow(struct contract_outside *,
	    const pb_compiled_workflow_closure *, pb_workflow_template *w,
	    struct arena *);
/* As spec_resolve_fn; the result lives in the arena or longer. */
typedef int	contract_resolve_fn(void *arg, enum entity_kind,
		    struct str ref, struct arena *,
		    struct contract_outside *ret, struct err *e);

/*
 * What tasks may see of the world around, for all contracts of a run.
 * Borrowed by every contract made with it.
 */
struct contract_world {
	char *const	*environ;	/* of the user; only what a task may
					 * have is taken from it */
	const char	*file;		/* the script itself where a script
					 * file is run in place, or NULL */
	const char	*code;		/* folder of $FLYTE_CODE, or NULL */
	const char	*jqrun;		/* helper that runs a jq task in a
					 * process of its own, or NULL */
	struct store	*store;		/* where file outputs go */
	/* Opens it on first need where store is NULL; may be NULL too: then
	 * file outputs are refused. */
	int		(*open_store)(void *arg, struct store **ret,
			    struct err *);
	void		*arg;
	contract_resolve_fn *resolve;	/* NULL: nothing is outside */
	void		*resolve_arg;
	int		 look_only;	/* what a dynamic task wrote is not
					 * read but shown: collected.written */
};

/*
 * Checks that the task can run here and prepares what all attempts share.
 * ERR_SPEC: the template is no use locally (the message says what it is and
 * what would take it); ERR_MISSING: the program is not on the task's PATH.
 * The template is borrowed.
 */
int	contract_new(const pb_task_template *, const struct contract_world *,
	    struct contract **ret, struct err *) must_check;
void	contract_free(struct contract *);
static inline void
contract_freep(struct contract **c)
{
	contract_free(*c);
}
#define c_contract	cleanup(contract_freep)

enum contract_kind contract_kind(const struct contract *);
/* Per-attempt timeout of the task in nanoseconds, 0 for none. */
int64_t	contract_timeout(const struct contract *);
/* What it may use at most, and what it asks for. */
const struct resources *contract_limits(const struct contract *);
const struct resources *contract_requests(const struct contract *);
/* The command as typed in a shell, for reports: with the words of an attempt,
 * or (NULL) those that are written, templates as they are. */
void	contract_add_command(const struct contract *, char *const *argv,
	    struct strbuf *);
/*
 * The same of an attempt, its templates replaced.  Nothing is made, nor has it
 * to run here: the folder need not be there.  1; 0, nothing appended: the
 * task's command has no templates at all; -1: an input is wrong.
 */
int	contract_add_rendered(const pb_task_template *,
	    const struct attempt *, struct strbuf *, struct err *) must_check;
/* Words, NULL-ended, quoted so that a shell reads them back. */
void	contract_add_words(char *const *argv, struct strbuf *);

/* One attempt seen from the contract: who it is and where it may write. */
struct attempt {
	const char	*project, *domain, *execution, *node;
	const char	*workflow;	/* name, or NULL */
	unsigned	 number;	/* from 0 */
	const char	*mark;		/* value of $FLYTE_ATTEMPT: unique, by
					 * which a later run finds what this
					 * one left behind */
	const char	*run_mark;	/* value of $FLYTE_RUN, or NULL */
	const char	*dir;		/* its folder: inputs/, outputs/, work/
					 * and so on are made in it as needed */
	const char	*here;		/* run in this folder instead of
					 * dir/work, or NULL */
	const char	*prev_checkpoint; /* or NULL */
	const pb_literal_map *inputs;	/* every input of the interface */
	unsigned	 has;		/* folders of dir that are there: bits
					 * of contract_clean */
};

/*
 * A command ready to start.  Everything in it lies in the arena given to
 * contract_prepare, but for the two descriptors.
 */
struct command {
	const char	*path;		/* the program's file */
	char		**argv, **envp;
	const char	*dir;
	int		 in;		/* owned; -1: /dev/null */
	const char	*stdout_path;	/* where stdout goes; NULL: the log */
};

/* Writes input files, opens stdin, renders the command and environment. */
int	contract_prepare(const struct contract *, const struct attempt *,
	    struct arena *, struct command *ret, struct err *) must_check;
void	command_release(struct command *);

/*
 * What the process left.  Exactly one of outputs and error is set, or
 * futures for a dynamic task; none if it failed and left no error.
 */
struct collected {
	pb_literal_map	*outputs;
	pb_execution_error *error;
	int		 recoverable;	/* error: another attempt may do */
	struct str	 futures;	/* a DynamicJobSpec; p NULL: none */
	int		 futures_own;	/* of our own spec, not of flytekit */
	struct str	 written;	/* with look_only: the text of a spec
					 * of our own; p NULL: none */
	const char	*deck;		/* path of the deck, or NULL */
	const char	*changed;	/* an input read by reference that was
					 * changed meanwhile: not to be cached */
};

/*
 * Reads outputs after the process ended with status 0 (or, container
 * contract, any way: its error.pb counts too).  What the task did wrong is
 * an error in *ret, never -1.  end may be NULL for status 0.  File outputs
 * have been moved into the blob store.
 */
int	contract_collect(const struct contract *, const struct attempt *,
	    const struct proc_end *end, struct arena *,
	    struct collected *ret, struct err *) must_check;

/*
 * CONTRACT_JQ: the whole attempt, in this process: 0.  1 if it is not to be
 * run here, since it takes long or too much memory, or libjq can not cope:
 * with contract_prepare and contract_collect it is an attempt like any other.
 * So it is also where its time or memory is bounded.
 */
int	contract_run_jq(const struct contract *, const pb_literal_map *inputs,
	    struct str packed,
	    struct arena *, struct collected *ret, struct err *) must_check;

/* An error of the task in *ret. */
void	collected_error(struct collected *ret, struct arena *,
	    Flyteidl__Core__ExecutionError__ErrorKind kind, int recoverable,
	    const char *code, const char *fmt, ...) printf_like(6, 7);

/*
 * Takes out of the attempt's folder what an attempt before it left, all but
 * the files that contract_prepare writes again; says in at->has what is there.
 */
int	contract_clean(const struct contract *, struct attempt *at,
	    struct err *) must_check;
/* 1 if nothing but inputs, empty folders and empty outputs are in it. */
int	contract_is_empty(const char *dir);

/*
 * Checks outputs against an interface: every declared one there, of its
 * type.  On failure the fault in *ret_fault (arena), in the words of a
 * report: "output total: missing".
 */
int	contract_check_outputs(const pb_typed_interface *,
	    const pb_literal_map *, struct arena *, const char **ret_fault);

#endif
