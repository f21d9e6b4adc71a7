#include "base/map.h"
#include "base/arena.h"
#include "unit.h"

TEST(many)
{
	c_arena struct arena a = ARENA_INIT;
	c_map struct map m = MAP_INIT;
	uint32_t i, bad = 0;

	CHECK(map_get(&m, STR("x")) == MAP_NONE);
	for (i = 0; i < 50000; i++)
		bad += map_put(&m, str_of(arena_printf(&a, "key number %u",
		    i)), i) != MAP_NONE;
	CHECK_INT(bad, 0);
	CHECK_INT(m.n, 50000);
	for (i = 0; i < 50000; i++)
		bad += map_get(&m, str_of(arena_printf(&a, "key number %u",
		    i))) != i;
	for (; i < 60000; i++)
		bad += map_get(&m, str_of(arena_printf(&a, "key number %u",
		    i))) != MAP_NONE;
	CHECK_INT(bad, 0);
}

/* Lengths around the words that are hashed at once; NULs count. */
TEST(keys)
{
	static const char bytes[40] = "\0abcdefghijklmnopqrstuvwxyz";
	c_map struct map m = MAP_INIT;
	uint32_t n, from;

	for (from = 0; from < 2; from++)
		for (n = 0; n < 30; n++)
			map_put(&m, (struct str){ bytes + from, n },
			    from * 100 + n);
	/* The empty key is one key. */
	CHECK_INT(m.n, 59);
	CHECK_INT(map_get(&m, (struct str){ NULL, 0 }), 100);
	for (from = 0; from < 2; from++)
		for (n = 1; n < 30; n++)
			CHECK_INT(map_get(&m, (struct str){ bytes + from, n }),
			    from * 100 + n);
	CHECK_INT(map_put(&m, STR("abc"), 7), 103);
	CHECK_INT(map_get(&m, STR("abc")), 7);
	CHECK_INT(m.n, 59);
}
