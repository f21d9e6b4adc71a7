#include "compile/quantity.h"

#include "base/num.h"

/* Digits of an int64 that are always safe; the fast path of the original. */
#define SAFE_DIGITS	18
#define NANO		(-9)

struct parts {
	struct str	digits;		/* before the point, no leading zeros */
	struct str	fraction;
	struct str	suffix;
	int		any;		/* there was a digit at all */
};

static size_t
count_digits(const char *s)
{
	return strspn(s, "0123456789");
}

static int
split(const char *s, struct parts *ret)
{
	size_t n;

	if (*s == '-' || *s == '+')
		s++;
	ret->any = *s == '\0' || count_digits(s) > 0;
	s += strspn(s, "0");
	n = count_digits(s);
	ret->digits = (struct str){ s, n };
	s += n;
	ret->fraction = (struct str){ s, 0 };
	if (*s == '.') {
		n = count_digits(++s);
		ret->fraction = (struct str){ s, n };
		ret->any |= n > 0;
		s += n;
	}
	ret->suffix = str_of(s);
	s += strspn(s, "eEinumkKMGTP");
	if (*s == '-' || *s == '+')
		s++;
	s += count_digits(s);
	return *s == '\0' ? 0 : -1;
}

/* The power of ten or (binary) of two that a suffix stands for. */
static int
scale_of(struct str suffix, int *ret_scale, int *ret_binary)
{
	static const struct { const char *text; int scale, binary; } all[] = {
		{ "", 0, 0 }, { "n", -9, 0 }, { "u", -6, 0 }, { "m", -3, 0 },
		{ "k", 3, 0 }, { "M", 6, 0 }, { "G", 9, 0 }, { "T", 12, 0 },
		{ "P", 15, 0 }, { "E", 18, 0 }, { "Ki", 10, 1 },
		{ "Mi", 20, 1 }, { "Gi", 30, 1 }, { "Ti", 40, 1 },
		{ "Pi", 50, 1 }, { "Ei", 60, 1 },
	};
	int64_t n;
	size_t i;

	for (i = 0; i < ARRAY_LEN(all); i++)
		if (str_is(suffix, all[i].text)) {
			*ret_scale = all[i].scale;
			*ret_binary = all[i].binary;
			return 0;
		}
	if (suffix.n < 2 || (suffix.p[0] != 'e' && suffix.p[0] != 'E') ||
	    num_parse_i64((struct str){ suffix.p + 1, suffix.n - 1 },
	    INT32_MIN, INT32_MAX, &n) < 0)
		return -1;
	*ret_scale = (int)n;
	*ret_binary = 0;
	return 0;
}

int
quantity_ok(const char *s)
{
	struct parts p;
	int scale, binary;

	if (*s == '\0' || split(s, &p) < 0 ||
	    scale_of(p.suffix, &scale, &binary) < 0)
		return 0;
	if (p.any)
		return 1;
	/* Without a digit only what needs no big number is read as zero. */
	return binary || (p.digits.n + p.fraction.n < SAFE_DIGITS &&
	    scale - (int)p.fraction.n >= NANO);
}
