#include "record/closure.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "sys/digest.h"
#include "sys/file.h"

static void
add_closure_path(struct strbuf *b, const char *home, const char *address)
{
	strbuf_addf(b, "%s/closures/%.2s/%s", home, address, address + 2);
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
