/* store/catalog: look-ups, puts, damage, several processes. */
#include "unit.h"

#include <sys/wait.h>

#include "base/limits.h"
#include "catalog.h"
#include "idl/type.h"
#include "store/reserve.h"

TEST(an_empty_store_misses_and_stays_empty)
{
	struct store *s;

	fresh();
	s = open_store(0);
	CHECK_INT(look(s, 1).state, CACHE_MISS);
	store_close(s);
	CHECK(!exists("catalog.db"));
}

TEST(put_then_hit_in_the_same_and_the_next_process)
{
	struct cache_lookup l;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	put(s, 1, ints("o0", 11), "p/d/id/n0#0", 0);
	l = look(s, 1);
	CHECK_INT(answer(&l), 11);
	CHECK_INT(look(s, 2).state, CACHE_MISS);
	CHECK(ok(catalog_commit(s, &e), &e));
	store_close(s);
	s = open_store(0);
	l = look(s, 1);
	CHECK_INT(answer(&l), 11);
	CHECK(str_is(l.source, "p/d/id/n0#0"));
	store_close(s);
}

TEST(the_first_writer_wins_unless_refreshed)
{
	struct cache_lookup l;
	struct store *s;

	fresh();
	s = open_store(0);
	put(s, 1, ints("o0", 11), "a", 0);
	put(s, 1, ints("o0", 12), "b", 0);
	l = look(s, 1);
	CHECK_INT(answer(&l), 11);
	put(s, 1, ints("o0", 13), "c", 1);
	l = look(s, 1);
	CHECK_INT(answer(&l), 13);
	store_close(s);
}

TEST(many_keys_in_one_pass)
{
	enum { N = 3000 };
	struct cache_lookup *l = xcalloc(N, sizeof(*l));
	struct store *s;
	int64_t i, good = 0;
	struct err e;

	fresh();
	s = open_store(0);
	for (i = 0; i < N; i += 3)
		put(s, i, ints("o0", i + 7), "src", 0);
	CHECK(ok(catalog_commit(s, &e), &e));
	for (i = 0; i < N; i++)
		l[i].key = key_of(s, i % 3 == 1 ? "2.0-a-b" : "1.0-a-b",
		    ints("n", i));
	/* The same key twice in one call. */
	l[N - 1].key = l[0].key;
	CHECK(ok(catalog_lookup(s, l, N, &arena, &e), &e));
	for (i = 0; i < N - 1; i++)
		good += answer(&l[i]) == (i % 3 == 0 ? i + 7 : -1);
	CHECK_INT(good, N - 1);
	CHECK_INT(answer(&l[N - 1]), 7);
	/* A few keys far apart among many rows: it jumps. */
	memset(l, 0, N * sizeof(*l));
	l[0].key = key_of(s, "1.0-a-b", ints("n", 1500));
	l[1].key = key_of(s, "1.0-a-b", ints("n", 3));
	l[2].key = key_of(s, "1.0-a-b", ints("n", 2999));
	CHECK(ok(catalog_lookup(s, l, 3, &arena, &e), &e));
	CHECK_INT(answer(&l[0]), 1507);
	CHECK_INT(answer(&l[1]), 10);
	CHECK_INT(l[2].state, CACHE_MISS);
	free(l);
	store_close(s);
}

static const char *
uri_found(const struct cache_lookup *l)
{
	ProtobufCMessage *m;
	struct err e;

	if (l->state != CACHE_HIT || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, l->outputs, &arena, &m,
	    &e) < 0)
		return "";
	return literal_as_blob(literal_map_get((pb_literal_map *)m,
	    "o0"))->uri;
}

TEST(a_hit_whose_blob_is_gone_is_a_miss_that_says_so)
{
	struct strbuf path = STRBUF_INIT;
	struct cache_lookup l;
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	b = put_text(s, "rows");
	blob_add_path(s, &b, &path);
	put(s, 1, file_output(s, &b), "a", 0);
	l = look(s, 1);
	CHECK_STR(uri_found(&l), path.p);
	CHECK(ok(file_remove(AT_FDCWD, path.p, &e), &e));
	l = look(s, 1);
	CHECK_INT(l.state, CACHE_DAMAGED);
	CHECK(l.why != NULL && strstr(l.why, " is gone") != NULL);
	/* The next put mends it, although it is not the first. */
	b = put_text(s, "other rows");
	put(s, 1, file_output(s, &b), "b", 0);
	l = look(s, 1);
	CHECK_INT(l.state, CACHE_HIT);
	CHECK(str_is(l.source, "b"));
	strbuf_release(&path);
	store_close(s);
}

