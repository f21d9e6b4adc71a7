#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "idl/pbjson.h"
#include "idl/pbjson_p.h"

/* Numbers and bytes as text. */

/* Digits of UINT64_MAX. */
#define MAX_U64_DIGITS	20

/* ---- numbers ------------------------------------------------------------- */

/*
 * text is "d.ddde+xx" or "-...": without the zeros at the end, plain for
 * exponents -6..20.
 */
static void
add_digits(struct strbuf *b, const char *text)
{
	char digits[32] = "";
	int n = 0, exp, i;

	if (*text == '-') {
		strbuf_addch(b, '-');
		text++;
	}
	for (; *text != 'e' && n < (int)sizeof(digits); text++)
		if (*text != '.')
			digits[n++] = *text;
	exp = (int)strtol(text + 1, NULL, 10);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (exp < -6 || exp >= 21) {
		strbuf_addch(b, digits[0]);
		if (n > 1)
			strbuf_addch(b, '.');
		strbuf_add(b, digits + 1, (size_t)(n - 1));
		strbuf_addf(b, "e%+d", exp);
		return;
	}
	if (exp < 0)
		strbuf_adds(b, "0.");
	for (i = exp + 1; i < 0; i++)
		strbuf_addch(b, '0');
	for (i = 0; i < MAX(n, exp + 1); i++) {
		if (i > 0 && i == exp + 1)
			strbuf_addch(b, '.');
		strbuf_addch(b, i < n ? digits[i] : '0');
	}
}

static int
add_not_finite(struct strbuf *b, double v)
{
	if (isfinite(v))
		return 0;
	strbuf_adds(b, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
	return 1;
}

void
pbjson_add_double(struct strbuf *b, double v)
{
	/* 15 digits always come back; below DBL_MIN there are fewer bits */
	int digits = fabs(v) < DBL_MIN ? 1 : DBL_DIG;
	char text[40];

	if (add_not_finite(b, v))
		return;
	for (; digits <= DBL_DECIMAL_DIG; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, v);
		if (strtod(text, NULL) == v)
			break;
	}
	add_digits(b, text);
}

void
pbjson_add_float(struct strbuf *b, float v)
{
	int digits = fabsf(v) < FLT_MIN ? 1 : FLT_DIG;
	char text[40];

	if (add_not_finite(b, (double)v))
		return;
	for (; digits <= FLT_DECIMAL_DIG; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits - 1, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	add_digits(b, text);
}

int
pbjson_parse_integer(struct str s, int *ret_negative, uint64_t *ret)
{
	char digits[MAX_U64_DIGITS];
	size_t i = 0, n = 0, zeros = 0;
	int64_t exp = 0, fraction = 0;
	int dot = 0;

	*ret_negative = s.n > 0 && s.p[0] == '-';
	for (i = (size_t)*ret_negative; i < s.n && (s.p[i] | 32) != 'e'; i++) {
		if (s.p[i] == '.') {
			dot = 1;
			continue;
		}
		fraction += dot;
		if (s.p[i] == '0') {
			zeros++;	/* written only if more follows */
			continue;
		}
		for (; n > 0 && zeros > 0 && n < sizeof(digits); zeros--)
			digits[n++] = '0';
		if (n + (n > 0 ? zeros : 0) >= sizeof(digits))
			return dot ? -1 : -2;
		zeros = 0;
		digits[n++] = s.p[i];
	}
	*ret = 0;
	if (n == 0)
		return 0;
	/* beyond nine digits the exponent only has to stay out of range */
	if (i < s.n && num_parse_i64((struct str){ s.p + i + 1, s.n - i - 1 },
	    -999999999, 999999999, &exp) < 0)
		return s.p[i + 1] == '-' ? -1 : -2;
	exp += (int64_t)zeros - fraction;
	if (exp < 0)
		return -1;
	if (exp + (int64_t)n > MAX_U64_DIGITS)
		return -2;
	for (; exp > 0; exp--)
		digits[n++] = '0';
	return num_parse_u64((struct str){ digits, n }, 0, UINT64_MAX, ret) < 0
	    ? -2 : 0;
}

/* ---- base64 -------------------------------------------------------------- */

void
pbjson_add_base64(struct strbuf *b, struct str s)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned v, k;
	size_t i, n;
	char out[4];

	strbuf_grow(b, s.n / 3 * 4 + 4);
	for (i = 0; i < s.n; i += 3) {
		n = MIN(s.n - i, (size_t)3);
		v = (unsigned)p[i] << 16;
		if (n > 1)
			v |= (unsigned)p[i + 1] << 8;
		if (n > 2)
			v |= p[i + 2];
		for (k = 0; k < 4; k++)
			out[k] = k > n ? '=' : alphabet[v >> (18 - 6 * k) & 63];
		strbuf_add(b, out, 4);
	}
}

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

int
pbjson_from_base64(struct strbuf *b, struct str s)
{
	size_t i, before = b->n;
	unsigned v = 0, bits = 0;
	int digit;

	if (s.n % 4 == 0 && s.n > 0 && s.p[s.n - 1] == '=')
		s.n -= s.p[s.n - 2] == '=' ? 2 : 1;
	if (s.n % 4 == 1)
		return -1;
	strbuf_grow(b, s.n / 4 * 3 + 3);
	for (i = 0; i < s.n; i++) {
		digit = base64_digit(s.p[i]);
		if (digit < 0) {
			strbuf_setlen(b, before);
			return -1;
		}
		v = (v << 6 | (unsigned)digit) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			strbuf_addch(b, (int)(v >> bits & 0xff));
		}
	}
	return 0;
}
