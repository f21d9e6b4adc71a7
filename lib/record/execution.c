#include "record/execution.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "base/vec.h"
#include "idl/entity.h"
#include "sys/digest.h"
#include "sys/file.h"

#define EXECUTIONS	"executions"
#define CLOSURES	"closures"
#define LAST		EXECUTIONS "/last"
/* admin: names are DNS labels. */
#define NAME_MAX_LABEL	63

static const char digits36[] = "0123456789abcdefghijklmnopqrstuvwxyz";

void
execution_new_name(char ret[EXECUTION_NAME_MAX])
{
	struct instant now = instant_now();
	uint64_t ms = (uint64_t)now.sec * 1000 +
	    (uint64_t)now.nsec / 1000000;
	unsigned char random[11];
	int i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		BUG("getrandom");
	ret[0] = 'a';
	/* Eight digits of base 36 last until the year 2059. */
	for (i = 8; i >= 1; i--) {
		ret[i] = digits36[ms % 36];
		ms /= 36;
	}
	for (i = 0; i < 11; i++)
		ret[9 + i] = digits36[random[i] % 36];
	ret[20] = '\0';
}

void
execution_child_name(struct str unique, char ret[EXECUTION_NAME_MAX])
{
	static const char digits32[] = "abcdefghijklmnopqrstuvwxyz123456";
	uint64_t h = UINT64_C(14695981039346656037);
	struct err e;
	size_t i;

	if (unique.n < EXECUTION_NAME_MAX) {
		memcpy(ret, unique.p, unique.n);
		ret[unique.n] = '\0';
		if (execution_name_check(ret, &e) == 0)
			return;
	}
	for (i = 0; i < unique.n; i++)
		h = (h ^ (unsigned char)unique.p[i]) *
		    UINT64_C(1099511628211);
	ret[0] = 'f';
	/* 64 bits, five at a time from the top; the last digit has four. */
	for (i = 0; i < 12; i++)
		ret[1 + i] = digits32[h >> (59 - 5 * i) & 31];
	ret[13] = digits32[h << 1 & 31];
	ret[14] = '\0';
}

int
execution_name_check(const char *name, struct err *e)
{
	size_t i, n = strlen(name);

	if (n == 0 || n > NAME_MAX_LABEL)
		goto bad;
	if (name[0] < 'a' || name[0] > 'z' || name[n - 1] == '-')
		goto bad;
	for (i = 0; i < n; i++)
		if (strchr(digits36, name[i]) == NULL && name[i] != '-')
			goto bad;
	return 0;
bad:
	return err_set(e, ERR_USAGE, "execution name '%s': expected at most "
	    "%d small letters, digits and hyphens, the first a letter", name,
	    NAME_MAX_LABEL);
}

static void
add_bucket(struct strbuf *b, const char *name)
{
	uint32_t h = UINT32_C(2166136261);

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * UINT32_C(16777619);
	strbuf_addf(b, "%02x", (h ^ h >> 16) & 0xff);
}

void
execution_add_dir(struct strbuf *b, const char *home,
    const struct execution_id *id)
{
	strbuf_addf(b, "%s/" EXECUTIONS "/", home);
	entity_part_add(b, id->project);
	strbuf_addch(b, '/');
	entity_part_add(b, id->domain);
	strbuf_addch(b, '/');
	add_bucket(b, id->name);
	strbuf_addch(b, '/');
	strbuf_adds(b, id->name);
}

void
execution_set_last(const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	struct err e;

	strbuf_addf(&path, "%s/" LAST, home);
	entity_part_add(&text, id->project);
	strbuf_addch(&text, '/');
	entity_part_add(&text, id->domain);
	strbuf_addf(&text, "/%s\n", id->name);
	if (file_replace(AT_FDCWD, path.p, text.p, text.n, 0, &e) < 0)
		return;		/* only a convenience */
}

/* ---- finding ------------------------------------------------------------ */

