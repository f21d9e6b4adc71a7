/* schedule: of a launch plan. */
#include "spec/schedule.h"

#include <strings.h>

#include "base/num.h"
#include "base/time.h"

/* ---- cron --------------------------------------------------------------- */

static const char *const months[] = { "JAN", "FEB", "MAR", "APR", "MAY",
    "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC" };
static const char *const days[] = { "SUN", "MON", "TUE", "WED", "THU", "FRI",
    "SAT" };

struct field {
	const char	*name;
	unsigned	 min, max;
	const char *const *words;
	size_t		 n_words;
};

static const struct field fields[] = {
	{ "minute", 0, 59, NULL, 0 },
	{ "hour", 0, 23, NULL, 0 },
	{ "day of the month", 1, 31, NULL, 0 },
	{ "month", 1, 12, months, ARRAY_LEN(months) },
	{ "day of the week", 0, 6, days, ARRAY_LEN(days) },
};

static int
value_of(const struct field *f, struct str s, uint64_t *ret)
{
	size_t i;

	for (i = 0; i < f->n_words; i++)
		if (s.n == 3 && strncasecmp(s.p, f->words[i], 3) == 0) {
			*ret = f->min + i;
			return 0;
		}
	return num_parse_u64(s, f->min, f->max, ret);
}

/* Cuts s at the first c; 1 if it was there. */
static int
cut(struct str *s, char c, struct str *ret_rest)
{
	const char *p = s->n == 0 ? NULL : memchr(s->p, c, s->n);

	if (p == NULL)
		return 0;
	*ret_rest = (struct str){ p + 1, s->n - (size_t)(p + 1 - s->p) };
	s->n = (size_t)(p - s->p);
	return 1;
}

/* One of a list: "*", "5", "1-5", each with "/step" (robfig's standard). */
static int
check_range(const struct field *f, struct str s)
{
	struct str step, to;
	uint64_t a, b;
	int stepped = cut(&s, '/', &step);

	if (stepped && num_parse_u64(step, 1, f->max, &a) < 0)
		return -1;
	if (str_is(s, "*") || str_is(s, "?"))
		return 0;
	if (!cut(&s, '-', &to))
		return value_of(f, s, &a);
	return value_of(f, s, &a) < 0 || value_of(f, to, &b) < 0 || b < a ?
	    -1 : 0;
}

static int
check_field(const struct field *f, struct str s)
{
	struct str rest;
	int more;

	do {
		more = cut(&s, ',', &rest);
		if (check_range(f, s) < 0)
			return -1;
		s = rest;
	} while (more);
	return 0;
}

/* NULL, or what is wrong. */
static const char *
check_cron(struct load *l, struct str s)
{
	struct str word;
	size_t i, n = 0;

	for (i = 0; i < s.n; ) {
		while (i < s.n && s.p[i] == ' ')
			i++;
		if (i == s.n)
			break;
		word.p = s.p + i;
		while (i < s.n && s.p[i] != ' ')
			i++;
		word.n = (size_t)(s.p + i - word.p);
		if (n < ARRAY_LEN(fields) &&
		    check_field(&fields[n], word) < 0)
			return arena_printf(l->a, "\"" STR_FMT "\" is no %s "
			    "(%u to %u)", STR_ARG(word), fields[n].name,
			    fields[n].min, fields[n].max);
		n++;
	}
	return n == ARRAY_LEN(fields) ? NULL : "five fields are expected: "
	    "minute, hour, day of the month, month, day of the week";
}

/* flytekit's aliases (core/schedule.py), of which Flyte's scheduler runs only
 * those with an @. */
static const char *
alias_of(struct str s)
{
	static const struct {
		const char	*word, *means;
	} aliases[] = {
		{ "hourly", "@hourly" }, { "hours", "@hourly" },
		{ "@hourly", "@hourly" }, { "daily", "@daily" },
		{ "days", "@daily" }, { "@daily", "@daily" },
		{ "weekly", "@weekly" }, { "weeks", "@weekly" },
		{ "@weekly", "@weekly" }, { "monthly", "@monthly" },
		{ "months", "@monthly" }, { "@monthly", "@monthly" },
		{ "annually", "@annually" }, { "@annually", "@annually" },
		{ "yearly", "@yearly" }, { "years", "@yearly" },
		{ "@yearly", "@yearly" }, { "midnight", "@midnight" },
		{ "@midnight", "@midnight" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_is(s, aliases[i].word))
			return aliases[i].means;
	return NULL;
}

static int
is_zone(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' &&
		    s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
		    memchr("/_+-", s.p[i], 4) != NULL))
			return 0;
	return s.n > 0;
}

