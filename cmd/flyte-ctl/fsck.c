/* Do registry, journals, closures, blobs and the catalog agree? */

#include "fsck.h"

#include "base/utf8.h"
#include "registry/check.h"

void
fsck_fault(void *arg, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct fsck *f = arg;

	strbuf_addf(&b, "%s: ", f->name);
	utf8_add_shown(&b, str_of(text));
	strbuf_addch(&b, '\n');
	put_out(&b);
	f->faults++;
}

void
fsck_faultf(struct fsck *f, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	fsck_fault(f, b.p);
}

int
fsck_scarce(struct fsck *f, const struct err *e)
{
	if (!err_is_shortage(e))
		return 0;
	if (f->scarce.kind == ERR_NONE)
		f->scarce = *e;
	return 1;
}

static int
check_registry(struct fsck *f, struct err *e)
{
	const char *dir;

	if (context_registry(&f->ctl->ctx, &dir, e) < 0)
		return -1;
	f->name = "registry";
	return registry_check(dir, fsck_fault, f, &f->versions, e);
}

static int
check_all(struct fsck *f, struct err *e)
{
	struct ctl *c = f->ctl;
	struct execution_row *rows;
	size_t n, i;

	if (!fsck_layout(f))
		return 0;
	if (context_store(&c->ctx, &f->store, e) < 0)
		return -1;
	if (c->id.name != NULL)
		return fsck_execution(f, &c->id, e);
	if (execution_list(c->home, c->ctx.project_option,
	    c->ctx.domain_option, &c->ctx.arena, &rows, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (fsck_execution(f, &rows[i].id, e) < 0)
			return -1;
	if (check_registry(f, e) < 0)
		return -1;
	return fsck_store(f, e);
}

static const char *
many(size_t n, const char *one, const char *more)
{
	return n == 1 ? one : more;
}

/* What a kill left is no fault: nothing of it was acknowledged. */
static void
sum_up(const struct fsck *f)
{
	const struct context *c = &f->ctl->ctx;

	if (f->torn > 0)
		warn(c, "%zu journal%s with a last record that a kill cut "
		    "off: what goes on with it drops it", f->torn,
		    many(f->torn, "", "s"));
	if (f->temps > 0)
		warn(c, "%zu temporary file%s that a kill left: flyte-cache "
		    "gc removes %s", f->temps, many(f->temps, "", "s"),
		    many(f->temps, "it", "them"));
	warn(c, "%zu execution%s, %zu cache entr%s, %zu version%s checked: "
	    "%zu fault%s", f->executions, many(f->executions, "", "s"),
	    f->entries, many(f->entries, "y", "ies"), f->versions,
	    many(f->versions, "", "s"), f->faults, many(f->faults, "", "s"));
}

int
ctl_fsck(struct ctl *c)
{
	struct fsck f = { .ctl = c, .arena = ARENA_INIT };
	struct err e;
	int rc = check_all(&f, &e);

	if (rc == 0 && f.scarce.kind != ERR_NONE) {
		e = f.scarce;
		rc = -1;
	}
	map_release(&f.blobs);
	arena_release(&f.arena);
	if (rc < 0)
		return fail(&c->ctx, &e);
	if (!c->quiet)
		sum_up(&f);
	return f.faults > 0 ? EXIT_CORRUPT : EXIT_DONE;
}
