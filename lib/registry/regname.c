#include "registry/regname.h"

#include "base/limits.h"
#include "sys/digest.h"

static int
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void
regname_add(struct strbuf *b, const char *text, size_t max)
{
	unsigned char digest[DIGEST_SIZE];
	size_t start = b->n, i;

	for (i = 0; text[i] != '\0'; i++) {
		unsigned char c = (unsigned char)text[i];

		if (is_plain(c) && (c != '.' || i > 0))
			strbuf_addch(b, c);
		else
			strbuf_addf(b, "%%%02x", c);
	}
	if (b->n - start <= max)
		return;
	sha256(text, i, digest);
	strbuf_setlen(b, start);
	strbuf_addch(b, '~');
	hex_add(b, digest, sizeof(digest));
}

int
regname_parse(struct str part, struct strbuf *ret)
{
	unsigned char c;
	size_t i;

	if (part.n == 0 || part.p[0] == '~')
		return -1;
	for (i = 0; i < part.n; i++) {
		c = (unsigned char)part.p[i];
		if (c == '%') {
			if (i + 2 >= part.n || hex_parse((struct str){
			    part.p + i + 1, 2 }, &c, 1) < 0 || c == 0)
				return -1;
			i += 2;
		} else if (!is_plain(c)) {
			return -1;
		}
		strbuf_addch(ret, c);
	}
	return 0;
}

void
regname_add_folder(struct strbuf *b, const struct entity_id *id)
{
	regname_add(b, id->project, MAX_FILE_NAME);
	strbuf_addch(b, '/');
	regname_add(b, id->domain, MAX_FILE_NAME);
	strbuf_addch(b, '/');
	strbuf_adds(b, entity_kind_name(id->kind));
}

void
regname_add_file(struct strbuf *b, const struct entity_id *id)
{
	regname_add(b, id->name, MAX_FILE_NAME);
	strbuf_addch(b, '@');
	regname_add(b, id->version, MAX_FILE_VERSION);
}

void
regname_add_path(struct strbuf *b, const struct entity_id *id)
{
	regname_add_folder(b, id);
	strbuf_addch(b, '/');
	regname_add_file(b, id);
}

void
regname_add_newest(struct strbuf *b, const struct entity_id *id)
{
	regname_add(b, id->name, MAX_FILE_NAME);
	strbuf_addch(b, '@');
}

void
regname_add_active(struct strbuf *b, const struct entity_id *id)
{
	regname_add(b, id->name, MAX_FILE_NAME);
	strbuf_adds(b, "@@active");
}
