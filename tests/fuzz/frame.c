#include <stdio.h>

#include "pack/frame.h"

#include "mutate.h"

/* What a helper says over its pipe: read to its end, and said again. */

static void
again(struct str bytes, const struct strbuf *want)
{
	if (bytes.n < want->n || memcmp(bytes.p, want->p, want->n) != 0)
		BUG("written otherwise than it was read");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_strbuf struct strbuf said = STRBUF_INIT;
	c_frame struct frame f = FRAME_INIT;
	char *out = NULL;
	size_t n_out = 0;
	FILE *in, *to;
	struct err e;
	int got;

	if (n == 0)
		return 0;
	in = fmemopen((void *)(uintptr_t)data, n, "r");
	to = open_memstream(&out, &n_out);
	if (in == NULL || to == NULL)
		BUG("no memory stream");
	while ((got = frame_read(in, &f, &e)) > 0)
		frame_write(to, f.kind, strbuf_str(&f.name),
		    strbuf_str(&f.data));
	fclose(in);
	fclose(to);
	strbuf_add(&said, out, n_out);
	again((struct str){ (const char *)data, n }, &said);
	free(out);
	return 0;
}
