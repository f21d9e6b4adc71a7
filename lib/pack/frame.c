#include "pack/frame.h"

#include "base/limits.h"
#include "base/num.h"

#define HEAD	13	/* bytes before the name */

void
frame_release(struct frame *f)
{
	strbuf_release(&f->name);
	strbuf_release(&f->data);
}

static void
put_le(unsigned char *p, uint64_t v, int n)
{
	for (; n > 0; n--, v >>= 8)
		*p++ = (unsigned char)(v & 0xff);
}

static uint64_t
get_le(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | p[n];
	return v;
}

void
frame_write(FILE *f, enum frame_kind kind, struct str name, struct str data)
{
	unsigned char head[HEAD];

	head[0] = (unsigned char)kind;
	put_le(head + 1, name.n, 4);
	put_le(head + 5, data.n, 8);
	fwrite(head, 1, sizeof(head), f);
	fwrite(name.p, 1, name.n, f);
	fwrite(data.p, 1, data.n, f);
}

void
frame_write_error(FILE *f, const struct err *e)
{
	char kind[16];

	snprintf(kind, sizeof(kind), "%d", (int)e->kind);
	frame_write(f, FRAME_ERROR, str_of(kind), str_of(e->msg));
}

static int
read_text(FILE *f, struct strbuf *b, size_t n)
{
	strbuf_reset(b);
	strbuf_grow(b, n);
	if (fread(b->p, 1, n, f) != n)
		return -1;
	b->n = n;
	b->p[n] = '\0';
	return 0;
}

/* The error that the other side has sent. */
static int
sent_error(const struct frame *f, struct err *e)
{
	int64_t kind;

	if (num_parse_i64(strbuf_str(&f->name), ERR_NONE + 1,
	    ERR_KIND_MAX - 1, &kind) < 0)
		return err_set(e, ERR_SYS, "the helper sent a broken error");
	return err_set(e, (enum err_kind)kind, "%s", f->data.p);
}

int
frame_read(FILE *f, struct frame *ret, struct err *e)
{
	unsigned char head[HEAD];
	uint64_t name, data;

	if (fread(head, 1, sizeof(head), f) != sizeof(head))
		return err_set(e, ERR_SYS, "the helper broke off");
	name = get_le(head + 1, 4);
	data = get_le(head + 5, 8);
	if (strchr("mctex", head[0]) == NULL || head[0] == '\0' ||
	    name > MAX_NAME * 8 || data > MAX_MESSAGE_BYTES)
		return err_set(e, ERR_SYS, "the helper sent a broken frame");
	ret->kind = (enum frame_kind)head[0];
	if (read_text(f, &ret->name, (size_t)name) < 0 ||
	    read_text(f, &ret->data, (size_t)data) < 0)
		return err_set(e, ERR_SYS, "the helper broke off");
	if (ret->kind == FRAME_ERROR)
		return sent_error(ret, e);
	return ret->kind != FRAME_END;
}
