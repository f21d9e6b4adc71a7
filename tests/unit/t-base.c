#include "unit.h"

#include <math.h>

#include "base/arena.h"
#include "base/crc32c.h"
#include "base/diag.h"
#include "base/map.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"

TEST(i64_takes_the_whole_range_and_nothing_else)
{
	int64_t v = 0;

	CHECK(num_parse_i64(STR("9223372036854775807"), INT64_MIN, INT64_MAX,
	    &v) == 0 && v == INT64_MAX);
	CHECK(num_parse_i64(STR("-9223372036854775808"), INT64_MIN, INT64_MAX,
	    &v) == 0 && v == INT64_MIN);
	CHECK(num_parse_i64(STR("9223372036854775808"), INT64_MIN, INT64_MAX,
	    &v) < 0);
	CHECK(num_parse_i64(STR("1e3"), INT64_MIN, INT64_MAX, &v) < 0);
	CHECK(num_parse_i64(STR(""), INT64_MIN, INT64_MAX, &v) < 0);
	CHECK(num_parse_i64(STR("- 1"), INT64_MIN, INT64_MAX, &v) < 0);
	CHECK(num_parse_i64(STR("11"), 0, 10, &v) < 0);
}

TEST(f64_is_shortest_and_stays_a_float)
{
	static const struct {
		double		 value;
		const char	*text;
	} rows[] = {
		{ 2, "2.0" }, { 0.1, "0.1" }, { -0.0, "-0.0" },
		{ 1e300, "1e+300" }, { 1.0 / 3, "0.3333333333333333" },
		{ INFINITY, "Infinity" }, { -INFINITY, "-Infinity" },
		{ 5e-324, "4.94065645841247e-324" },
	};
	struct strbuf b = STRBUF_INIT;
	double back;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		strbuf_reset(&b);
		num_add_f64(&b, rows[i].value);
		CHECK_STR(b.p, rows[i].text);
		CHECK(num_parse_f64(strbuf_str(&b), &back) == 0 &&
		    memcmp(&back, &rows[i].value, sizeof(back)) == 0);
	}
	CHECK(num_parse_f64(STR("0x10"), &back) < 0);
	CHECK(num_parse_f64(STR("1e999"), &back) < 0);
	strbuf_release(&b);
}

TEST(instants_round_trip)
{
	static const struct {
		const char	*in, *out;
	} rows[] = {
		{ "2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z" },
		{ "2024-02-29T23:59:59.120+05:30", "2024-02-29T18:29:59.120Z" },
		{ "0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59.999999999Z",
		    "9999-12-31T23:59:59.999999999Z" },
		{ "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500Z" },
	};
	struct strbuf b = STRBUF_INIT;
	struct instant t;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		strbuf_reset(&b);
		CHECK(instant_parse(str_of(rows[i].in), 0, &t) == 0);
		instant_add(&b, t);
		CHECK_STR(b.p, rows[i].out);
	}
	CHECK(instant_parse(STR("2023-02-29T00:00:00Z"), 0, &t) < 0);
	CHECK(instant_parse(STR("2023-02-28"), 0, &t) < 0);
	CHECK(instant_parse(STR("2023-02-28"), 1, &t) == 0);
	CHECK(instant_parse(STR("2023-02-28T24:00:00Z"), 0, &t) < 0);
	strbuf_release(&b);
}

TEST(timespans_in_gos_form)
{
	static const struct {
		const char	*in, *out;
	} rows[] = {
		{ "10m", "10m0s" }, { "1h2m3.5s", "1h2m3.5s" },
		{ "300ms", "300ms" }, { "-1.5h", "-1h30m0s" }, { "0", "0s" },
		{ "2d", "48h0m0s" }, { "1.5s", "1.5s" }, { "3ns", "3ns" },
	};
	struct strbuf b = STRBUF_INIT;
	struct timespan t;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		strbuf_reset(&b);
		CHECK(timespan_parse(str_of(rows[i].in), &t) == 0);
		timespan_add(&b, t);
		CHECK_STR(b.p, rows[i].out);
	}
	CHECK(timespan_parse(STR("10"), &t) < 0);
	CHECK(timespan_parse(STR("m"), &t) < 0);
	CHECK(timespan_parse(STR(""), &t) < 0);
	CHECK(timespan_parse_json(STR("-0.5s"), &t) == 0 && t.sec == 0 &&
	    t.nsec == -500000000);
	strbuf_release(&b);
}

