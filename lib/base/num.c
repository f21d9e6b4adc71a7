#include "base/num.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>

int
num_parse_u64(struct str s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '+')
		i++;
	if (i == s.n)
		return -1;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' ||
		    __builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return -1;
	}
	if (v < min || v > max)
		return -1;
	*ret = v;
	return 0;
}

int
num_parse_i64(struct str s, int64_t min, int64_t max, int64_t *ret)
{
	const uint64_t top = (uint64_t)INT64_MAX;
	uint64_t u;
	int64_t v;
	int neg = s.n > 0 && s.p[0] == '-';

	if (neg) {
		s.p++;
		s.n--;
		if (s.n > 0 && s.p[0] == '+')
			return -1;
	}
	if (num_parse_u64(s, 0, neg ? top + 1 : top, &u) < 0)
		return -1;
	v = neg ? (int64_t)(~u + 1) : (int64_t)u;
	if (v < min || v > max)
		return -1;
	*ret = v;
	return 0;
}

static int
word_f64(struct str s, double *ret)
{
	static const struct {
		const char	*word;
		double		 value;
	} words[] = {
		{ "nan", NAN }, { "infinity", INFINITY }, { "inf", INFINITY },
		{ "-infinity", -INFINITY }, { "-inf", -INFINITY },
		{ "+infinity", INFINITY }, { "+inf", INFINITY },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (s.n == strlen(words[i].word) &&
		    strncasecmp(s.p, words[i].word, s.n) == 0) {
			*ret = words[i].value;
			return 0;
		}
	return -1;
}

/* digits [. digits] [e [sign] digits], with an optional sign before. */
static int
is_number(struct str s)
{
	size_t i = 0, digits = 0;

	if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
		i++;
	for (; i < s.n && isdigit((unsigned char)s.p[i]); i++)
		digits++;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && isdigit((unsigned char)s.p[i]); i++)
			digits++;
	if (digits == 0)
		return 0;
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		if (i == s.n)
			return 0;
		while (i < s.n && isdigit((unsigned char)s.p[i]))
			i++;
	}
	return i == s.n;
}

int
num_parse_f64(struct str s, double *ret)
{
	char small[64], *text = small, *end;
	double v;

	if (word_f64(s, ret) == 0)
		return 0;
	if (!is_number(s))
		return -1;
	if (s.n >= sizeof(small))
		text = xmalloc(s.n + 1);
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	/* The programs never call setlocale, so the point is '.'. */
	errno = 0;
	v = strtod(text, &end);
	if (text != small)
		free(text);
	if (errno == ERANGE && isinf(v))
		return -1;
	*ret = v;
	return 0;
}

void
num_add_f64(struct strbuf *b, double v)
{
	char text[32];
	int digits;

	if (isnan(v)) {
		strbuf_adds(b, "NaN");
		return;
	}
	if (isinf(v)) {
		strbuf_adds(b, v < 0 ? "-Infinity" : "Infinity");
		return;
	}
	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	strbuf_adds(b, text);
	if (strpbrk(text, ".e") == NULL)
		strbuf_adds(b, ".0");
}
