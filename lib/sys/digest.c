#include "sys/digest.h"

#include <fcntl.h>
#include <unistd.h>

#include <nettle/md5.h>
#include <nettle/sha2.h>

#include "sys/file.h"
/* Nettle renames its functions with macros of just our names. */
#undef sha256_init
#undef sha256_update
#undef md5_init
#undef md5_update

/* Large enough that the system calls do not show, small enough for the
 * second-level cache. */
#define READ_SIZE	((size_t)128 * 1024)

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct sha256),
    "struct sha256 holds nettle's state");
_Static_assert(_Alignof(struct sha256_ctx) <= _Alignof(struct sha256),
    "and is aligned for it");

static struct sha256_ctx *
ctx(struct sha256 *s)
{
	return (struct sha256_ctx *)(void *)s->opaque;
}

void
sha256_init(struct sha256 *s)
{
	nettle_sha256_init(ctx(s));
}

void
sha256_update(struct sha256 *s, const void *p, size_t n)
{
	if (n > 0)
		nettle_sha256_update(ctx(s), n, p);
}

void
sha256_final(struct sha256 *s, unsigned char ret[DIGEST_SIZE])
{
	nettle_sha256_digest(ctx(s), DIGEST_SIZE, ret);
}

void
sha256(const void *p, size_t n, unsigned char ret[DIGEST_SIZE])
{
	struct sha256 s = { { 0 } };

	sha256_init(&s);
	sha256_update(&s, p, n);
	sha256_final(&s, ret);
}

int
sha256_fd(int fd, const char *name, struct digest *ret, uint64_t *ret_size,
    struct err *e)
{
	c_free char *buf = xmalloc(READ_SIZE);
	uint64_t size = 0;
	struct sha256 s = { { 0 } };
	ssize_t got;

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	sha256_init(&s);
	for (;;) {
		got = file_read_some(fd, buf, READ_SIZE);
		if (got < 0)
			return err_sys(e, "%s", name);
		if (got == 0)
			break;
		sha256_update(&s, buf, (size_t)got);
		size += (uint64_t)got;
	}
	sha256_final(&s, ret->b);
	if (ret_size != NULL)
		*ret_size = size;
	return 0;
}

_Static_assert(sizeof(struct md5_ctx) <= sizeof(struct md5),
    "struct md5 holds nettle's state");

static struct md5_ctx *
md5_ctx_of(struct md5 *m)
{
	return (struct md5_ctx *)(void *)m->opaque;
}

void
md5_init(struct md5 *m)
{
	nettle_md5_init(md5_ctx_of(m));
}

void
md5_update(struct md5 *m, const void *p, size_t n)
{
	if (n > 0)
		nettle_md5_update(md5_ctx_of(m), n, p);
}

void
md5_final(struct md5 *m, unsigned char ret[MD5_SIZE])
{
	nettle_md5_digest(md5_ctx_of(m), MD5_SIZE, ret);
}

void
md5(const void *p, size_t n, unsigned char ret[MD5_SIZE])
{
	struct md5 m = { { 0 } };

	md5_init(&m);
	md5_update(&m, p, n);
	md5_final(&m, ret);
}

void
hex_add(struct strbuf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *u = p;
	size_t i;

	strbuf_grow(b, 2 * n);
	for (i = 0; i < n; i++) {
		strbuf_addch(b, digits[u[i] >> 4]);
		strbuf_addch(b, digits[u[i] & 15]);
	}
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int
hex_parse(struct str hex, void *ret, size_t n)
{
	unsigned char *u = ret;
	int high, low;
	size_t i;

	if (hex.n != 2 * n)
		return -1;
	for (i = 0; i < n; i++) {
		high = hex_value(hex.p[2 * i]);
		low = hex_value(hex.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return -1;
		u[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

int
digest_empty(const struct digest *d)
{
	static const struct digest zero;

	return digest_equal(d, &zero);
}
