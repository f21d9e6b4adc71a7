/* Entries of the catalog: what they are, rm, pin. */
#include "base/time.h"
#include "base/vec.h"
#include "cache.h"

const char *
task_name(const struct cache_entry *x)
{
	return strncmp(x->name, "flyte_task-", 11) == 0 ? x->name + 11 :
	    x->name;
}

void
add_time(struct strbuf *b, int64_t seconds)
{
	instant_add(b, (struct instant){ seconds, 0 });
}

void
add_size(struct strbuf *b, uint64_t bytes)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		strbuf_addf(b, "%u B", (unsigned)bytes);
		return;
	}
	for (; v >= 1024 && i + 1 < ARRAY_LEN(units); i++)
		v /= 1024;
	strbuf_addf(b, "%.1f %s", v, units[i]);
}

/* ---- finding ------------------------------------------------------------ */

static int
key_check(const char *word, struct err *e)
{
	size_t n = strlen(word);

	if (n < KEY_LEAST || n > 64 || strspn(word, "0123456789abcdef") != n)
		return err_set(e, ERR_USAGE, "'%s': expected a key as "
		    "'flyte-cache ls' shows it: at least %d of its "
		    "hexadecimal digits", word, KEY_LEAST);
	return 0;
}

struct finding {
	cache_entry_fn	*fn;
	void		*arg;
	const char	*word;
	size_t		 n;
	char		 first[65];
};

static int
count_found(void *arg, const struct cache_entry *x, struct err *e)
{
	struct finding *f = arg;

	if (f->n++ == 0) {
		memcpy(f->first, x->key, sizeof(f->first));
		return 0;
	}
	return err_set(e, ERR_USAGE, "'%s': several keys begin so, such as "
	    "%.16s and %.16s", f->word, f->first, x->key);
}

int
entry_find(struct store *s, const char *word, cache_entry_fn *fn, void *arg,
    struct err *e)
{
	struct finding f = { fn, arg, word, 0, "" };
	struct cache_filter filter = { .key = word };

	if (key_check(word, e) < 0 ||
	    catalog_list(s, &filter, count_found, &f, e) < 0)
		return -1;
	if (f.n == 0)
		return err_set(e, ERR_MISSING, "'%s': no entry has this key",
		    word);
	filter.key = f.first;
	return catalog_list(s, &filter, fn, arg, e);
}

/* ---- printing ----------------------------------------------------------- */

static void
json_time(struct json_writer *w, const char *key, int64_t seconds)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	add_time(&b, seconds);
	json_key(w, key);
	json_str(w, strbuf_str(&b));
}

static void
json_blobs(struct json_writer *w, const struct cache_entry *x)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	json_key(w, "blobs");
	json_array(w);
	for (i = 0; i < x->n_blobs; i++) {
		strbuf_reset(&b);
		blob_add_uri(&x->blobs[i], &b);
		json_str(w, strbuf_str(&b));
	}
	json_end(w);
}

void
entry_json(struct json_writer *w, const struct cache_entry *x)
{
	c_strbuf struct strbuf hex = STRBUF_INIT;

	json_key(w, "key");
	json_cstr(w, x->key);
	json_key(w, "project");
	json_cstr(w, x->project);
	json_key(w, "domain");
	json_cstr(w, x->domain);
	json_key(w, "task");
	json_cstr(w, task_name(x));
	json_key(w, "cache_version");
	json_cstr(w, x->cache_version);
	json_key(w, "dataset_version");
	json_cstr(w, x->version);
	json_key(w, "tag");
	json_str(w, x->tag);
	json_time(w, "created", x->created);
	json_time(w, "used", x->used);
	json_key(w, "size");
	json_uint(w, x->size);
	json_key(w, "pinned");
	json_bool(w, x->pinned);
	json_key(w, "source");
	json_str(w, x->source);
	json_key(w, "command");
	if (!digest_empty(&x->command))
		hex_add(&hex, x->command.b, DIGEST_SIZE);
	json_str(w, strbuf_str(&hex));
	json_blobs(w, x);
}

/* ---- rm and pin --------------------------------------------------------- */

/* Keys of entries; changing them while listing would not do. */
struct keys {
	struct store	*s;
	struct arena	*arena;
	struct cache_key *at;
	size_t		 n, cap;
};

static int
collect(void *arg, const struct cache_entry *x, struct err *e)
{
	struct keys *k = arg;

	(void)e;
	VEC_PUSH(k, catalog_key_of(k->s, x, k->arena));
	return 0;
}

static int
collect_words(struct args *a, struct keys *k, struct err *e)
{
	struct cache_filter f = {
		.project = a->project, .domain = a->domain,
		.name = a->n > 0 ? a->words[0] : NULL,
	};
	size_t i;

	if (a->all && a->n > 1)
		return err_set(e, ERR_USAGE,
		    "--all takes the name of one task");
	if (a->all)
		return catalog_list(k->s, &f, collect, k, e);
	if (a->n == 0)
		return err_set(e, ERR_USAGE, "which KEY?");
	for (i = 0; i < a->n; i++)
		if (entry_find(k->s, a->words[i], collect, k, e) < 0)
			return -1;
	return 0;
}

/* pin -1: removes them. */
static int
change_all(struct keys *k, int pin, size_t *ret, struct err *e)
{
	size_t i;
	int rc;

	for (i = 0; i < k->n; i++) {
		if (pin < 0)
			rc = catalog_remove(k->s, &k->at[i], e);
		else
			rc = catalog_pin(k->s, &k->at[i], pin, e);
		if (rc < 0)
			return -1;
		*ret += rc == 0;
	}
	return 0;
}

static int
change(struct args *a, int pin, const char *done)
{
	struct keys k = { .arena = &a->c->arena };
	size_t n = 0;
	struct err e;
	int rc;

	rc = context_store(a->c, &k.s, &e);
	if (rc == 0)
		rc = collect_words(a, &k, &e);
	if (rc == 0 && a->dry_run)
		n = k.n;
	else if (rc == 0)
		rc = change_all(&k, pin, &n, &e);
	if (rc == 0 && !a->quiet)
		printf("%s %zu %s\n", done, n, n == 1 ? "entry" : "entries");
	VEC_RELEASE(&k);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}

int
cmd_rm(struct args *a)
{
	return change(a, -1, a->dry_run ? "would remove" : "removed");
}

int
cmd_pin(struct args *a)
{
	return change(a, !a->unpin, a->unpin ? "unpinned" : "pinned");
}
