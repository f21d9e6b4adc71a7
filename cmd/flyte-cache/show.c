/* Entries and blobs, with all that is known of them. */
#include "cache.h"
#include "idl/value.h"
#include "idl/wire.h"

struct showing {
	struct args	*a;
	struct store	*s;
	struct strbuf	 out;
};

/* Inputs or outputs as a map, and its bytes from wherever they are. */
static int
values(struct showing *sh, struct str bytes, pb_literal_map **ret,
    struct err *e)
{
	ProtobufCMessage *m;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, bytes,
	    &sh->a->c->arena, &m, e) < 0)
		return -1;
	*ret = (pb_literal_map *)(void *)m;
	blob_uris_in(sh->s, *ret, 0, &sh->a->c->arena, NULL);
	return 0;
}

static int
outputs_of(struct showing *sh, const struct cache_entry *x,
    pb_literal_map **ret, struct err *e)
{
	c_strbuf struct strbuf big = STRBUF_INIT;

	if (x->outputs_inline)
		return values(sh, x->outputs, ret, e);
	if (x->n_blobs == 0)
		return err_set(e, ERR_CORRUPT, "%.16s: the entry is not whole",
		    x->key);
	if (blob_read_all(sh->s, &x->blobs[0], &big, e) < 0)
		return -1;
	return values(sh, strbuf_str(&big), ret, e);
}

static void
show_values(struct strbuf *out, const char *title, const pb_literal_map *m)
{
	size_t i;

	strbuf_addf(out, "%s\n", title);
	for (i = 0; i < m->n_literals; i++) {
		strbuf_addf(out, "  %s: ", m->literals[i]->key);
		cache_value_add(out, m->literals[i]->value, 200);
		strbuf_addch(out, '\n');
	}
}

static void
show_blobs(struct showing *sh, const struct cache_entry *x)
{
	static const char *const states[] = { "whole", "gone", "damaged" };
	struct strbuf *out = &sh->out;
	enum blob_state state;
	struct err ignored;
	size_t i;

	if (x->n_blobs > 0)
		strbuf_adds(out, "blobs\n");
	for (i = 0; i < x->n_blobs; i++) {
		struct blob b = x->blobs[i];

		strbuf_adds(out, "  ");
		blob_add_uri(&b, out);
		if (blob_check(sh->s, &b, 0, &state, &ignored) < 0)
			strbuf_adds(out, "  cannot be read");
		else
			strbuf_addf(out, "  %s", states[state]);
		strbuf_addch(out, '\n');
	}
}

static void
show_text(struct showing *sh, const struct cache_entry *x,
    const pb_literal_map *inputs, const pb_literal_map *outputs)
{
	struct strbuf *out = &sh->out;

	strbuf_addf(out, "key      %s\ntask     %s/%s/%s\nversion  %s\n"
	    "dataset  %s\ntag      " STR_FMT "\nmade     ", x->key, x->project,
	    x->domain, task_name(x), x->cache_version, x->version,
	    STR_ARG(x->tag));
	add_time(out, x->created);
	if (x->source.n > 0)
		strbuf_addf(out, " by " STR_FMT, STR_ARG(x->source));
	strbuf_adds(out, "\nused     ");
	add_time(out, x->used);
	strbuf_adds(out, "\nsize     ");
	add_size(out, x->size);
	strbuf_adds(out, x->pinned ? "\npinned   yes\n" : "\n");
	show_values(out, "inputs", inputs);
	if (outputs != NULL)
		show_values(out, "outputs", outputs);
	show_blobs(sh, x);
}

static void
json_values(struct json_writer *w, const char *key, const pb_literal_map *m)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const pb_literal *l;
	size_t i;

	json_key(w, key);
	json_object(w);
	for (i = 0; i < m->n_literals; i++) {
		json_key(w, m->literals[i]->key);
		l = m->literals[i]->value;
		strbuf_reset(&b);
		if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET)
			json_cstr(w, l->hash);
		else {
			value_add_json(&b, l);
			json_raw(w, strbuf_str(&b));
		}
	}
	json_end(w);
}

static int
show_one(void *arg, const struct cache_entry *x, struct err *e)
{
	pb_literal_map *inputs, *outputs = NULL;
	struct showing *sh = arg;
	struct json_writer w;

	if (values(sh, x->inputs, &inputs, e) < 0)
		return err_wrap(e, "entry %.16s", x->key);
	/* A blob that is gone is part of what is to be shown. */
	if (outputs_of(sh, x, &outputs, e) < 0)
		warn(sh->a->c, "%s", e->msg);
	if (sh->a->form == FORM_TEXT) {
		show_text(sh, x, inputs, outputs);
		return 0;
	}
	w = json_writer(&sh->out, 0);
	json_object(&w);
	entry_json(&w, x);
	json_values(&w, "inputs", inputs);
	if (outputs != NULL)
		json_values(&w, "outputs", outputs);
	json_end(&w);
	strbuf_addch(&sh->out, '\n');
	return 0;
}

static int
show_blob(struct showing *sh, const char *word, struct err *e)
{
	enum blob_state state;
	struct json_writer w;
	c_strbuf struct strbuf uri = STRBUF_INIT, path = STRBUF_INIT;
	struct blob b;

	if (blob_named(sh->s, word, &b, e) < 0 ||
	    blob_check(sh->s, &b, 0, &state, e) < 0)
		return -1;
	if (state == BLOB_GONE)
		return err_set(e, ERR_MISSING, "%s: not in the store", word);
	blob_add_uri(&b, &uri);
	blob_add_path(sh->s, &b, &path);
	if (sh->a->form == FORM_TEXT) {
		strbuf_addf(&sh->out, "uri    %s\nkind   %s\npath   %s\n",
		    uri.p, b.kind == BLOB_TREE ? "directory" : "file", path.p);
		strbuf_addf(&sh->out, "state  %s\n",
		    state == BLOB_OK ? "whole" : "damaged");
		if (state == BLOB_OK) {
			strbuf_adds(&sh->out, "size   ");
			add_size(&sh->out, b.size);
			strbuf_addch(&sh->out, '\n');
		}
		return 0;
	}
	w = json_writer(&sh->out, 0);
	json_object(&w);
	json_key(&w, "uri");
	json_str(&w, strbuf_str(&uri));
	json_key(&w, "kind");
	json_cstr(&w, b.kind == BLOB_TREE ? "directory" : "file");
	json_key(&w, "path");
	json_str(&w, strbuf_str(&path));
	json_key(&w, "whole");
	json_bool(&w, state == BLOB_OK);
	json_key(&w, "size");
	json_uint(&w, b.size);
	json_end(&w);
	strbuf_addch(&sh->out, '\n');
	return 0;
}

int
cmd_show(struct args *a)
{
	struct showing sh = { .a = a, .out = STRBUF_INIT };
	int rc = 0;
	struct err e;
	size_t i;

	if (a->n == 0)
		rc = err_set(&e, ERR_USAGE, "show which KEY or URI?");
	else
		rc = context_store(a->c, &sh.s, &e);
	for (i = 0; rc == 0 && i < a->n; i++) {
		if (i > 0 && a->form == FORM_TEXT)
			strbuf_addch(&sh.out, '\n');
		if (blob_looks_so(a->words[i]))
			rc = show_blob(&sh, a->words[i], &e);
		else
			rc = entry_find(sh.s, a->words[i], show_one, &sh, &e);
	}
	put_out(&sh.out);
	strbuf_release(&sh.out);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}
