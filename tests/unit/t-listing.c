/* store/listing: kept with entries, bounded, verified, swept; what differs. */
#include "unit.h"

#include "base/limits.h"
#include "catalog.h"

static const char *
tree_hash(struct store *s, const char *path)
{
	struct strbuf b = STRBUF_INIT;
	struct blob blob;
	const char *ret;
	struct err e;

	CHECK(ok(blob_digest(s, dir, path, &blob, &e), &e));
	blob_add_hash(&blob, &b);
	ret = arena_strndup(&arena, b.p, b.n);
	strbuf_release(&b);
	return ret;
}

static pb_literal *
reduced(const char *hash)
{
	pb_literal *l = literal_none(&arena);

	l->value_case = FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET;
	l->hash = arena_strdup(&arena, hash);
	return l;
}

/* An entry of which that is an input, its tag that of the integer. */
static void
put_with(struct store *s, int64_t n, const pb_literal *input)
{
	pb_literal_map *m = literal_map_new(&arena);
	struct cache_put p = { .key = key_of(s, "1.0-a-b", ints("n", n)) };
	struct err e;

	literal_map_put(m, &arena, "d", literal_dup(input, &arena));
	p.inputs = packed(m);
	p.outputs = packed(ints("o0", n));
	p.source = STR("p/d/e/n0#0");
	CHECK(ok(catalog_put(s, &p, &e), &e));
	CHECK(ok(catalog_commit(s, &e), &e));
}

static int
known(struct store *s, const char *hash)
{
	unsigned char digest[DIGEST_SIZE];
	struct strbuf b = STRBUF_INIT;
	int rc;

	CHECK(hex_parse(str_of(strchr(hash, ':') + 1), digest,
	    DIGEST_SIZE) == 0);
	rc = listing_get(s, strncmp(hash, "sha256-tree:", 12) == 0 ?
	    LISTING_TREE : LISTING_VALUE, digest, &b);
	CHECK(rc == (b.n > 0));
	strbuf_release(&b);
	return rc;
}

