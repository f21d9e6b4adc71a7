/* What a gate waits for, and how it is answered. */

#include "show.h"

#include "base/utf8.h"
#include "idl/nodepath.h"
#include "idl/type.h"

/* The gate if it waits now, or NULL. */
static const pb_gate_node *
waiting_gate(const struct look *l, const struct look_item *it)
{
	if (it->node == NULL || it->decl == NULL ||
	    it->decl->target_case !=
	    FLYTEIDL__CORE__NODE__TARGET_GATE_NODE ||
	    look_is_final(it->node->phase) ||
	    history_is_final(l->history.phase))
		return NULL;
	return it->decl->gate_node;
}

static int
is_approval(const pb_gate_node *g)
{
	return g->condition_case ==
	    FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE;
}

/* Of a sleep; us. */
static int64_t
until(const pb_gate_node *g, const struct history_node *n)
{
	const pb_duration *d = g->sleep->duration;
	int64_t end;

	if (d == NULL || __builtin_mul_overflow(d->seconds, 1000000, &end) ||
	    __builtin_add_overflow(end, d->nanos / 1000 + n->started, &end))
		return n->started;
	return end;
}

int
add_answer(struct strbuf *b, const struct look *l, const struct look_item *it)
{
	const pb_gate_node *g = waiting_gate(l, it);

	if (g == NULL || look_signal(it) == NULL)
		return 0;
	strbuf_addf(b, "flyte-ctl %s %s/", is_approval(g) ? "approve" :
	    "signal", l->history.id.name);
	nodepath_add(b, it->path);
	strbuf_adds(b, is_approval(g) ? "" : " VALUE");
	return 1;
}

void
add_waits(struct strbuf *b, const struct look *l, const struct look_item *it)
{
	const pb_gate_node *g = waiting_gate(l, it);

	if (g == NULL)
		return;
	add_label(b, "waits for");
	if (look_signal(it) == NULL) {
		strbuf_adds(b, "its time: ");
		look_add_time(b, until(g, it->node));
		strbuf_addch(b, '\n');
		return;
	}
	if (is_approval(g)) {
		strbuf_adds(b, "approval of its inputs");
	} else {
		utf8_add_shown(b, str_of(g->signal->output_variable_name));
		strbuf_adds(b, ": ");
		type_add_name(b, g->signal->type);
	}
	strbuf_addch(b, '\n');
	add_label(b, "answer");
	(void)add_answer(b, l, it);
	strbuf_addch(b, '\n');
	if (!is_approval(g))
		return;
	add_label(b, "or");
	strbuf_addf(b, "flyte-ctl signal %s/", l->history.id.name);
	nodepath_add(b, it->path);
	strbuf_adds(b, " false\n");
}

void
put_waits(struct json_writer *w, const struct look *l,
    const struct look_item *it)
{
	const pb_gate_node *g = waiting_gate(l, it);
	c_strbuf struct strbuf text = STRBUF_INIT;

	if (g == NULL)
		return;
	json_key(w, "waits");
	json_object(w);
	json_key(w, "for");
	if (look_signal(it) == NULL) {
		json_cstr(w, "time");
		json_key(w, "until");
		look_add_exact(&text, until(g, it->node));
	} else {
		json_cstr(w, is_approval(g) ? "approval" : "value");
		if (!is_approval(g)) {
			json_key(w, "name");
			json_cstr(w, g->signal->output_variable_name);
			json_key(w, "type");
			type_add_name(&text, g->signal->type);
			json_str(w, strbuf_str(&text));
			strbuf_reset(&text);
		}
		json_key(w, "answer");
		(void)add_answer(&text, l, it);
	}
	json_str(w, strbuf_str(&text));
	json_end(w);
}
