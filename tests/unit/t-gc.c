/* store/gc, verify and lists of the catalog. */
#include "unit.h"

#include "base/limits.h"
#include "catalog.h"

/* As if the entry of this input had been used so long ago, and made then. */
static void
age(struct store *s, int64_t n, int days)
{
	struct strbuf sql = STRBUF_INIT;
	unsigned char tag[TAG_SIZE];
	struct err e;
	sqlite3 *db;

	CHECK(sqlite3_open(arena_printf(&arena, "%s/catalog.db", home),
	    &db) == SQLITE_OK);
	strbuf_addf(&sql, "UPDATE entry SET used=used-%d WHERE tag=x'",
	    days * 86400);
	CHECK(ok(catalog_tag_decode(key_of(s, "1.0-a-b", ints("n", n)).tag, tag, &e),
	    &e));
	hex_add(&sql, tag, TAG_SIZE);
	strbuf_adds(&sql, "'");
	CHECK(sqlite3_exec(db, sql.p, NULL, NULL, NULL) == SQLITE_OK);
	CHECK_INT(sqlite3_changes(db), 1);
	sqlite3_close(db);
	strbuf_release(&sql);
}

TEST(gc_takes_the_longest_unused_and_what_only_it_needs)
{
	struct gc_options o = { .max_size = 25000, .grace = -10 };
	char *rows = xmalloc(10001);
	struct gc_report r;
	struct blob b[3];
	struct store *s;
	struct err e;
	int i;

	fresh();
	s = open_store(0);
	for (i = 0; i < 3; i++) {
		memset(rows, 'a' + i, 10000);
		rows[10000] = '\0';
		b[i] = put_text(s, rows);
		put(s, i, file_output(s, &b[i]), "src", 0);
	}
	/* A second entry needs what the oldest needs. */
	put(s, 7, file_output(s, &b[1]), "src", 0);
	CHECK(ok(catalog_commit(s, &e), &e));
	age(s, 1, 9);
	age(s, 2, 5);
	o.dry_run = 1;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.entries, 2);
	o.dry_run = 0;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.entries, 2);
	CHECK_INT(r.blobs, 1);
	CHECK(r.left <= 25000);
	CHECK_INT(look(s, 1).state, CACHE_MISS);
	CHECK_INT(look(s, 2).state, CACHE_MISS);
	CHECK_INT(look(s, 0).state, CACHE_HIT);
	CHECK_INT(look(s, 7).state, CACHE_HIT);
	free(rows);
	store_close(s);
}

TEST(gc_keeps_pins_and_the_young)
{
	struct gc_options o = { .max_size = 0, .grace = -10 };
	struct cache_key key;
	struct gc_report r;
	struct blob b;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	b = put_text(s, "rows");
	put(s, 1, file_output(s, &b), "src", 0);
	put(s, 2, ints("o0", 1), "src", 0);
	CHECK(ok(catalog_commit(s, &e), &e));
	key = key_of(s, "1.0-a-b", ints("n", 1));
	CHECK(ok(catalog_pin(s, &key, 1, &e), &e));
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.entries, 1);
	CHECK_INT(r.kept, 1);
	CHECK_INT(look(s, 1).state, CACHE_HIT);
	CHECK_INT(look(s, 2).state, CACHE_MISS);
	CHECK(ok(catalog_pin(s, &key, 0, &e), &e));
	o.grace = 3600;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.entries, 0);
	o.grace = -10;
	CHECK(ok(gc_run(s, &o, &r, &e), &e));
	CHECK_INT(r.entries, 1);
	CHECK_INT(r.blobs, 1);
	CHECK_INT(r.left, 0);
	CHECK_INT(catalog_pin(s, &key, 1, &e), 1);
	store_close(s);
}

static void
count_line(void *arg, const char *line)
{
	(void)line;
	++*(int *)arg;
}

TEST(verify_saves_what_can_be_read_of_a_damaged_catalog)
{
	struct verify_report r;
	struct cache_lookup l;
	int64_t i, hits = 0;
	struct store *s;
	int lines = 0, fd;
	struct err e;
	char *junk = xcalloc(1, 4096);

	fresh();
	s = open_store(0);
	for (i = 0; i < 2000; i++)
		put(s, i, ints("o0", i), "p/d/some-execution/n0#0", 0);
	store_close(s);
	/* One page in the middle of the table. */
	fd = openat(dir, "catalog.db", O_WRONLY | O_CLOEXEC);
	memset(junk, 0xa5, 4096);
	CHECK(pwrite(fd, junk, 4096, 40 * 4096) == 4096);
	close(fd);
	free(junk);
	s = open_store(0);
	CHECK(ok(store_verify(s, 0, count_line, &lines, &r, &e), &e));
	CHECK_INT(r.catalog_damaged, 1);
	CHECK(lines > 0);
	CHECK(ok(store_verify(s, 1, count_line, &lines, &r, &e), &e));
	CHECK_INT(r.rebuilt, 1);
	CHECK(r.saved > 1900 && r.saved < 2000);
	for (i = 0; i < 2000; i++) {
		l = look(s, i);
		hits += answer(&l) == i;
	}
	CHECK_INT(hits, r.saved);
	CHECK(ok(store_verify(s, 0, count_line, &lines, &r, &e), &e));
	CHECK_INT(r.catalog_damaged, 0);
	store_close(s);
}

static int
count_listed(void *arg, const struct cache_entry *x, struct err *e)
{
	(void)e;
	CHECK(strlen(x->key) == 64);
	return ++*(int *)arg == 100;
}

TEST(listing_selects_and_stops)
{
	struct cache_filter f = { .project = "p", .domain = "d", .name = "t" };
	struct store *s;
	struct err e;
	int i, n = 0;

	fresh();
	s = open_store(0);
	for (i = 0; i < 5; i++)
		put(s, i, ints("o0", i), "src", 0);
	CHECK(ok(catalog_list(s, &f, count_listed, &n, &e), &e));
	CHECK_INT(n, 5);
	f.limit = 2;
	n = 0;
	CHECK(ok(catalog_list(s, &f, count_listed, &n, &e), &e));
	CHECK_INT(n, 2);
	n = 99;
	CHECK(ok(catalog_list(s, &f, count_listed, &n, &e), &e));
	CHECK_INT(n, 100);
	f.name = "other";
	n = 0;
	CHECK(ok(catalog_list(s, &f, count_listed, &n, &e), &e));
	CHECK_INT(n, 0);
	store_close(s);
}

TEST(a_home_on_the_network_keeps_the_catalog_here)
{
	struct store_options o = { .home = home, .say = say, .force_local = 1 };
	struct cache_lookup l;
	struct store *s;
	char *local;
	struct err e;

	fresh();
	local = arena_printf(&arena, "%s/local", home);
	o.local = local;
	CHECK(ok(store_open(&o, &s, &e), &e));
	put(s, 1, ints("o0", 11), "src", 0);
	CHECK(strstr(said.p, "is on a network file system") != NULL);
	store_close(s);
	CHECK(!exists("catalog.db") && exists("local"));
	strbuf_release(&said);
	CHECK(ok(store_open(&o, &s, &e), &e));
	l = look(s, 1);
	CHECK_INT(answer(&l), 11);
	CHECK_INT(said.n, 0);
	store_close(s);
}
