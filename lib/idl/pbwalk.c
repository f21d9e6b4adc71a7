#include "idl/pbwalk.h"

#include "base/base.h"
#include "idl/wire.h"

/* A type that was met, and its fields that lead to the wanted one. */
struct pbwalk_step {
	const ProtobufCMessageDescriptor *of;	/* NULL: free */
	uint16_t	*fields;
	unsigned	 n;
};

/* Types met in a search. */
struct seen {
	const ProtobufCMessageDescriptor **at;
	size_t		 n, cap;
};

void
pbwalk_release(struct pbwalk *w)
{
	size_t i;

	for (i = 0; i < w->cap; i++)
		free(w->steps[i].fields);
	free(w->steps);
	w->steps = NULL;
	w->n = w->cap = 0;
}

static int
is_seen(const struct seen *s, const ProtobufCMessageDescriptor *d)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->at[i] == d)
			return 1;
	return 0;
}

static void
see(struct seen *s, const ProtobufCMessageDescriptor *d)
{
	if (is_seen(s, d))
		return;
	if (s->n == s->cap) {
		s->cap = MAX(s->cap * 2, (size_t)64);
		s->at = xreallocarray(s->at, s->cap, sizeof(*s->at));
	}
	s->at[s->n++] = d;
}

/* 1 if a message of type d may hold one of the wanted type, or be one. */
static int
leads(const struct pbwalk *w, const ProtobufCMessageDescriptor *d)
{
	struct seen s = { NULL, 0, 0 };
	const ProtobufCFieldDescriptor *f;
	size_t i;
	unsigned k;
	int found = 0;

	see(&s, d);
	for (i = 0; i < s.n && !found; i++) {
		found = s.at[i] == w->type;
		for (k = 0; k < s.at[i]->n_fields; k++) {
			f = &s.at[i]->fields[k];
			if (f->type == PROTOBUF_C_TYPE_MESSAGE)
				see(&s, f->descriptor);
		}
	}
	free(s.at);
	return found;
}

static struct pbwalk_step *
slot_of(const struct pbwalk *w, const ProtobufCMessageDescriptor *d)
{
	size_t i = ((uintptr_t)d >> 4) * 0x9e3779b1u & (w->cap - 1);

	while (w->steps[i].of != NULL && w->steps[i].of != d)
		i = (i + 1) & (w->cap - 1);
	return &w->steps[i];
}

static void
grow(struct pbwalk *w)
{
	struct pbwalk_step *old = w->steps;
	size_t n = w->cap, i;

	w->cap = MAX(n * 2, (size_t)64);
	w->steps = xcalloc(w->cap, sizeof(*w->steps));
	for (i = 0; i < n; i++)
		if (old[i].of != NULL)
			*slot_of(w, old[i].of) = old[i];
	free(old);
}

static const struct pbwalk_step *
step_of(struct pbwalk *w, const ProtobufCMessageDescriptor *d)
{
	const ProtobufCFieldDescriptor *f;
	struct pbwalk_step *s = w->cap == 0 ? NULL : slot_of(w, d);
	unsigned i;

	if (s != NULL && s->of != NULL)
		return s;
	if (w->n * 2 >= w->cap)
		grow(w);
	s = slot_of(w, d);
	s->of = d;
	s->fields = xcalloc(d->n_fields + 1, sizeof(*s->fields));
	w->n++;
	for (i = 0; i < d->n_fields; i++) {
		f = &d->fields[i];
		if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
		    leads(w, f->descriptor))
			s->fields[s->n++] = (uint16_t)i;
	}
	return s;
}

/* Recursion is as deep as messages are, which the reader of the wire bounds
 * (MAX_MESSAGE_DEPTH). */
void
pbwalk_each(struct pbwalk *w, ProtobufCMessage *m, pbwalk_fn *fn, void *arg)
{
	const ProtobufCFieldDescriptor *f;
	const struct pbwalk_step *s;
	const uint16_t *fields;
	unsigned i, n;
	size_t k, items;

	if (m->descriptor == w->type) {
		fn(arg, m);
		return;
	}
	s = step_of(w, m->descriptor);
	fields = s->fields;	/* these stay while the table may move */
	n = s->n;
	for (i = 0; i < n; i++) {
		f = &m->descriptor->fields[fields[i]];
		items = wire_count(m, f);
		for (k = 0; k < items; k++)
			pbwalk_each(w, *(ProtobufCMessage *const *)wire_at(m, f,
			    k), fn, arg);
	}
}
