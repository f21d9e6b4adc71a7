/* Which members of two folders differ. */
#include "store/listing.h"

#include "store/handle.h"

/* The first line of a manifest. */
#define HEAD		"flyte-tree 1\n"
/* Of members that are told, in all. */
#define MAX_TEXT	((size_t)4096)

/*
 * A path may hold a newline but no NUL, so the last field of a member ends
 * two bytes before the next NUL, behind which is the type of the next one.
 */
static int
last_field(struct str *rest, struct str *ret)
{
	const char *nul = memchr(rest->p, '\0', rest->n);
	size_t n = nul == NULL ? rest->n : (size_t)(nul - rest->p);
	size_t tail = nul == NULL ? 1 : 2;

	if (n < tail || rest->p[n - tail] != '\n')
		return 0;
	*ret = (struct str){ rest->p, n - tail };
	rest->p += n - tail + 1;
	rest->n -= n - tail + 1;
	return 1;
}

int
listing_next_member(struct str *rest, struct listing_member *ret)
{
	const char *nul;

	if (rest->n < 2 || rest->p[1] != '\0')
		return 0;
	ret->type = rest->p[0];
	ret->path = ret->content = (struct str){ "", 0 };
	rest->p += 2;
	rest->n -= 2;
	if (ret->type == 'd')
		return last_field(rest, &ret->path);
	nul = memchr(rest->p, '\0', rest->n);
	if (nul == NULL)
		return 0;
	ret->path = (struct str){ rest->p, (size_t)(nul - rest->p) };
	rest->p += ret->path.n + 1;
	rest->n -= ret->path.n + 1;
	return last_field(rest, &ret->content);
}

/* The order of a manifest: by bytes, '/' below all others. */
static int
compare_paths(struct str a, struct str b)
{
	unsigned char x, y;
	size_t i;

	for (i = 0; i < a.n && i < b.n; i++) {
		if (a.p[i] == b.p[i])
			continue;
		x = a.p[i] == '/' ? 0 : (unsigned char)a.p[i];
		y = b.p[i] == '/' ? 0 : (unsigned char)b.p[i];
		return x < y ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

/* One manifest being walked. */
struct side {
	struct str	 rest;
	struct listing_member m;
	int		 more;
};

static void
next(struct side *s)
{
	s->more = listing_next_member(&s->rest, &s->m);
}

static int
start(struct side *s, const struct strbuf *listing)
{
	s->rest = strbuf_str(listing);
	if (!str_starts(s->rest, HEAD))
		return 0;
	s->rest.p += sizeof(HEAD) - 1;
	s->rest.n -= sizeof(HEAD) - 1;
	next(s);
	return 1;
}

/* An empty folder that has, on the other side, something in it: that is what
 * there is to tell. */
static int
is_filled(const struct side *empty, const struct side *other)
{
	const struct str *p = &empty->m.path, *q = &other->m.path;

	return empty->m.type == 'd' && other->more && q->n > p->n &&
	    q->p[p->n] == '/' && memcmp(p->p, q->p, p->n) == 0;
}

struct compare {
	struct cache_members *ret;
	struct arena	*arena;
	size_t		 text;		/* bytes told so far */
};

/* mine or theirs may be NULL: it has none of that name. */
static void
tell(struct compare *c, enum cache_member_what what, struct str path,
    const struct listing_member *mine, const struct listing_member *theirs)
{
	struct cache_members *r = c->ret;
	struct cache_member *m;

	r->differ++;
	c->text += path.n + (mine == NULL ? 0 : mine->content.n) +
	    (theirs == NULL ? 0 : theirs->content.n);
	if (r->n == CACHE_MEMBERS_MAX || (r->n > 0 && c->text > MAX_TEXT))
		return;
	m = &r->at[r->n++];
	m->what = what;
	m->path = arena_str(c->arena, path);
	if (mine != NULL) {
		m->is = mine->type;
		m->is_content = arena_str(c->arena, mine->content);
	}
	if (theirs != NULL) {
		m->was = theirs->type;
		m->was_content = arena_str(c->arena, theirs->content);
	}
}

/* The next of both in order; the counted ones are those of either. */
static void
step(struct compare *c, struct side *mine, struct side *theirs)
{
	int d = !mine->more ? 1 : !theirs->more ? -1 :
	    compare_paths(mine->m.path, theirs->m.path);

	if (d < 0 && !is_filled(mine, theirs))
		tell(c, MEMBER_NEW, mine->m.path, &mine->m, NULL);
	if (d > 0 && !is_filled(theirs, mine))
		tell(c, MEMBER_GONE, theirs->m.path, NULL, &theirs->m);
	if (d == 0 && (mine->m.type != theirs->m.type ||
	    !str_eq(mine->m.content, theirs->m.content)))
		tell(c, MEMBER_CHANGED, mine->m.path, &mine->m, &theirs->m);
	c->ret->of += !(d < 0 && is_filled(mine, theirs)) &&
	    !(d > 0 && is_filled(theirs, mine));
	if (d <= 0)
		next(mine);
	if (d >= 0)
		next(theirs);
}

static int
get(struct store *s, const char *hash, struct strbuf *ret)
{
	static const char prefix[] = "sha256-tree:";
	unsigned char digest[DIGEST_SIZE];
	struct str hex = { hash + sizeof(prefix) - 1, DIGEST_HEX };

	return strncmp(hash, prefix, sizeof(prefix) - 1) == 0 &&
	    strlen(hex.p) == DIGEST_HEX &&
	    hex_parse(hex, digest, DIGEST_SIZE) == 0 &&
	    listing_get(s, LISTING_TREE, digest, ret);
}

static void
compare(struct store *s, const char *is, const char *was, struct arena *a,
    struct cache_members *ret)
{
	c_strbuf struct strbuf mine = STRBUF_INIT, theirs = STRBUF_INIT;
	struct compare c = { ret, a, 0 };
	struct side x, y;

	*ret = (struct cache_members){ .n = 0 };
	if (!get(s, was, &theirs) || !get(s, is, &mine) ||
	    !start(&x, &mine) || !start(&y, &theirs))
		return;
	ret->at = arena_new_n(a, CACHE_MEMBERS_MAX, struct cache_member);
	while (x.more || y.more)
		step(&c, &x, &y);
}

static void
copy(const struct cache_members *from, struct arena *a,
    struct cache_members *ret)
{
	struct cache_member *m;
	size_t i;

	*ret = *from;
	ret->at = arena_new_n(a, from->n, struct cache_member);
	for (i = 0; i < from->n; i++) {
		m = &ret->at[i];
		*m = from->at[i];
		m->path = arena_str(a, m->path);
		m->is_content = arena_str(a, m->is_content);
		m->was_content = arena_str(a, m->was_content);
	}
}

int
listing_compare(struct store *s, const char *is, const char *was,
    struct arena *a, struct cache_members *ret)
{
	struct listings *l = &s->listings;

	if (l->last_is == NULL || strcmp(l->last_is, is) != 0 ||
	    strcmp(l->last_was, was) != 0) {
		arena_release(&l->last_arena);
		compare(s, is, was, &l->last_arena, &l->last);
		l->last_is = arena_strdup(&l->last_arena, is);
		l->last_was = arena_strdup(&l->last_arena, was);
	}
	copy(&l->last, a, ret);
	return ret->differ > 0;
}