static void
load_cron(struct load *l, uint32_t node, uint32_t zone,
    pb_admin_schedule *ret)
{
	Flyteidl__Admin__CronSchedule *c = PB_NEW(l->a,
	    flyteidl__admin__cron_schedule);
	char *text = shape_text(l, node, "a cron expression"), *tz = NULL;
	const char *wrong, *alias;

	ret->schedule_expression_case =
	    FLYTEIDL__ADMIN__SCHEDULE__SCHEDULE_EXPRESSION_CRON_SCHEDULE;
	ret->cron_schedule = c;
	if (text == NULL)
		return;
	alias = alias_of(str_of(text));
	wrong = alias != NULL ? NULL : check_cron(l, str_of(text));
	if (wrong != NULL)
		shape_fault(l, DIAG_BAD_VALUE, node, "cron: %s", wrong);
	if (zone != TREE_NONE)
		tz = shape_text(l, zone, "a time zone such as Europe/Berlin");
	if (tz != NULL && !is_zone(str_of(tz)))
		shape_wrong(l, zone, "a time zone such as Europe/Berlin");
	/* The prefix is the form that Flyte's scheduler reads. */
	c->schedule = arena_printf(l->a, "%s%s%s%s",
	    tz != NULL ? "CRON_TZ=" : "", tz != NULL ? tz : "",
	    tz != NULL ? " " : "", alias != NULL ? alias : text);
}

/* ---- rate --------------------------------------------------------------- */

static void
load_rate(struct load *l, uint32_t node, pb_admin_schedule *ret)
{
	static const struct {
		int64_t seconds;
		Flyteidl__Admin__FixedRateUnit unit;
	} units[] = {
		{ 86400, FLYTEIDL__ADMIN__FIXED_RATE_UNIT__DAY },
		{ 3600, FLYTEIDL__ADMIN__FIXED_RATE_UNIT__HOUR },
		{ 60, FLYTEIDL__ADMIN__FIXED_RATE_UNIT__MINUTE },
	};
	Flyteidl__Admin__FixedRate *r = PB_NEW(l->a,
	    flyteidl__admin__fixed_rate);
	pb_duration *d;
	size_t i = 0;

	ret->schedule_expression_case =
	    FLYTEIDL__ADMIN__SCHEDULE__SCHEDULE_EXPRESSION_RATE;
	ret->rate = r;
	if (shape_duration(l, node, &d) < 0)
		return;
	if (d->nanos != 0 || d->seconds % 60 != 0 ||
	    d->seconds / 60 > UINT32_MAX) {
		shape_wrong(l, node, "whole minutes");
		return;
	}
	while (d->seconds % units[i].seconds != 0)
		i++;
	r->unit = units[i].unit;
	r->value = (uint32_t)(d->seconds / units[i].seconds);
}

/* ---- all of it ---------------------------------------------------------- */

static void
load_policies(struct load *l, uint32_t catchup, uint32_t overlap,
    struct schedule *ret)
{
	static const char *const catchups[] = { "none", "last", "all" };
	static const char *const overlaps[] = { "allow", "skip" };
	size_t i;

	if (catchup != TREE_NONE && shape_choice(l, catchup, catchups,
	    ARRAY_LEN(catchups), &i) == 0)
		ret->catchup = catchups[i];
	if (overlap != TREE_NONE && shape_choice(l, overlap, overlaps,
	    ARRAY_LEN(overlaps), &i) == 0)
		ret->skip_overlap = i == 1;
}

void
schedule_load(struct load *l, uint32_t node, struct schedule *ret)
{
	uint32_t every, cron, zone, catchup, overlap;
	const struct shape_key keys[] = {
		{ "every", &every }, { "cron", &cron },
		{ "timezone", &zone }, { "kickoff", &ret->kickoff_node },
		{ "catchup", &catchup }, { "overlap", &overlap },
	};

	*ret = (struct schedule){ .kickoff_node = TREE_NONE };
	if (shape_keys(l, node, "a schedule", keys, ARRAY_LEN(keys)) < 0)
		return;
	ret->message = PB_NEW(l->a, flyteidl__admin__schedule);
	if (every != TREE_NONE && cron != TREE_NONE)
		shape_fault(l, DIAG_EXCLUSIVE, cron, "\"every\" and \"cron\"");
	else if (every == TREE_NONE && cron == TREE_NONE)
		shape_fault(l, DIAG_MISSING_KEY, node, "every or cron");
	else if (cron != TREE_NONE)
		load_cron(l, cron, zone, ret->message);
	else
		load_rate(l, every, ret->message);
	if (zone != TREE_NONE && cron == TREE_NONE)
		shape_fault(l, DIAG_EXCLUSIVE, zone, "\"timezone\" goes with "
		    "cron:");
	if (ret->kickoff_node != TREE_NONE)
		ret->message->kickoff_time_input_arg = shape_text(l,
		    ret->kickoff_node, "the name of an input");
	if (ret->message->kickoff_time_input_arg == NULL)
		ret->message->kickoff_time_input_arg = arena_strdup(l->a, "");
	load_policies(l, catchup, overlap, ret);
}
