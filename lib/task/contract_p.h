#ifndef TASK_CONTRACT_P_H
#define TASK_CONTRACT_P_H

/* Between the files of the contract module; nobody else includes it. */

#include "base/vec.h"
#include "task/contract.h"
#include "task/resources.h"

/* Environment under construction: one entry a name, the last one counts. */
typedef VEC(char *) env_list;

/* What changes from attempt to attempt of a jq task. */
struct jq_state {
	struct jqx	*compiled;	/* once it was needed: jq takes 20 ms
					 * to compile */
	unsigned	 long_ones;	/* the last so many did not end in this
					 * process */
};

struct contract {
	const pb_task_template	*task;
	const struct contract_world *world;
	enum contract_kind	 kind;
	struct arena		 arena;
	char			**argv;		/* as written, NULL-ended */
	size_t			 n_argv;
	const char		*program;	/* file of argv[0]; NULL: it has
						 * a template */
	const char		*script;	/* text to be run as a file */
	const char		*stdin_name, *stdout_name;
	int			 exports;	/* inputs as $NAME; words as they
						 * are, without templates */
	int			 raw;		/* a raw container's own words */
	int			 dynamic;	/* may say what runs next */
	char			**lists;	/* LOWER_LISTS, NULL-ended; NULL: it
						 * is no element of such a map */
	const char		*jq;		/* CONTRACT_JQ */
	struct jq_state		*state;
	unsigned		 jq_flags;
	struct resources	 limits, requests;
	env_list		 env;		/* what all attempts share */
	const char		*path;		/* PATH of the task */
};

/* contract.c: the folder of $FLYTE_CODE, or NULL. */
const char *contract_code(const struct contract *);

/* contract_attempt.c: the words of an attempt's command; nothing is made. */
int	contract_words(const struct contract *, const struct attempt *,
	    struct arena *, char ***ret, struct err *) must_check;

/* contract_env.c */
/* What all attempts share: of the user's, env: and pass_env:. */
int	contract_env(struct contract *, struct err *) must_check;
/* All of one attempt, NULL-ended, in the arena. */
int	contract_attempt_env(const struct contract *, const struct attempt *,
	    struct arena *, char ***ret, struct err *) must_check;

/* contract_words.c */
/* The words of a JSON list of strings, NULL-ended, in the arena. */
int	contract_json_words(const char *key, struct str json, struct arena *,
	    char ***ret, size_t *ret_n, struct err *) must_check;
/* 1 if the word has a template that rendering would replace. */
int	contract_word_has_template(const struct contract *, const char *word);
int	contract_render_word(const struct contract *, const struct attempt *,
	    const char *word, struct arena *, char **ret, struct err *)
		must_check;

/* contract_files.c */
/*
 * Where the task is told that a file or folder lies: in its own place or, if
 * that does not end in the type's format, under dir/inputs with that ending.
 * NULL for what is no local file or folder.
 */
const char *contract_input_path(const struct contract *,
	    const struct attempt *, const char *name, const pb_literal *,
	    struct arena *);
/* Input files under dir/inputs. */
int	contract_write_inputs(const struct contract *, const struct attempt *,
	    struct arena *, struct err *) must_check;
/* 1 if contract_write_inputs makes a file of the text of the input. */
int	contract_writes_text(const struct contract *, const struct attempt *,
	    const char *name);
int	contract_open_stdin(const struct contract *, const struct attempt *,
	    int *ret, struct err *) must_check;
/*
 * 1 if the name of a variable, or key of a map, may name a file.  They come
 * from outside: one with a slash would reach out of the folder.
 */
int	contract_is_file_name(const char *);

/* contract_outputs.c */
/* Outputs from dir/outputs.  0 with *ret_fault set: the task's fault. */
int	contract_read_outputs(const struct contract *, const struct attempt *,
	    struct arena *, pb_literal_map **ret, const char **ret_fault,
	    struct err *) must_check;

/* contract_dynamic.c */
/* 1: it wrote what is to run next (futures, or an error); 0: it did not. */
int	contract_read_dynamic(const struct contract *, const struct attempt *,
	    struct arena *, struct collected *ret, struct err *) must_check;

/* contract_jq.c */
int	contract_prepare_jq(const struct contract *, const struct attempt *,
	    struct arena *, struct command *ret, struct err *) must_check;
int	contract_collect_jq(const struct contract *, const struct attempt *,
	    struct arena *, struct collected *ret, struct err *) must_check;

/* contract_flyte.c */
/* dir/inputs.pb, if the words ask for it. */
int	contract_write_inputs_pb(const struct contract *,
	    const struct attempt *, struct err *) must_check;
int	contract_collect_flyte(const struct contract *, const struct attempt *,
	    const struct proc_end *, struct arena *, struct collected *ret,
	    struct err *) must_check;

/* The store, opened if need be. */
int	contract_store(const struct contract *, struct store **ret,
	    struct err *) must_check;

/* Folders that stay for the next attempt: bits of attempt.has, in the order of
 * contract_clean's names. */
enum attempt_folder {
	FOLDER_INPUTS = 1,
	FOLDER_OUTPUTS = 2,
	FOLDER_WORK = 4,
};

/* A path below the attempt's folder. */
#define attempt_path(at, a, name)	\
	arena_join((a), (at)->dir, '/', (name))

#endif