static int
exists(const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	execution_add_dir(&b, home, id);
	strbuf_adds(&b, "/journal");
	return access(b.p, F_OK) == 0;
}

/* "PROJECT/DOMAIN/NAME" in three parts; -1 if it is not of that form. */
static int
split_full(struct str text, struct arena *a, struct execution_id *ret)
{
	struct entity_id parts = { .kind = ENTITY_ANY };
	struct err e;

	if (memchr(text.p, '/', text.n) == NULL ||
	    entity_ref_parse(text, a, &parts,
	    &e) < 0 || parts.project == NULL || parts.version[0] != '\0')
		return -1;
	*ret = (struct execution_id){ parts.project, parts.domain,
	    parts.name };
	return 0;
}

static int
find_last(const char *home, struct arena *a, struct execution_id *ret,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	struct execution_row *rows = NULL;
	size_t n = 0;

	strbuf_addf(&path, "%s/" LAST, home);
	if (file_read(AT_FDCWD, path.p, MAX_NAME * 4, &text, e) == 0) {
		while (text.n > 0 && text.p[text.n - 1] == '\n')
			strbuf_setlen(&text, text.n - 1);
		if (split_full(strbuf_str(&text), a, ret) == 0 &&
		    exists(home, ret))
			return 0;
	}
	if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_MISSING,
		    "last: nothing has been run yet");
	*ret = rows[0].id;
	return 0;
}

/* Names that are the same are told apart by where they are. */
static void
add_choice(struct strbuf *b, const struct execution_id *id, int full)
{
	if (b->n > 0)
		strbuf_adds(b, ", ");
	if (full)
		strbuf_addf(b, "%s/%s/", id->project, id->domain);
	strbuf_adds(b, id->name);
}

/*
 * Of the rows whose names begin with the text, the only one.  One that is
 * called just so, as the parent of executions derived from its name is, goes
 * before those that only begin so.
 */
static int
find_prefix(const struct execution_row *rows, size_t n, const char *text,
    struct execution_id *ret, struct err *e)
{
	c_strbuf struct strbuf names = STRBUF_INIT;
	size_t i, found = 0, exact = 0;

	for (i = 0; i < n; i++)
		exact += strcmp(rows[i].id.name, text) == 0;
	for (i = 0; i < n; i++) {
		if (exact > 0 ? strcmp(rows[i].id.name, text) != 0 :
		    !str_starts(str_of(rows[i].id.name), text))
			continue;
		if (found++ == 0)
			*ret = rows[i].id;
		if (found <= 5)
			add_choice(&names, &rows[i].id, exact > 0);
	}
	if (found == 0)
		return err_set(e, ERR_MISSING, "%s: no such execution", text);
	if (found > 1)
		return err_set(e, ERR_USAGE, "%s: %zu executions begin so "
		    "(%s%s); give more of the name", text, found, names.p,
		    found > 5 ? ", ..." : "");
	return 0;
}

int
execution_find(const char *home, const char *text, const char *project,
    const char *domain, struct arena *a, struct execution_id *ret,
    struct err *e)
{
	struct execution_id full, id;
	struct execution_row *rows = NULL;
	size_t n = 0;

	if (strcmp(text, "last") == 0)
		return find_last(home, a, ret, e);
	if (split_full(str_of(text), a, &full) == 0) {
		project = full.project;
		domain = full.domain;
		text = full.name;
	} else {
		full.project = NULL;
	}
	id = (struct execution_id){ project, domain,
	    arena_strdup(a, text) };
	if (text[0] != '\0' && strchr(text, '/') == NULL &&
	    text[0] != '.' && exists(home, &id)) {
		*ret = id;
		return 0;
	}
	if (execution_list(home, project, domain, a, &rows, &n, e) < 0)
		return -1;
	if (find_prefix(rows, n, text, ret, e) == 0)
		return 0;
	if (e->kind != ERR_MISSING || full.project != NULL)
		return -1;
	if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
		return -1;
	return find_prefix(rows, n, text, ret, e);
}

