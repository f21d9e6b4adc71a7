#include "base/time.h"

#include <ctype.h>
#include <stdio.h>

#include "base/num.h"

#define NANO	INT64_C(1000000000)

/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar. */
static int64_t
days_of(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void
date_of(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
	int64_t z = days + 719468, era, doe, yoe, doy, mp;

	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = yoe + era * 400 + (*m <= 2);
}

static int
days_in_month(int64_t y, int64_t m)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };

	if (m == 2 && (y % 4 == 0 && (y % 100 != 0 || y % 400 == 0)))
		return 29;
	return days[m - 1];
}

/* Exactly n digits at *s; -1 if there are not. */
static int
take_digits(struct str *s, size_t n, int64_t *ret)
{
	int64_t v = 0;
	size_t i;

	if (s->n < n)
		return -1;
	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s->p[i]))
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	s->p += n;
	s->n -= n;
	*ret = v;
	return 0;
}

static int
take_char(struct str *s, const char *any)
{
	if (s->n == 0 || s->p[0] == '\0' || strchr(any, s->p[0]) == NULL)
		return -1;
	s->p++;
	s->n--;
	return 0;
}

/* ".123456789" at *s, if there; at most nine digits. */
static int
take_fraction(struct str *s, int32_t *ret)
{
	int32_t v = 0;
	int n = 0;

	*ret = 0;
	if (take_char(s, ".") < 0)
		return 0;
	for (; s->n > 0 && isdigit((unsigned char)s->p[0]); n++) {
		if (n == 9)
			return -1;
		v = v * 10 + (s->p[0] - '0');
		s->p++;
		s->n--;
	}
	if (n == 0)
		return -1;
	for (; n < 9; n++)
		v *= 10;
	*ret = v;
	return 0;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static int
take_offset(struct str *s, int64_t *ret)
{
	int64_t h, m, sign;

	*ret = 0;
	if (take_char(s, "Zz") == 0)
		return 0;
	sign = s->n > 0 && s->p[0] == '-' ? -1 : 1;
	if (take_char(s, "+-") < 0 || take_digits(s, 2, &h) < 0 ||
	    take_char(s, ":") < 0 || take_digits(s, 2, &m) < 0 ||
	    h > 23 || m > 59)
		return -1;
	*ret = sign * (h * 3600 + m * 60);
	return 0;
}

int
instant_parse(struct str s, int date_ok, struct instant *ret)
{
	int64_t y, mon, d, h = 0, min = 0, sec = 0, offset = 0, t;
	int32_t nsec = 0;

	if (take_digits(&s, 4, &y) < 0 || take_char(&s, "-") < 0 ||
	    take_digits(&s, 2, &mon) < 0 || take_char(&s, "-") < 0 ||
	    take_digits(&s, 2, &d) < 0 || y < 1 || mon < 1 || mon > 12 ||
	    d < 1 || d > days_in_month(y, mon))
		return -1;
	if (!(date_ok && s.n == 0)) {
		if (take_char(&s, "Tt ") < 0 || take_digits(&s, 2, &h) < 0 ||
		    take_char(&s, ":") < 0 || take_digits(&s, 2, &min) < 0 ||
		    take_char(&s, ":") < 0 || take_digits(&s, 2, &sec) < 0 ||
		    take_fraction(&s, &nsec) < 0 ||
		    take_offset(&s, &offset) < 0 || s.n != 0 ||
		    h > 23 || min > 59 || sec > 59)
			return -1;
	}
	t = days_of(y, mon, d) * 86400 + h * 3600 + min * 60 + sec - offset;
	if (t < INSTANT_MIN || t > INSTANT_MAX)
		return -1;
	ret->sec = t;
	ret->nsec = nsec;
	return 0;
}

static void
add_fraction(struct strbuf *b, int32_t nsec)
{
	if (nsec == 0)
		return;
	if (nsec % 1000000 == 0)
		strbuf_addf(b, ".%03d", (int)(nsec / 1000000));
	else if (nsec % 1000 == 0)
		strbuf_addf(b, ".%06d", (int)(nsec / 1000));
	else
		strbuf_addf(b, ".%09d", (int)nsec);
}

void
instant_add(struct strbuf *b, struct instant t)
{
	int64_t days = t.sec / 86400, rest = t.sec % 86400, y, m, d;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	date_of(days, &y, &m, &d);
	strbuf_addf(b, "%04d-%02d-%02dT%02d:%02d:%02d", (int)y, (int)m,
	    (int)d, (int)(rest / 3600), (int)(rest / 60 % 60),
	    (int)(rest % 60));
	add_fraction(b, t.nsec);
	strbuf_addch(b, 'Z');
}

struct instant
instant_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (struct instant){ ts.tv_sec, (int32_t)ts.tv_nsec };
}

