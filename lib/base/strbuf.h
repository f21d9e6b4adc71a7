#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

/*
 * Text being built.  p is never NULL and always ends in a NUL that n does
 * not count; the bytes before it may hold NULs.  Initialise with STRBUF_INIT,
 * end with strbuf_release (or declare with c_strbuf).
 */

#include <stdarg.h>
#include <stdint.h>

#include "base/str.h"

struct strbuf {
	char	*p;
	size_t	 n;	/* bytes in use */
	size_t	 cap;	/* bytes allocated, 0 = p points at a shared NUL */
};

extern char strbuf_empty[1];
#define STRBUF_INIT	{ strbuf_empty, 0, 0 }
#define c_strbuf	cleanup(strbuf_release)

void	strbuf_init(struct strbuf *);
/* Frees and is ready for use again. */
void	strbuf_release(struct strbuf *);
/* Room for at least extra more bytes beside the NUL. */
void	strbuf_grow(struct strbuf *, size_t extra);
/* Keeps the memory, drops the text. */
void	strbuf_reset(struct strbuf *);
/* Cuts to n bytes; n must not be more than there is. */
void	strbuf_setlen(struct strbuf *, size_t n);
/* The text, now owned by the caller (free(3)); the buffer is empty again. */
char	*strbuf_detach(struct strbuf *, size_t *ret_n);

void	strbuf_add(struct strbuf *, const void *p, size_t n);
void	strbuf_addch(struct strbuf *, int c);
void	strbuf_adds(struct strbuf *, const char *s);
void	strbuf_addstr(struct strbuf *, struct str s);
/* A number in decimal, without the detour through a format. */
void	strbuf_addi(struct strbuf *, int64_t);
void	strbuf_addu(struct strbuf *, uint64_t);
void	strbuf_addf(struct strbuf *, const char *fmt, ...) printf_like(2, 3);
void	strbuf_vaddf(struct strbuf *, const char *fmt, va_list)
		printf_like(2, 0);
/* Fills with n copies of c. */
void	strbuf_pad(struct strbuf *, int c, size_t n);

static inline struct str
strbuf_str(const struct strbuf *b)
{
	return (struct str){ b->p, b->n };
}

#endif
