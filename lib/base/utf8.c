#include "base/utf8.h"

/* Length of the sequence at p, or 0 if it is not well-formed (Unicode 15,
 * table 3-7). */
static size_t
sequence(const unsigned char *p, size_t n)
{
	unsigned char lo = 0x80, hi = 0xbf;
	size_t len, i;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

size_t
utf8_bad_at(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, len;
	uint64_t word;

	while (i < s.n) {
		/* most text is ASCII: eight bytes at a time */
		if (s.n - i >= sizeof(word)) {
			memcpy(&word, p + i, sizeof(word));
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof(word);
				continue;
			}
		}
		len = sequence(p + i, s.n - i);
		if (len == 0)
			break;
		i += len;
	}
	return i;
}

int
utf8_valid(struct str s)
{
	return utf8_bad_at(s) == s.n;
}

void
utf8_add(struct strbuf *b, uint32_t cp)
{
	if (cp < 0x80) {
		strbuf_addch(b, (int)cp);
	} else if (cp < 0x800) {
		strbuf_addch(b, (int)(0xc0 | (cp >> 6)));
		strbuf_addch(b, (int)(0x80 | (cp & 0x3f)));
	} else if (cp < 0x10000) {
		strbuf_addch(b, (int)(0xe0 | (cp >> 12)));
		strbuf_addch(b, (int)(0x80 | ((cp >> 6) & 0x3f)));
		strbuf_addch(b, (int)(0x80 | (cp & 0x3f)));
	} else {
		strbuf_addch(b, (int)(0xf0 | (cp >> 18)));
		strbuf_addch(b, (int)(0x80 | ((cp >> 12) & 0x3f)));
		strbuf_addch(b, (int)(0x80 | ((cp >> 6) & 0x3f)));
		strbuf_addch(b, (int)(0x80 | (cp & 0x3f)));
	}
}

void
utf8_add_shown(struct strbuf *b, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0, len;

	while (i < s.n) {
		len = sequence(p + i, s.n - i);
		if (p[i] == '\t')
			strbuf_addch(b, ' ');
		else if (len == 0 || p[i] < 0x20 || p[i] == 0x7f ||
		    (len == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0))
			strbuf_addch(b, '?');
		else
			strbuf_add(b, p + i, len);
		i += MAX(len, (size_t)1);
	}
}

void
utf8_add_lines(struct strbuf *b, const char *indent, struct str text)
{
	const char *p = text.p, *end = text.p + text.n, *nl;

	while (p < end) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		strbuf_adds(b, indent);
		utf8_add_shown(b, (struct str){ p, (size_t)(nl - p) });
		strbuf_addch(b, '\n');
		p = nl + 1;
	}
}

/* Bytes of a given text that are shown. */
#define MAX_GIVEN	60

void
utf8_add_given(struct strbuf *b, struct str text)
{
	size_t n = MIN(text.n, (size_t)MAX_GIVEN), i, from = 0;
	char quote = n > 0 && memchr(text.p, '"', n) != NULL &&
	    memchr(text.p, '\'', n) == NULL ? '\'' : '"';

	/* not in the middle of a character */
	while (n < text.n && n > 0 && ((unsigned char)text.p[n] & 0xc0) ==
	    0x80)
		n--;
	strbuf_addch(b, quote);
	for (i = 0; i < n; i++) {
		if (text.p[i] != quote)
			continue;
		utf8_add_shown(b, (struct str){ text.p + from, i - from });
		strbuf_addch(b, '\\');
		from = i;
	}
	utf8_add_shown(b, (struct str){ text.p + from, n - from });
	strbuf_adds(b, n < text.n ? "..." : "");
	strbuf_addch(b, quote);
}

const char *
utf8_given(char buf[UTF8_GIVEN], struct str s)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	utf8_add_given(&b, s);
	snprintf(buf, UTF8_GIVEN, "%s", b.p);
	return buf;
}