int
timespan_parse_json(struct str s, struct timespan *ret)
{
	struct str digits;
	int64_t sec;
	int32_t nsec;
	int neg = 0;

	if (s.n > 0 && s.p[0] == '-') {
		neg = 1;
		s.p++;
		s.n--;
	}
	digits.p = s.p;
	while (s.n > 0 && isdigit((unsigned char)s.p[0])) {
		s.p++;
		s.n--;
	}
	digits.n = (size_t)(s.p - digits.p);
	if (num_parse_i64(digits, 0, TIMESPAN_MAX, &sec) < 0 ||
	    take_fraction(&s, &nsec) < 0 || !str_is(s, "s"))
		return -1;
	ret->sec = neg ? -sec : sec;
	ret->nsec = neg ? -nsec : nsec;
	return 0;
}

void
timespan_add_json(struct strbuf *b, struct timespan t)
{
	if (t.sec < 0 || t.nsec < 0)
		strbuf_addch(b, '-');
	strbuf_addf(b, "%lld", t.sec < 0 ? -(long long)t.sec :
	    (long long)t.sec);
	add_fraction(b, t.nsec < 0 ? -t.nsec : t.nsec);
	strbuf_addch(b, 's');
}

/* One "12.5unit" of Go's syntax, as nanoseconds. */
static int
take_term(struct str *s, __int128 *ret)
{
	static const struct {
		const char	*name;
		int64_t		 nano;
	} units[] = {
		{ "ns", 1 }, { "us", 1000 }, { "\xc2\xb5s", 1000 },
		{ "\xce\xbcs", 1000 }, { "ms", 1000000 }, { "s", NANO },
		{ "m", 60 * NANO }, { "h", 3600 * NANO },
		{ "d", 86400 * NANO },
	};
	__int128 v = 0, scale = 1;
	size_t i, n, digits = 0, name = 0;

	for (; s->n > 0 && isdigit((unsigned char)s->p[0]); digits++) {
		v = v * 10 + (s->p[0] - '0');
		if (digits > 15)
			return -1;
		s->p++;
		s->n--;
	}
	if (take_char(s, ".") == 0)
		for (; s->n > 0 && isdigit((unsigned char)s->p[0]); digits++) {
			if (scale < NANO) {
				v = v * 10 + (s->p[0] - '0');
				scale *= 10;
			}
			s->p++;
			s->n--;
		}
	if (digits == 0)
		return -1;
	while (name < s->n && s->p[name] != '.' &&
	    !isdigit((unsigned char)s->p[name]))
		name++;
	for (i = 0; i < ARRAY_LEN(units); i++) {
		n = strlen(units[i].name);
		if (n == name && memcmp(s->p, units[i].name, n) == 0) {
			*ret = v * units[i].nano / scale;
			s->p += n;
			s->n -= n;
			return 0;
		}
	}
	return -1;
}

int
timespan_parse(struct str s, struct timespan *ret)
{
	__int128 total = 0, term;
	int neg = 0;

	if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		neg = s.p[0] == '-';
		s.p++;
		s.n--;
	}
	if (str_is(s, "0")) {
		*ret = (struct timespan){ 0, 0 };
		return 0;
	}
	if (s.n == 0)
		return -1;
	while (s.n > 0) {
		if (take_term(&s, &term) < 0)
			return -1;
		total += term;
		if (total > (__int128)TIMESPAN_MAX * NANO)
			return -1;
	}
	if (neg)
		total = -total;
	ret->sec = (int64_t)(total / NANO);
	ret->nsec = (int32_t)(total % NANO);
	return 0;
}

/* v units of 10^-digits, without trailing zeros. */
static void
add_decimal(struct strbuf *b, uint64_t whole, uint64_t frac, int digits)
{
	char text[32];
	size_t n;

	strbuf_addf(b, "%llu", (unsigned long long)whole);
	if (frac == 0)
		return;
	snprintf(text, sizeof(text), ".%0*llu", digits,
	    (unsigned long long)frac);
	for (n = strlen(text); n > 0 && text[n - 1] == '0'; n--)
		;
	strbuf_add(b, text, n);
}

void
timespan_add(struct strbuf *b, struct timespan t)
{
	uint64_t sec, ns;

	if (t.sec == 0 && t.nsec == 0) {
		strbuf_adds(b, "0s");
		return;
	}
	if (t.sec < 0 || t.nsec < 0)
		strbuf_addch(b, '-');
	sec = t.sec < 0 ? -(uint64_t)t.sec : (uint64_t)t.sec;
	ns = (uint64_t)(t.nsec < 0 ? -t.nsec : t.nsec);
	if (sec == 0) {
		if (ns < 1000) {
			add_decimal(b, ns, 0, 0);
			strbuf_adds(b, "ns");
		} else if (ns < 1000000) {
			add_decimal(b, ns / 1000, ns % 1000, 3);
			strbuf_adds(b, "\xc2\xb5s");
		} else {
			add_decimal(b, ns / 1000000, ns % 1000000, 6);
			strbuf_adds(b, "ms");
		}
		return;
	}
	if (sec >= 3600)
		strbuf_addf(b, "%lluh", (unsigned long long)(sec / 3600));
	if (sec >= 60)
		strbuf_addf(b, "%llum", (unsigned long long)(sec / 60 % 60));
	add_decimal(b, sec % 60, ns, 9);
	strbuf_addch(b, 's');
}
