#include "base/quantity.h"

/* A decimal number as digits and a power of ten that divides it. */
struct decimal {
	unsigned __int128	digits;
	int			places;
};

/* Far above 2^63 * 10^9, far below what could overflow. */
#define FULL	((unsigned __int128)1 << 120)

static unsigned __int128
times(unsigned __int128 v, unsigned by)
{
	return v >= FULL / by ? FULL : v * by;
}

/* Reads digits with at most one point; bytes read, 0 if there is no digit. */
static size_t
read_decimal(struct str s, struct decimal *ret)
{
	size_t i, digits = 0;
	int point = 0;

	*ret = (struct decimal){ 0, 0 };
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '.' && !point) {
			point = 1;
			continue;
		}
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		digits++;
		/* What is beyond nano and 18 places can not matter. */
		if (point && ret->places >= 27)
			continue;
		ret->digits = times(ret->digits, 10);
		if (ret->digits < FULL)
			ret->digits += (unsigned)(s.p[i] - '0');
		ret->places += point;
	}
	return digits == 0 ? 0 : i;
}

/* "e3", "E-3": the power of ten. */
static int
read_exponent(struct str s, int *ret)
{
	int sign = 1, v = 0;
	size_t i = 1;

	if (s.n < 2 || (s.p[0] != 'e' && s.p[0] != 'E'))
		return -1;
	if (s.p[1] == '+' || s.p[1] == '-') {
		sign = s.p[1] == '-' ? -1 : 1;
		i = 2;
	}
	if (i == s.n || s.n - i > 2)
		return -1;
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret = sign * v;
	return 0;
}

/* A suffix as a power of ten or of two. */
static int
read_suffix(struct str s, int *ret_ten, int *ret_two)
{
	static const struct { const char *name; int ten, two; } suffixes[] = {
		{ "", 0, 0 }, { "n", -9, 0 }, { "u", -6, 0 }, { "m", -3, 0 },
		{ "k", 3, 0 }, { "M", 6, 0 }, { "G", 9, 0 }, { "T", 12, 0 },
		{ "P", 15, 0 }, { "E", 18, 0 }, { "Ki", 0, 10 },
		{ "Mi", 0, 20 }, { "Gi", 0, 30 }, { "Ti", 0, 40 },
		{ "Pi", 0, 50 }, { "Ei", 0, 60 },
	};
	size_t i;

	*ret_ten = *ret_two = 0;
	for (i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_is(s, suffixes[i].name)) {
			*ret_ten = suffixes[i].ten;
			*ret_two = suffixes[i].two;
			return 0;
		}
	return read_exponent(s, ret_ten);
}

int
quantity_parse(struct str s, unsigned scale, int64_t *ret)
{
	struct decimal d;
	unsigned __int128 v;
	size_t n = read_decimal(s, &d);
	int ten, two, rest = 0;

	if (n == 0 || read_suffix((struct str){ s.p + n, s.n - n }, &ten,
	    &two) < 0)
		return -1;
	v = times(d.digits, scale);
	for (; two > 0; two--)
		v = times(v, 2);
	for (ten -= d.places; ten > 0; ten--)
		v = times(v, 10);
	for (; ten < 0 && v > 0; ten++) {
		rest |= v % 10 != 0;
		v /= 10;
	}
	/* What was divided away counts as a whole unit. */
	v += (unsigned)rest;
	*ret = v > INT64_MAX ? INT64_MAX : (int64_t)v;
	return 0;
}