/* Cuts "#N" off the end of an address. */
static const char *
cut_attempt(const char *text, struct arena *a, int *ret_attempt)
{
	const char *hash = strrchr(text, '#');
	char *end;
	long n;

	*ret_attempt = -1;
	if (hash == NULL || hash[1] < '0' || hash[1] > '9')
		return text;
	errno = 0;
	n = strtol(hash + 1, &end, 10);
	if (*end != '\0' || errno != 0 || n > INT32_MAX)
		return text;
	*ret_attempt = (int)n;
	return arena_strndup(a, text, (size_t)(hash - text));
}

int
execution_find_address(const char *home, const char *text,
    const char *project, const char *domain, struct arena *a,
    struct execution_id *ret, const char **ret_path, int *ret_attempt,
    struct err *e)
{
	const char *slash, *first, *p;
	struct err again;
	int i;

	*ret_path = NULL;
	text = cut_attempt(text, a, ret_attempt);
	slash = strchr(text, '/');
	first = slash == NULL ? text :
	    arena_strndup(a, text, (size_t)(slash - text));
	if (execution_find(home, first, project, domain, a, ret, e) == 0) {
		if (slash != NULL && slash[1] != '\0')
			*ret_path = arena_strdup(a, slash + 1);
		return 0;
	}
	if (e->kind != ERR_MISSING || slash == NULL)
		return -1;
	/* PROJECT/DOMAIN/ID[/NODE...] */
	for (i = 0, p = text; i < 3 && p != NULL; i++)
		p = strchr(p + (i > 0), '/');
	first = p == NULL ? text : arena_strndup(a, text, (size_t)(p - text));
	if (execution_find(home, first, project, domain, a, ret, &again) < 0)
		return -1;	/* the first error tells more */
	if (p != NULL && p[1] != '\0')
		*ret_path = arena_strdup(a, p + 1);
	return 0;
}

/* ---- listing ------------------------------------------------------------ */

struct lister {
	struct arena	*arena;
	const char	*project, *domain;
	VEC(struct execution_row) rows;
};

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *
unescape(struct arena *a, const char *s)
{
	char *out = arena_strdup(a, s), *w = out;

	for (; *s != '\0'; s++) {
		if (*s == '%' && hex_digit(s[1]) >= 0 &&
		    hex_digit(s[2]) >= 0) {
			*w++ = (char)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
			s += 2;
		} else {
			*w++ = *s;
		}
	}
	*w = '\0';
	return out;
}

typedef int folder_fn(int dirfd, const char *name, void *arg, struct err *);