TEST(the_home_can_be_moved)
{
	struct strbuf path = STRBUF_INIT;
	char other[sizeof(home) + 2];
	struct store_options o = { .home = other };
	struct cache_lookup l;
	struct store *s;
	struct blob b;
	struct err e;

	fresh();
	s = open_store(0);
	b = put_text(s, "rows");
	put(s, 1, file_output(s, &b), "a", 0);
	store_close(s);
	snprintf(other, sizeof(other), "%s.2", home);
	CHECK(rename(home, other) == 0);
	CHECK(ok(store_open(&o, &s, &e), &e));
	l = look(s, 1);
	blob_add_path(s, &b, &path);
	CHECK_STR(uri_found(&l), path.p);
	CHECK(str_starts(strbuf_str(&path), other));
	strbuf_release(&path);
	store_close(s);
	CHECK(rename(other, home) == 0);
}

TEST(large_outputs_live_in_a_blob)
{
	char *big = xmalloc(100000);
	pb_literal_map *m = literal_map_new(&arena);
	struct cache_lookup l;
	struct store *s;

	memset(big, 'x', 100000);
	fresh();
	s = open_store(0);
	literal_map_put(m, &arena, "o0", literal_string(&arena,
	    (struct str){ big, 100000 }));
	put(s, 1, m, "a", 0);
	l = look(s, 1);
	CHECK_INT(l.state, CACHE_HIT);
	CHECK(l.outputs.n > 100000);
	CHECK(str_eq(l.outputs, packed(m)));
	free(big);
	store_close(s);
}

TEST(another_command_under_the_same_version_is_told)
{
	struct cache_put p = { .source = STR("a") };
	struct cache_lookup l = { .state = CACHE_MISS };
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	p.key = l.key = key_of(s, "1.0-a-b", ints("n", 1));
	p.inputs = packed(ints("n", 1));
	p.outputs = packed(ints("o0", 2));
	p.command.b[0] = 1;
	CHECK(ok(catalog_put(s, &p, &e), &e));
	l.command.b[0] = 1;
	CHECK(ok(catalog_lookup(s, &l, 1, &arena, &e), &e));
	CHECK_INT(l.command_differs, 0);
	l.command.b[0] = 2;
	CHECK(ok(catalog_lookup(s, &l, 1, &arena, &e), &e));
	CHECK_INT(l.state, CACHE_HIT);
	CHECK_INT(l.command_differs, 1);
	store_close(s);
}

TEST(read_only_looks_up_and_refuses_puts_quietly)
{
	struct cache_lookup l;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	put(s, 1, ints("o0", 11), "a", 0);
	store_close(s);
	s = open_store(1);
	l = look(s, 1);
	CHECK_INT(answer(&l), 11);
	put(s, 2, ints("o0", 12), "a", 0);
	put(s, 3, ints("o0", 12), "a", 0);
	CHECK(ok(catalog_commit(s, &e), &e));
	CHECK_INT(look(s, 2).state, CACHE_MISS);
	/* One line, however many puts. */
	CHECK(strchr(said.p, '\n') == said.p + said.n - 1);
	CHECK(strstr(said.p, "results are not kept") != NULL);
	store_close(s);
}

TEST(a_corrupt_catalog_is_refused_with_how_to_repair)
{
	struct cache_lookup l = { .state = CACHE_MISS };
	struct store *s;
	struct err e;

	fresh();
	write_file("catalog.db", "this is no database, and long enough not "
	    "to be taken for an empty one, nor for one cut short: "
	    "................................................");
	s = open_store(0);
	l.key = key_of(s, "1.0-a-b", ints("n", 1));
	CHECK(catalog_lookup(s, &l, 1, &arena, &e) == -1);
	CHECK_INT(e.kind, ERR_CORRUPT);
	CHECK(strstr(e.msg, "verify --repair") != NULL);
	store_close(s);
}