static void
sql(const char *text)
{
	sqlite3 *db;

	CHECK(sqlite3_open(arena_printf(&arena, "%s/catalog.db", home),
	    &db) == SQLITE_OK);
	CHECK(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
	sqlite3_close(db);
}

static struct store *
again(struct store *s)
{
	store_close(s);
	return open_store(0);
}

TEST(a_folder_is_listed_with_the_entry_that_names_it)
{
	const char *named, *other;
	struct store *s;

	fresh();
	CHECK(mkdirat(dir, "a", 0777) == 0 && mkdirat(dir, "b", 0777) == 0);
	write_file("a/x", "1");
	write_file("b/x", "2");
	s = open_store(0);
	named = tree_hash(s, "a");
	other = tree_hash(s, "b");
	CHECK(known(s, named) && known(s, other));
	put_with(s, 1, reduced(named));
	s = again(s);
	CHECK(known(s, named));
	CHECK(!known(s, other));
	store_close(s);
}

TEST(without_folders_there_is_not_even_a_table)
{
	struct du_report r;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	put_with(s, 1, literal_integer(&arena, 1));
	CHECK(ok(store_du(s, &r, &e), &e));
	CHECK_INT(r.listings, 0);
	store_close(s);
	sql("CREATE TABLE listing (other INTEGER)");
	/* What cannot be written is left out, and nothing is said. */
	CHECK(mkdirat(dir, "a", 0777) == 0);
	s = open_store(0);
	put_with(s, 2, reduced(tree_hash(s, "a")));
	CHECK_INT(look(s, 2).state, CACHE_HIT);
	CHECK_STR(said.p, "");
	store_close(s);
}

TEST(one_that_is_long_is_not_kept_and_all_are_bounded)
{
	struct str longest = { xcalloc(1, MAX_LISTING_BYTES + 1),
	    MAX_LISTING_BYTES + 1 };
	unsigned char digest[DIGEST_SIZE] = "long";
	struct du_report r;
	struct store *s;
	struct err e;
	int i;

	fresh();
	s = open_store(0);
	listing_want(s, LISTING_VALUE, digest, longest);
	for (i = 0; i < 4; i++) {
		memset(digest, 'a' + i, DIGEST_SIZE);
		listing_want(s, LISTING_VALUE, digest, STR("bytes"));
	}
	put_with(s, 1, literal_integer(&arena, 1));
	CHECK(ok(store_du(s, &r, &e), &e));
	CHECK_INT(r.listings, 4);
	CHECK_INT(r.listing_bytes, 20);
	store_close(s);
	/* As if they were large, and b the one not used for longest. */
	sql("UPDATE listing SET size=20*1024*1024, noted=noted-10;"
	    "UPDATE listing SET noted=1 WHERE substr(id,1,1)=x'62'");
	s = open_store(0);
	memset(digest, 'e', DIGEST_SIZE);
	listing_want(s, LISTING_VALUE, digest, STR("bytes"));
	put_with(s, 2, literal_integer(&arena, 1));
	CHECK(ok(store_du(s, &r, &e), &e));
	CHECK(r.listings < 4 && r.listings > 0);
	CHECK(r.listing_bytes <= MAX_LISTINGS_BYTES);
	store_close(s);
	sql("SELECT 1/count(*) FROM listing WHERE substr(id,1,1)=x'65'");
	free((char *)(uintptr_t)longest.p);
}

static void
count_line(void *arg, const char *line)
{
	(void)line;
	++*(int *)arg;
}

TEST(a_damaged_one_is_not_believed_and_goes)
{
	struct verify_report r;
	const char *hash;
	struct store *s;
	int lines = 0;
	struct err e;

	fresh();
	CHECK(mkdirat(dir, "a", 0777) == 0);
	write_file("a/x", "1");
	s = open_store(0);
	hash = tree_hash(s, "a");
	put_with(s, 1, reduced(hash));
	store_close(s);
	sql("UPDATE listing SET bytes=zeroblob(size)");
	s = open_store(0);
	CHECK(!known(s, hash));
	CHECK(ok(listings_check(s, count_line, &lines, &e), &e));
	CHECK_INT(lines, 1);
	CHECK(ok(store_verify(s, 1, count_line, &lines, &r, &e), &e));
	CHECK_INT(r.lost, 1);
	CHECK_INT(r.repaired, 1);
	CHECK(ok(store_verify(s, 0, count_line, &lines, &r, &e), &e));
	CHECK_INT(r.listings, 0);
	CHECK_INT(lines, 2);
	CHECK_INT(look(s, 1).state, CACHE_HIT);
	store_close(s);
}

/* So that only its digest is in the entry. */
static pb_literal *
list_of(pb_literal *first)
{
	enum { N = 20 };
	pb_literal **at = arena_new_n(&arena, N, pb_literal *);
	size_t i;

	at[0] = first;
	for (i = 1; i < N; i++)
		at[i] = literal_string(&arena,
		    STR("as long as twenty of them are to be"));
	return literal_list(&arena, at, N);
}

TEST(gc_takes_those_that_no_entry_names)
{
	struct gc_options o = { .max_size = UINT64_MAX, .grace = -10 };
	const char *lone, *shared, *inside;
	struct gc_report r;
	struct store *s;
	struct err e;
	struct cache_key key;

	fresh();
	CHECK(mkdirat(dir, "a", 0777) == 0 && mkdirat(dir, "b", 0777) == 0 &&
	    mkdirat(dir, "c", 0777) == 0);
	write_file("a/x", "1");
	write_file("b/x", "2");
	s = open_store(0);
	lone = tree_hash(s, "a");
	shared = tree_hash(s, "b");
	inside = tree_hash(s, "c");
	put_with(s, 1, reduced(lone));
	put_with(s, 2, reduced(shared));
	put_with(s, 3, reduced(shared));
	put_with(s, 4, list_of(reduced(inside)));
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.listings, 0);
	key = key_of(s, "1.0-a-b", ints("n", 1));
	CHECK(ok(catalog_remove(s, &key, &e), &e));
	key = key_of(s, "1.0-a-b", ints("n", 2));
	CHECK(ok(catalog_remove(s, &key, &e), &e));
	o.dry_run = 1;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.listings, 1);
	o.dry_run = 0;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.listings, 1);
	CHECK(r.freed > 0);
	s = again(s);
	CHECK(!known(s, lone));
	CHECK(known(s, shared));
	CHECK(known(s, inside));
	o.max_size = 0;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.listings, 3);
	CHECK_INT(r.left, 0);
	store_close(s);
}