/* Calls fn for each name in the folder; one that is not there has none. */
static int
each_name(int dirfd, const char *path, folder_fn *fn, void *arg,
    struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *d;
	int rc = 0;
	DIR *dir;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(e, "%s", path);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_sys(e, "%s", path);
	}
	while (rc == 0 && (d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = fn(fd, d->d_name, arg, e);
	closedir(dir);
	return rc;
}

static int
list_name(int dirfd, const char *name, void *arg, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct lister *l = arg;
	struct execution_row row;
	struct stat st;

	(void)e;
	strbuf_addf(&path, "%s/journal", name);
	if (fstatat(dirfd, path.p, &st, 0) < 0)
		return 0;	/* never came to life */
	row.id = (struct execution_id){ l->project, l->domain,
	    arena_strdup(l->arena, name) };
	row.changed = st.st_mtim.tv_sec;
	VEC_PUSH(&l->rows, row);
	return 0;
}

static int
list_bucket(int dirfd, const char *name, void *arg, struct err *e)
{
	return each_name(dirfd, name, list_name, arg, e);
}

struct wanted {
	struct lister	*lister;
	const char	*project, *domain;
};

static int
list_domain(int dirfd, const char *name, void *arg, struct err *e)
{
	struct wanted *w = arg;

	w->lister->domain = unescape(w->lister->arena, name);
	if (w->domain != NULL && strcmp(w->domain, w->lister->domain) != 0)
		return 0;
	return each_name(dirfd, name, list_bucket, w->lister, e);
}

static int
list_project(int dirfd, const char *name, void *arg, struct err *e)
{
	struct wanted *w = arg;

	w->lister->project = unescape(w->lister->arena, name);
	if (w->project != NULL && strcmp(w->project, w->lister->project) != 0)
		return 0;
	return each_name(dirfd, name, list_domain, w, e);
}

static int
newest_first(const void *a, const void *b)
{
	const struct execution_row *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	return strcmp(y->id.name, x->id.name);
}

int
execution_list(const char *home, const char *project, const char *domain,
    struct arena *a, struct execution_row **ret, size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct lister l = { .arena = a, .rows = VEC_INIT };
	struct wanted w = { &l, project, domain };
	int rc;

	strbuf_addf(&path, "%s/" EXECUTIONS, home);
	rc = each_name(AT_FDCWD, path.p, list_project, &w, e);
	if (rc == 0) {
		if (l.rows.n > 0)
			qsort(l.rows.at, l.rows.n, sizeof(l.rows.at[0]),
			    newest_first);
		*ret_n = l.rows.n;
		*ret = arena_new_n(a, l.rows.n, struct execution_row);
		if (l.rows.n > 0)
			memcpy(*ret, l.rows.at, l.rows.n * sizeof(**ret));
	}
	VEC_RELEASE(&l.rows);
	return rc;
}

/* ---- closures ----------------------------------------------------------- */

static void
add_closure_path(struct strbuf *b, const char *home, const char *address)
{
	strbuf_addf(b, "%s/" CLOSURES "/%.2s/%s", home, address, address + 2);
}

void
closure_address(struct str bytes, char ret[CLOSURE_ADDRESS])
{
	c_strbuf struct strbuf hex = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];

	sha256(bytes.p, bytes.n, digest);
	hex_add(&hex, digest, sizeof(digest));
	memcpy(ret, hex.p, CLOSURE_ADDRESS);
}

int
closure_is_kept(const char *home, const char *address)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	add_closure_path(&path, home, address);
	return access(path.p, F_OK) == 0;
}

int
closure_put(const char *home, struct str bytes, const char *address,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	size_t cut;

	if (closure_is_kept(home, address))
		return 0;
	add_closure_path(&path, home, address);
	cut = (size_t)(strrchr(path.p, '/') - path.p);
	path.p[cut] = '\0';
	if (file_mkdirs(AT_FDCWD, path.p, e) < 0)
		return -1;
	path.p[cut] = '/';
	return file_replace(AT_FDCWD, path.p, bytes.p, bytes.n, FILE_RDONLY,
	    e);
}

int
closure_get(const char *home, const char *address, struct strbuf *ret,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	unsigned char want[DIGEST_SIZE], have[DIGEST_SIZE];

	if (hex_parse(str_of(address), want, sizeof(want)) < 0)
		return err_set(e, ERR_CORRUPT, "closure '%s': not an address",
		    address);
	add_closure_path(&path, home, address);
	if (file_read(AT_FDCWD, path.p, MAX_MESSAGE_BYTES, ret, e) < 0)
		return -1;
	sha256(ret->p, ret->n, have);
	if (memcmp(want, have, sizeof(want)) != 0)
		return err_set(e, ERR_CORRUPT, "%s: damaged", path.p);
	return 0;
}

void
execution_add_brief(struct strbuf *b, struct str path)
{
	size_t from = 0, to;
	const char *slash;
	int is_id = 1;

	while (path.n > 0) {	/* of nothing in particular: no path */
		slash = memchr(path.p + from, '/', path.n - from);
		to = slash == NULL ? path.n : (size_t)(slash - path.p);
		if (is_id && from > 0)
			strbuf_addch(b, '/');
		if (is_id)
			strbuf_add(b, path.p + from, to - from);
		if (slash == NULL)
			return;
		from = to + 1;
		is_id = !is_id;
	}
}