TEST(a_newer_catalog_is_refused)
{
	struct cache_lookup l = { .state = CACHE_MISS };
	struct store *s;
	struct err e;
	int fd;

	fresh();
	s = open_store(0);
	put(s, 1, ints("o0", 11), "a", 0);
	store_close(s);
	fd = openat(dir, "catalog.db", O_RDWR | O_CLOEXEC);
	/* user_version lies at offset 60, big-endian (sqlite.org/fileformat) */
	CHECK(pwrite(fd, "\0\0\0\x63", 4, 60) == 4);
	close(fd);
	s = open_store(0);
	l.key = key_of(s, "1.0-a-b", ints("n", 1));
	CHECK(catalog_lookup(s, &l, 1, &arena, &e) == -1);
	CHECK_INT(e.kind, ERR_REFUSED);
	CHECK(strstr(e.msg, "newer") != NULL);
	store_close(s);
}

TEST(eight_processes_and_one_winner)
{
	struct cache_lookup l;
	int i, status, bad = 0;
	int64_t won;
	struct store *s;
	struct err e;

	fresh();
	fflush(stdout);
	for (i = 0; i < 8; i++) {
		if (fork() != 0)
			continue;
		s = open_store(0);
		put(s, 1, ints("o0", 100 + i), "a", 0);
		put(s, 1000 + i, ints("o0", i), "a", 0);
		status = catalog_commit(s, &e);
		if (status < 0)
			printf("%s\n", e.msg);
		l = look(s, 1);
		won = answer(&l);
		store_close(s);
		fflush(stdout);
		_exit(status < 0 || won < 100 ? 255 : (int)won);
	}
	won = -1;
	while (wait(&status) > 0) {
		if (won < 0)
			won = WEXITSTATUS(status);
		bad |= WEXITSTATUS(status) != won;
	}
	CHECK_INT(bad, 0);
	s = open_store(0);
	l = look(s, 1);
	CHECK_INT(answer(&l), won);
	for (i = 0; i < 8; i++) {
		l = look(s, 1000 + i);
		CHECK_INT(answer(&l), i);
	}
	store_close(s);
}

TEST(reservations_exclude_and_free_themselves)
{
	struct reservation a = RESERVATION_INIT, b = RESERVATION_INIT,
	    c = RESERVATION_INIT;
	struct cache_key one, two;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	one = key_of(s, "1.0-a-b", ints("n", 1));
	two = key_of(s, "1.0-a-b", ints("n", 2));
	CHECK(ok(reserve_open(s, &one, &a, &e), &e));
	CHECK(ok(reserve_open(s, &one, &b, &e), &e));
	CHECK(ok(reserve_open(s, &two, &c, &e), &e));
	CHECK_INT(reserve_try(&a, &e), 0);
	CHECK_INT(reserve_try(&b, &e), 1);
	CHECK_INT(reserve_try(&c, &e), 0);
	reserve_drop(&a);
	CHECK_INT(reserve_try(&b, &e), 0);
	reserve_drop(&b);
	reserve_drop(&c);
	store_close(s);
}

/* ---- explanations ------------------------------------------------------- */

static pb_typed_interface *
interface(Flyteidl__Core__SimpleType type)
{
	pb_typed_interface *i = PB_NEW(&arena,
	    flyteidl__core__typed_interface);
	Flyteidl__Core__VariableMap__VariablesEntry *v = arena_new(&arena,
	    Flyteidl__Core__VariableMap__VariablesEntry);

	flyteidl__core__variable_map__variables_entry__init(v);
	v->key = arena_strdup(&arena, "n");
	v->value = PB_NEW(&arena, flyteidl__core__variable);
	v->value->type = type_simple(&arena, type);
	i->inputs = PB_NEW(&arena, flyteidl__core__variable_map);
	i->inputs->n_variables = 1;
	i->inputs->variables = arena_new_n(&arena, 1,
	    Flyteidl__Core__VariableMap__VariablesEntry *);
	i->inputs->variables[0] = v;
	return i;
}

static struct str
packed_any(const ProtobufCMessage *m)
{
	struct strbuf b = STRBUF_INIT;
	struct str ret;

	wire_pack(m, &b);
	ret = arena_str(&arena, strbuf_str(&b));
	strbuf_release(&b);
	return ret;
}

