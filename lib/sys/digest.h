#ifndef SYS_DIGEST_H
#define SYS_DIGEST_H

/* SHA-256 (FIPS 180-4) of bytes and files, and MD5 for names that Flyte made
 * with it.  Nothing here allocates. */

#include "base/err.h"
#include "base/strbuf.h"

#define DIGEST_SIZE	32			/* bytes */
#define DIGEST_HEX	(2 * DIGEST_SIZE)	/* characters, without NUL */

struct digest {
	unsigned char	b[DIGEST_SIZE];
};

/* A hash in the making; plain memory, may be copied to fork a prefix. */
struct sha256 {
	uint64_t	opaque[16];
};

void	sha256_init(struct sha256 *);
void	sha256_update(struct sha256 *, const void *p, size_t n);
/* Gives the digest; the state is as after sha256_init again. */
void	sha256_final(struct sha256 *, unsigned char ret[DIGEST_SIZE]);
/* All at once. */
void	sha256(const void *p, size_t n, unsigned char ret[DIGEST_SIZE]);

/*
 * The rest of an open file, from its present offset to its end; *ret_size
 * (may be NULL) is the number of bytes seen.  name is for the message.
 */
int	sha256_fd(int fd, const char *name, struct digest *ret,
	    uint64_t *ret_size, struct err *e) must_check;

/* MD5 (RFC 1321) as pyflyte uses it in names of code archives; never a
 * proof of content. */
#define MD5_SIZE	16
void	md5(const void *p, size_t n, unsigned char ret[MD5_SIZE]);
/* The same in pieces. */
struct md5 {
	uint64_t	opaque[14];
};
void	md5_init(struct md5 *);
void	md5_update(struct md5 *, const void *p, size_t n);
void	md5_final(struct md5 *, unsigned char ret[MD5_SIZE]);

/* Lower-case hexadecimal, both ways.  hex_parse wants exactly 2 * n digits
 * and returns -1 for anything else. */
void	hex_add(struct strbuf *, const void *p, size_t n);
int	hex_parse(struct str hex, void *ret, size_t n);

static inline int
digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->b, b->b, DIGEST_SIZE) == 0;
}

/* 1 if no digest was set: all bytes zero. */
int	digest_empty(const struct digest *);

#endif