/* "what path is was" of each, by the first letters. */
static const char *
compared(struct store *s, const char *is, const char *was)
{
	struct strbuf b = STRBUF_INIT;
	struct cache_members m;
	const char *ret;
	size_t i;

	if (!listing_compare(s, is, was, &arena, &m))
		return "not known";
	strbuf_addf(&b, "%zu/%zu", m.differ, m.of);
	for (i = 0; i < m.n; i++)
		strbuf_addf(&b, " %c:" STR_FMT, "cng"[m.at[i].what],
		    STR_ARG(m.at[i].path));
	ret = arena_strndup(&arena, b.p, b.n);
	strbuf_release(&b);
	return ret;
}

TEST(members_are_told_apart_whatever_their_names_hold)
{
	struct store *s;
	const char *was, *is;
	int i;

	fresh();
	CHECK(mkdirat(dir, "a", 0777) == 0);
	write_file("a/same", "1");
	write_file("a/b", "1");
	CHECK(mkdirat(dir, "a/e", 0777) == 0);
	CHECK(mkdirat(dir, "a/d\nf", 0777) == 0);
	CHECK(mkdirat(dir, "a/full", 0777) == 0);
	write_file("a/full/x", "1");
	CHECK(symlinkat("to\nl", dir, "a/l") == 0);
	s = open_store(0);
	was = tree_hash(s, "a");
	write_file("a/b", "2");
	write_file("a/e/new", "1");
	write_file("a/e-", "1");
	CHECK(unlinkat(dir, "a/full/x", 0) == 0);
	CHECK(unlinkat(dir, "a/l", 0) == 0);
	CHECK(symlinkat("to\nm", dir, "a/l") == 0);
	is = tree_hash(s, "a");
	CHECK_STR(compared(s, is, was), "5/7 c:b n:e/new n:e- g:full/x c:l");
	CHECK_STR(compared(s, was, is), "5/7 c:b g:e/new g:e- n:full/x c:l");
	CHECK_STR(compared(s, is, "sha256-tree:12"), "not known");
	CHECK_STR(compared(s, is, ""), "not known");
	CHECK_STR(compared(s, "sha256:", was), "not known");
	for (i = 0; i < 40; i++)
		write_file(arena_printf(&arena, "a/n%02d", i), "1");
	was = is;
	is = tree_hash(s, "a");
	CHECK(str_starts(str_of(compared(s, is, was)),
	    "40/47 n:n00 n:n01 n:n02"));
	CHECK(str_ends(str_of(compared(s, is, was)), " n:n15"));
	store_close(s);
}

TEST(a_blob_is_its_own_listing)
{
	struct strbuf b = STRBUF_INIT;
	struct du_report r;
	struct blob blob;
	struct store *s;
	struct err e;

	fresh();
	CHECK(mkdirat(dir, "a", 0777) == 0);
	write_file("a/x", "1");
	s = open_store(0);
	CHECK(ok(blob_put(s, dir, "a", 0, &blob, &e), &e));
	blob_add_hash(&blob, &b);
	s = again(s);
	CHECK(known(s, b.p));
	put_with(s, 1, reduced(b.p));
	CHECK(ok(store_du(s, &r, &e), &e));
	CHECK_INT(r.listings, 0);
	CHECK(ok(blob_remove(s, &blob, &e), &e));
	s = again(s);
	CHECK(!known(s, b.p));
	strbuf_release(&b);
	store_close(s);
}