/* A put of inputs a and b under this version and interface. */
static struct cache_put
put_of(struct store *s, const char *project, const char *version,
    const char *dataset_version, Flyteidl__Core__SimpleType type, int64_t a,
    const char *b)
{
	pb_literal_map *in = ints("a", a);
	struct cache_dataset d = {
		.project = project, .domain = "d", .name = "flyte_task-t",
		.version = dataset_version, .cache_version = version,
		.interface = packed_any(&interface(type)->base),
	};
	struct cache_put p = { .source = STR("p/d/x/n0#0") };

	literal_map_put(in, &arena, "b", literal_string(&arena, str_of(b)));
	p.key = key_of(s, "unused", in);
	p.key.dataset = catalog_dataset(s, &d);
	p.inputs = packed(in);
	p.outputs = packed(ints("o0", a));
	return p;
}

#define INTEGER	FLYTEIDL__CORE__SIMPLE_TYPE__INTEGER
#define STRING	FLYTEIDL__CORE__SIMPLE_TYPE__STRING

static const char *
why(struct store *s, const struct cache_put *p)
{
	struct strbuf b = STRBUF_INIT;
	struct explainer *ask = explainer_new(s);
	struct cache_put asked = *p;
	struct cache_explain x;
	const char *ret;
	struct err e;

	asked.source = STR("p/d/now/n0#0");
	CHECK(ok(explainer_ask(ask, &asked, &arena, &x, &e), &e));
	x.key[0] = '\0';	/* what it is says t-cachekey */
	explainer_free(ask);
	cache_explain_add(&b, &x);
	ret = arena_strndup(&arena, b.p, b.n);
	strbuf_release(&b);
	return ret;
}

TEST(a_miss_names_what_differs_from_the_nearest)
{
	struct cache_put p;
	struct store *s;
	struct err e;
	char *big = xmalloc(2001);

	fresh();
	s = open_store(0);
	p = put_of(s, "p", "1", "1-i-o", INTEGER, 1, "x");
	CHECK_STR(why(s, &p), "nothing of this task was kept before");
	CHECK(ok(catalog_put(s, &p, &e), &e));
	CHECK_STR(why(s, &p), "from p/d/x/n0");
	p = put_of(s, "p", "1", "1-i-o", INTEGER, 2, "x");
	CHECK_STR(why(s, &p), "input a differs: 2, was 1 in p/d/x/n0");
	p = put_of(s, "p", "1", "1-i-o", INTEGER, 2, "y");
	CHECK_STR(why(s, &p),
	    "input a differs: 2, was 1 in p/d/x/n0; b differs too");
	CHECK(ok(catalog_put(s, &p, &e), &e));
	/* Nearer to the second than to the first. */
	p = put_of(s, "p", "1", "1-i-o", INTEGER, 2, "z");
	CHECK_STR(why(s, &p), "input b differs: z, was y in p/d/x/n0");
	memset(big, 'b', 2000);
	big[2000] = '\0';
	p = put_of(s, "p", "1", "1-i-o", INTEGER, 2, big);
	CHECK(strncmp(why(s, &p), "input b differs: sha256:", 24) == 0);
	p = put_of(s, "p", "2", "2-i-o", INTEGER, 2, "y");
	CHECK_STR(why(s, &p), "cache version differs: 2, was 1 in p/d/x/n0");
	p = put_of(s, "p", "1", "1-j-o", STRING, 2, "y");
	CHECK_STR(why(s, &p), "input n differs: str, was int in p/d/x/n0");
	p = put_of(s, "q", "1", "1-i-o", INTEGER, 1, "x");
	CHECK_STR(why(s, &p), "nothing of this task was kept before");
	free(big);
	store_close(s);
}

TEST(a_command_in_the_version_is_named_as_such)
{
	struct cache_put p;
	struct store *s;
	struct err e;

	fresh();
	s = open_store(0);
	p = put_of(s, "local", "1+aaaa", "1+aaaa-i-o", INTEGER, 1, "x");
	CHECK(ok(catalog_put(s, &p, &e), &e));
	p = put_of(s, "local", "1+bbbb", "1+bbbb-i-o", INTEGER, 1, "x");
	CHECK_STR(why(s, &p),
	    "command differs: bbbb, was aaaa in p/d/x/n0");
	store_close(s);
}
