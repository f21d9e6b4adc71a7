#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const enum exit_status status_of[] = {
	[ERR_NONE] = EXIT_DONE,
	[ERR_FAILED] = EXIT_FAILED,
	[ERR_USAGE] = EXIT_USAGE,
	[ERR_SPEC] = EXIT_SPEC,
	[ERR_CONFLICT] = EXIT_CONFLICT,
	[ERR_MISSING] = EXIT_MISSING,
	[ERR_REFUSED] = EXIT_REFUSED,
	[ERR_CORRUPT] = EXIT_CORRUPT,
	[ERR_SYS] = EXIT_SYSTEM,
	[ERR_BUSY] = EXIT_BUSY,
	[ERR_TIMEOUT] = EXIT_TIMEOUT,
};
_Static_assert(ARRAY_LEN(status_of) == ERR_KIND_MAX, "a status per kind");

/* Control bytes of outside names must not reach a terminal. */
static void
mask_control(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

void
err_set_text(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	e->kind = kind;
	e->sys = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	mask_control(e->msg);
}

static void printf_like(4, 0)
set_sys(struct err *e, int sys, enum err_kind kind, const char *fmt,
    va_list ap)
{
	size_t n;

	e->kind = kind;
	e->sys = sys;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(sys));
	mask_control(e->msg);
}

void
err_set_sys(struct err *e, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	set_sys(e, sys, ERR_SYS, fmt, ap);
	va_end(ap);
}

/* Says this errno something of the thing named, not of the machine? */
static int
is_of_name(int sys)
{
	switch (sys) {
	case ENOENT:
	case ENOTDIR:
	case EISDIR:
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
	case ENXIO:
	case ENODEV:
	case EINVAL:
		return 1;
	default:
		return 0;
	}
}

void
err_set_named(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	set_sys(e, sys, is_of_name(sys) ? kind : ERR_SYS, fmt, ap);
	va_end(ap);
}

int
err_is_shortage(const struct err *e)
{
	if (e->kind != ERR_SYS && e->kind != ERR_REFUSED)
		return 0;
	switch (e->sys) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 1;
	default:
		return 0;
	}
}

void
err_blame_state(struct err *e)
{
	if (!err_is_shortage(e))
		e->kind = ERR_CORRUPT;
}

void
err_set_context(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	size_t n;
	va_list ap;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	/* Losing the inner end of a very long message is intended. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-truncation"
	snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", old);
#pragma GCC diagnostic pop
	mask_control(e->msg);
}

void
err_clear(struct err *e)
{
	e->kind = ERR_NONE;
	e->sys = 0;
	e->msg[0] = '\0';
}

enum exit_status
err_exit_status(const struct err *e)
{
	if ((unsigned)e->kind >= ERR_KIND_MAX)
		BUG("error kind %d", (int)e->kind);
	return status_of[e->kind];
}
