/* Blobs and the store as a whole: put, get, du, gc, verify. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cache.h"
#include "sys/file.h"

/* ---- names -------------------------------------------------------------- */

int
blob_looks_so(const char *word)
{
	return strchr(word, ':') != NULL || strchr(word, '/') != NULL;
}

/* "sha256:HEX" and "sha256-tree:HEX", as in Literal.hash. */
static int
blob_of_hash(struct str word, struct blob *ret)
{
	size_t skip;

	ret->size = 0;
	if (str_starts(word, "sha256:")) {
		ret->kind = BLOB_FILE;
		skip = 7;
	} else if (str_starts(word, "sha256-tree:")) {
		ret->kind = BLOB_TREE;
		skip = 12;
	} else {
		return -1;
	}
	return hex_parse((struct str){ word.p + skip, word.n - skip },
	    ret->digest.b, DIGEST_SIZE);
}

static int
refuse_scheme(const char *word, struct err *e)
{
	static const char *const later[] = {
		"http:", "https:", "s3:", "gs:", "abfs:", "az:",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(later); i++)
		if (strncmp(word, later[i], strlen(later[i])) == 0)
			return err_set(e, ERR_REFUSED, "%s: %s URIs are not "
			    "supported yet", word, later[i]);
	return 0;
}

int
blob_named(struct store *s, const char *word, struct blob *ret, struct err *e)
{
	if (refuse_scheme(word, e) < 0)
		return -1;
	if (blob_of_path(s, str_of(word), ret) == 0 ||
	    blob_of_hash(str_of(word), ret) == 0)
		return 0;
	return err_set(e, ERR_USAGE, "'%s': expected a blob: 'blob:sha256:' "
	    "and 64 hexadecimal digits (a slash behind them for a "
	    "directory), or its path in the store", word);
}

/* ---- put ---------------------------------------------------------------- */

static int
put_one(struct args *a, struct store *s, const char *word, struct strbuf *out,
    struct err *e)
{
	struct json_writer w = json_writer(out, 0);
	c_strbuf struct strbuf uri = STRBUF_INIT;
	struct blob b;
	int rc;

	if (strcmp(word, "-") == 0) {
		rc = blob_put_fd(s, STDIN_FILENO, "stdin", &b, e);
	} else {
		if (refuse_scheme(word, e) < 0)
			return -1;
		rc = blob_put(s, AT_FDCWD, word, 0, &b, e);
		/* An input that is not there or not to be read. */
		if (rc < 0 && (e->kind == ERR_MISSING ||
		    (e->kind == ERR_SYS && e->sys == EACCES)))
			e->kind = ERR_USAGE;
	}
	if (rc < 0)
		return -1;
	blob_add_uri(&b, &uri);
	if (a->form == FORM_TEXT) {
		strbuf_addf(out, "%s\n", uri.p);
		return 0;
	}
	json_object(&w);
	json_key(&w, "uri");
	json_str(&w, strbuf_str(&uri));
	json_key(&w, "size");
	json_uint(&w, b.size);
	json_key(&w, "from");
	json_cstr(&w, word);
	json_end(&w);
	strbuf_addch(out, '\n');
	return 0;
}

int
cmd_put(struct args *a)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	struct store *s = NULL;
	struct err e;
	int rc = 0;
	size_t i;

	if (a->n == 0)
		rc = err_set(&e, ERR_USAGE, "put which FILE?");
	else
		rc = context_store(a->c, &s, &e);
	for (i = 0; rc == 0 && i < a->n; i++)
		rc = put_one(a, s, a->words[i], &out, &e);
	if (rc == 0)
		rc = catalog_commit(s, &e);
	put_out(&out);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}

/* ---- get ---------------------------------------------------------------- */

static int
get(struct args *a, struct store *s, struct err *e)
{
	struct blob b;

	if (blob_named(s, a->words[0], &b, e) < 0)
		return -1;
	if (a->n == 2 && strcmp(a->words[1], "-") != 0) {
		if (blob_get(s, &b, a->link ? BLOB_LINK : BLOB_COPY, AT_FDCWD,
		    a->words[1], a->replace, e) == 0)
			return 0;
		if (e->kind == ERR_CONFLICT)
			return err_set(e, ERR_CONFLICT, "%s: is there already;"
			    " --replace replaces it", a->words[1]);
		return -1;
	}
	if (a->link)
		return err_set(e, ERR_USAGE, "--link wants a PATH");
	if (b.kind == BLOB_TREE)
		return err_set(e, ERR_USAGE,
		    "%s: is a directory: say a PATH to copy it to",
		    a->words[0]);
	return blob_write(s, &b, STDOUT_FILENO, e);
}

int
cmd_get(struct args *a)
{
	struct store *s;
	struct err e;
	int rc;

	if (a->n < 1 || a->n > 2)
		rc = err_set(&e, ERR_USAGE,
		    "get takes a URI and perhaps a PATH");
	else if ((rc = context_store(a->c, &s, &e)) == 0)
		rc = get(a, s, &e);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}

/* ---- du ----------------------------------------------------------------- */

static void
du_line(struct strbuf *out, const char *what, size_t n, uint64_t bytes)
{
	c_strbuf struct strbuf size = STRBUF_INIT;

	add_size(&size, bytes);
	strbuf_addf(out, "%-12s %9zu %12s\n", what, n, size.p);
}

