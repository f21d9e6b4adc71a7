#ifndef SPEC_TASK_P_H
#define SPEC_TASK_P_H

/* A task while it is being lowered: task.c and program.c. */

#include "spec/interface.h"
#include "spec/prologue.h"
#include "spec/settings.h"
#include "spec/task.h"

struct task_nodes {
	uint32_t	inputs, outputs, command, run, script, jq, shell, ints,
			in, out, env, pass_env, description, dynamic, files;
	struct settings_nodes settings;
};

struct task {
	struct load		*l;
	uint32_t		 node;
	const char		*name;
	struct task_nodes	 at;
	struct declared_list	 inputs, outputs;
	struct settings		 set;
	pb_task_template	*t;
	char			*stdin_name, *stdout_name;
	enum prologue_end	 end;
	char			**words;	/* arguments of the prologue */
	size_t			 n_words;
	struct strbuf		 files;		/* inside of a JSON object */
};

/* What runs: exactly one of the programs, and the keys that go with it. */
void	task_lower_program(struct task *, const struct task_script *);

void	task_add_config(struct task *, const char *key, struct str value);
/* The value is the words as a JSON list. */
void	task_add_config_list(struct task *, const char *key, char **words,
	    size_t n);
const struct declared *task_declared(const struct declared_list *,
		    struct str name);
/* The one that is meant by a mistyped name, or NULL. */
const char	*task_meant(const struct declared_list *, struct str name);

#endif