TEST(utf8_refuses_what_is_not_well_formed)
{
	CHECK(utf8_valid(STR("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80")));
	CHECK_INT(utf8_bad_at(STR("ab\xc0\xaf")), 2);
	CHECK(!utf8_valid(STR("\xed\xa0\x80")));
	CHECK(!utf8_valid(STR("\xf4\x90\x80\x80")));
	CHECK(!utf8_valid(STR("\xe2\x82")));
}

TEST(a_map_keeps_every_key)
{
	c_map struct map m = MAP_INIT;
	c_arena struct arena a = ARENA_INIT;
	uint32_t i;
	int bad = 0;

	for (i = 0; i < 10000; i++)
		map_put(&m, str_of(arena_printf(&a, "key%u", i)), i);
	for (i = 0; i < 10000; i++)
		bad += map_get(&m, str_of(arena_printf(&a, "key%u", i))) != i;
	CHECK_INT(bad, 0);
	CHECK_INT(map_get(&m, STR("key10000")), MAP_NONE);
	CHECK_INT(map_put(&m, STR("key7"), 1), 7);
	CHECK_INT(map_get(&m, STR("key7")), 1);
}

TEST(a_diagnostic_points_at_its_place)
{
	struct source s = { "x.yaml", STR("tasks:\n  t\xc3\xa4sk: {inptus: 1}\n") };
	c_diags struct diags ds = DIAGS_INIT;
	struct strbuf b = STRBUF_INIT;

	diag_add(&ds, DIAG_UNKNOWN_KEY, &s, (struct span){ 17, 23 }, "%s",
	    "inptus");
	diag_hint(&ds, "did you mean inputs?");
	diag_add(&ds, DIAG_UNKNOWN_KEY, &s, (struct span){ 17, 23 }, "%s",
	    "inptus");
	diags_print(&ds, &b);
	CHECK_STR(b.p,
	    "x.yaml:2:10: error: unknown key: inptus [unknown-key]\n"
	    "    t\xc3\xa4sk: {inptus: 1}\n"
	    "           ^~~~~~\n"
	    "  hint: did you mean inputs?\n");
	strbuf_release(&b);
}

TEST(did_you_mean_takes_the_nearest)
{
	static const char *const words[] = { "inputs", "outputs", "run" };

	CHECK_STR(did_you_mean(STR("inptus"), words, 3), "inputs");
	CHECK_STR(did_you_mean(STR("rum"), words, 3), "run");
	CHECK(did_you_mean(STR("stdin"), words, 3) == NULL);
}

TEST(crc32c_of_the_known_vectors)
{
	char zeros[32] = { 0 }, text[80];
	size_t n;

	/* RFC 3720, B.4 */
	CHECK_INT(crc32c(0, STR("123456789")), 0xe3069283);
	CHECK_INT(crc32c(0, (struct str){ zeros, 32 }), 0x8a9136aa);
	CHECK_INT(crc32c(crc32c(0, STR("12345")), STR("6789")), 0xe3069283);
	CHECK_INT(crc32c_by_table(0, STR("123456789")), 0xe3069283);
	for (n = 0; n < sizeof(text); n++)
		text[n] = (char)(n * 37 + n / 7);
	for (n = 0; n <= 64; n++)
		CHECK_INT(crc32c(7, (struct str){ text + n % 9, n }),
		    crc32c_by_table(7, (struct str){ text + n % 9, n }));
}