static void
du_json(struct strbuf *out, const struct du_report *r)
{
	struct json_writer w = json_writer(out, 0);
	const struct {
		const char *key;
		uint64_t v;
	} fields[] = {
		{ "entries", r->entries }, { "entry_bytes", r->entry_bytes },
		{ "listings", r->listings },
		{ "listing_bytes", r->listing_bytes },
		{ "catalog_bytes", r->catalog_bytes },
		{ "files", r->files }, { "file_bytes", r->file_bytes },
		{ "directories", r->trees },
		{ "directory_bytes", r->tree_bytes },
		{ "temporary", r->temps }, { "temporary_bytes", r->temp_bytes },
	};
	size_t i;

	json_object(&w);
	for (i = 0; i < ARRAY_LEN(fields); i++) {
		json_key(&w, fields[i].key);
		json_uint(&w, fields[i].v);
	}
	json_end(&w);
	strbuf_addch(out, '\n');
}

int
cmd_du(struct args *a)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	struct du_report r;
	struct store *s;
	struct err e;

	if (context_store(a->c, &s, &e) < 0 || store_du(s, &r, &e) < 0)
		return fail(a->c, &e);
	if (a->form == FORM_TEXT) {
		du_line(&out, "entries", r.entries, r.entry_bytes);
		du_line(&out, "listings", r.listings, r.listing_bytes);
		du_line(&out, "files", r.files, r.file_bytes);
		du_line(&out, "directories", r.trees, r.tree_bytes);
		du_line(&out, "temporary", r.temps, r.temp_bytes);
		du_line(&out, "in all", r.files + r.trees, r.entry_bytes +
		    r.listing_bytes + r.file_bytes + r.tree_bytes + r.temp_bytes);
	} else {
		du_json(&out, &r);
	}
	put_out(&out);
	return EXIT_DONE;
}

/* ---- gc ----------------------------------------------------------------- */

static void
gc_text(struct args *a, const struct gc_report *r)
{
	c_strbuf struct strbuf freed = STRBUF_INIT, left = STRBUF_INIT;

	add_size(&freed, r->freed);
	add_size(&left, r->left);
	printf("%s %zu %s, %zu %s, %zu temporary: %s; %s left\n",
	    a->dry_run ? "would remove" : "removed", r->entries,
	    r->entries == 1 ? "entry" : "entries", r->blobs,
	    r->blobs == 1 ? "blob" : "blobs", r->temps, freed.p, left.p);
}

static void
gc_json(const struct gc_report *r)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	struct json_writer w = json_writer(&out, 0);

	json_object(&w);
	json_key(&w, "entries");
	json_uint(&w, r->entries);
	json_key(&w, "blobs");
	json_uint(&w, r->blobs);
	json_key(&w, "listings");
	json_uint(&w, r->listings);
	json_key(&w, "temporary");
	json_uint(&w, r->temps);
	json_key(&w, "freed");
	json_uint(&w, r->freed);
	json_key(&w, "left");
	json_uint(&w, r->left);
	json_end(&w);
	strbuf_addch(&out, '\n');
	put_out(&out);
}

int
cmd_gc(struct args *a)
{
	struct gc_options o = {
		.max_size = a->max_size, .grace = a->older,
		.dry_run = a->dry_run,
	};
	struct gc_report r;
	struct store *s;
	struct err e;

	if (a->n > 0 && err_set(&e, ERR_USAGE, "gc takes no arguments") < 0)
		return fail(a->c, &e);
	if (context_store(a->c, &s, &e) < 0 || gc_run(s, &o, &r, &e) < 0)
		return fail(a->c, &e);
	if (a->form == FORM_JSON)
		gc_json(&r);
	else if (!a->quiet)
		gc_text(a, &r);
	if (r.kept > 0)
		warn(a->c, "more than %s is left: the rest is pinned, in use "
		    "or was used within the time of --older",
		    opt_name(OPT_MAX_SIZE));
	return EXIT_DONE;
}

/* ---- verify ------------------------------------------------------------- */

static void
tell(void *arg, const char *line)
{
	warn(arg, "%s", line);
}

static void
verify_json(const struct verify_report *r)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	struct json_writer w = json_writer(&out, 0);

	json_object(&w);
	json_key(&w, "blobs");
	json_uint(&w, r->blobs);
	json_key(&w, "damaged");
	json_uint(&w, r->damaged);
	json_key(&w, "entries");
	json_uint(&w, r->entries);
	json_key(&w, "dangling");
	json_uint(&w, r->dangling);
	json_key(&w, "listings");
	json_uint(&w, r->listings);
	json_key(&w, "listings_damaged");
	json_uint(&w, r->lost);
	json_key(&w, "catalog_damaged");
	json_bool(&w, r->catalog_damaged);
	json_key(&w, "repaired");
	json_uint(&w, r->repaired);
	json_end(&w);
	strbuf_addch(&out, '\n');
	put_out(&out);
}

int
cmd_verify(struct args *a)
{
	struct verify_report r;
	struct store *s;
	struct err e;
	int bad;

	if (a->n > 0 && err_set(&e, ERR_USAGE, "verify takes no arguments") < 0)
		return fail(a->c, &e);
	if (context_store(a->c, &s, &e) < 0 ||
	    store_verify(s, a->repair, tell, a->c, &r, &e) < 0)
		return fail(a->c, &e);
	bad = r.damaged + r.dangling + r.lost > 0 || r.catalog_damaged;
	if (a->form == FORM_JSON)
		verify_json(&r);
	else if (!a->quiet || bad)
		printf("%zu %s read, %zu damaged; %zu %s, %zu dangling%s\n",
		    r.blobs, r.blobs == 1 ? "blob" : "blobs", r.damaged,
		    r.entries, r.entries == 1 ? "entry" : "entries",
		    r.dangling, bad && a->repair ? "; repaired" : "");
	return bad && !a->repair ? EXIT_CORRUPT : EXIT_DONE;
}
