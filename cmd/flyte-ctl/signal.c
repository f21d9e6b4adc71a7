/* Values for gates. */

#include "ctl.h"

#include "common/inputs.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/wire.h"
#include "record/control.h"

struct gate {
	struct look		 look;
	const struct look_item	*item;
	const char		*signal;
	const pb_literal_type	*type;
	int			 approve;
};

/* ---- which gate --------------------------------------------------------- */

static int
read_gate(struct ctl *c, struct gate *g, struct err *e)
{
	const pb_gate_node *gate;
	const char *kind = look_kind(g->item);

	if (g->look.closure == NULL) {
		*e = g->look.trouble;
		return err_wrap(e, "%s", c->id.name);
	}
	if (g->item->decl == NULL || strcmp(kind, "gate") != 0)
		return err_set(e, ERR_USAGE, "%s/%s is no gate but a %s",
		    c->id.name, c->path, kind[0] != '\0' ? kind : "node");
	gate = g->item->decl->gate_node;
	g->signal = look_signal(g->item);
	if (g->signal == NULL)
		return err_set(e, ERR_USAGE, "%s/%s waits for time to pass, "
		    "not for a value", c->id.name, c->path);
	g->approve = gate->condition_case ==
	    FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE;
	g->type = g->approve ? type_simple(&c->ctx.arena,
	    FLYTEIDL__CORE__SIMPLE_TYPE__BOOLEAN) : gate->signal->type;
	return 0;
}

struct posted {
	const char	*id;
	uint64_t	 before;	/* only those; 0: all */
	int		 found;
};

static int
match_posted(void *arg, const struct control_command *cmd, struct err *e)
{
	struct posted *p = arg;

	(void)e;
	if (cmd->todo == CONTROL_SIGNAL && strcmp(cmd->id, p->id) == 0 &&
	    (p->before == 0 || cmd->number < p->before))
		p->found = 1;
	return 0;
}

static int
given_already(const struct ctl *c, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "%s/%s has been given its value "
	    "already", c->id.name, c->path);
}

/* Refuses what comes too late, and what was given before. */
static int
check_open(struct ctl *c, const struct gate *g, struct err *e)
{
	const struct history *h = &g->look.history;
	struct posted p = { .id = g->signal };
	size_t i;

	if (history_is_final(h->phase))
		return err_set(e, ERR_CONFLICT, "%s has ended: it %s",
		    c->id.name, h->phase == SCHED_WF_ABORTED ? "was aborted" :
		    look_phase_name(look_phase(&g->look)));
	if (g->item->node != NULL && look_is_final(g->item->node->phase))
		return err_set(e, ERR_CONFLICT, "%s/%s waits no more: it is "
		    "%s", c->id.name, c->path, look_word(&g->look, g->item));
	for (i = 0; i < h->n_signals; i++)
		if (strcmp(h->signals[i].id, g->signal) == 0)
			p.found = 1;
	if (!p.found && control_read(h->dir, h->controlled, match_posted, &p,
	    e) < 0)
		return -1;
	return p.found ? given_already(c, e) : 0;
}

/* ---- giving it ---------------------------------------------------------- */

static int
post(struct ctl *c, const struct gate *g, const pb_literal *value,
    struct err *e)
{
	c_strbuf struct strbuf wire = STRBUF_INIT;
	struct control_command cmd = {
		.todo = CONTROL_SIGNAL, .id = g->signal,
	};
	struct posted p = { .id = g->signal };
	const char *dir = g->look.history.dir;

	wire_pack(&value->base, &wire);
	cmd.value = strbuf_str(&wire);
	if (control_post(dir, &cmd, e) < 0)
		return -1;
	/* Of several at once the first one counts. */
	p.before = cmd.number;
	if (control_read(dir, g->look.history.controlled, match_posted, &p,
	    e) < 0)
		return -1;
	if (p.found)
		return given_already(c, e);
	if (!g->look.alive && !c->quiet)
		warn(&c->ctx, "no process runs %s now: the value is taken "
		    "when it goes on (flyte-run --resume %s)", c->id.name,
		    c->id.name);
	return 0;
}

/* The text as the gate's type, by the rules of inputs on a command line. */
static int
read_value(struct ctl *c, const struct gate *g, const char *text,
    const pb_literal **ret, struct err *e)
{
	struct want want = { .name = "VALUE", .type = g->type };
	struct wants wants = { &want, 1 };
	struct inputs *in = inputs_new(&c->ctx);
	pb_literal_map *map;
	int rc = inputs_add_word(in, arena_printf(&c->ctx.arena, "VALUE=%s",
	    text), e);

	if (rc == 0)
		rc = inputs_bind(in, &wants, &map, e);
	if (rc == 0)
		*ret = literal_dup(literal_map_get(map, "VALUE"),
		    &c->ctx.arena);
	inputs_free(in);
	return rc;
}

static int
give(struct ctl *c, struct gate *g, const char *text, struct err *e)
{
	const pb_literal *value = literal_boolean(&c->ctx.arena, 1);
	uint32_t at;

	if (look_open(c->home, &c->id, &g->look, e) < 0 ||
	    look_find(&g->look, c->path, &at, e) < 0)
		return -1;
	g->item = &g->look.items.at[at];
	if (read_gate(c, g, e) < 0)
		return -1;
	if (text == NULL && !g->approve)
		return err_set(e, ERR_USAGE, "%s/%s waits for a value, not "
		    "for approval: flyte-ctl signal %s/%s VALUE", c->id.name,
		    c->path, c->id.name, c->path);
	if (check_open(c, g, e) < 0 ||
	    (text != NULL && read_value(c, g, text, &value, e) < 0))
		return -1;
	return post(c, g, value, e);
}

int
ctl_signal(struct ctl *c, const char *text)
{
	struct gate g = { .item = NULL };
	struct err e;
	int rc = give(c, &g, text, &e);

	look_release(&g.look);
	return rc < 0 ? fail(&c->ctx, &e) : EXIT_DONE;
}

int
ctl_approve(struct ctl *c)
{
	return ctl_signal(c, NULL);
}
