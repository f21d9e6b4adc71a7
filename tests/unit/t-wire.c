#include "idl/flyteidl.h"
#include "idl/wire.h"
#include "unit.h"

#include "base/limits.h"
#include "google/protobuf/wrappers.pb-c.h"

#define LITERAL		(&flyteidl__core__literal__descriptor)
#define LITERAL_MAP	(&flyteidl__core__literal_map__descriptor)

/* Unpacks, checks that it works, packs again. */
static void
round_trip(const ProtobufCMessageDescriptor *d, struct str bytes,
    struct strbuf *ret)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m = NULL;
	struct err e = { 0 };

	CHECK_INT(wire_unpack(d, bytes, &a, &m, &e), 0);
	CHECK_STR(e.msg, "");
	if (m != NULL)
		wire_pack(m, ret);
}

static void
check_same(const ProtobufCMessageDescriptor *d, struct str given,
    struct str expected)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	round_trip(d, given, &b);
	CHECK(str_eq(strbuf_str(&b), expected));
}

static void
check_refused(const ProtobufCMessageDescriptor *d, struct str bytes,
    const char *message)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err e = { 0 };

	CHECK_INT(wire_unpack(d, bytes, &a, &m, &e), -1);
	CHECK_INT(e.kind, ERR_SPEC);
	CHECK_STR(e.msg, message);
}

TEST(set_oneof_members_are_kept_even_when_zero)
{
	/* scalar { primitive { integer: 0 } } */
	check_same(LITERAL, STR("\x0a\x04\x0a\x02\x08\x00"),
	    STR("\x0a\x04\x0a\x02\x08\x00"));
	/* scalar { primitive { string_value: "" } } */
	check_same(LITERAL, STR("\x0a\x04\x0a\x02\x1a\x00"),
	    STR("\x0a\x04\x0a\x02\x1a\x00"));
	/* hash: "" is a plain field */
	check_same(LITERAL, STR("\x22\x00"), STR(""));
}

TEST(the_last_scalar_wins_and_messages_merge)
{
	/* hash "a", then hash "b" */
	check_same(LITERAL, STR("\x22\x01" "a\x22\x01" "b"),
	    STR("\x22\x01" "b"));
	/* collection of one twice: a collection of two */
	check_same(LITERAL, STR("\x12\x05\x0a\x03\x22\x01" "a"
	    "\x12\x05\x0a\x03\x22\x01" "b"),
	    STR("\x12\x0a\x0a\x03\x22\x01" "a\x0a\x03\x22\x01" "b"));
	/* scalar, then collection: the other member of the oneof */
	check_same(LITERAL, STR("\x0a\x04\x0a\x02\x08\x01\x12\x00"),
	    STR("\x12\x00"));
}

TEST(map_entries_are_sorted_and_written_whole)
{
	/* b: {hash: "x"}, a: nothing */
	check_same(LITERAL_MAP,
	    STR("\x0a\x08\x0a\x01" "b\x12\x03\x22\x01x\x0a\x03\x0a\x01" "a"),
	    STR("\x0a\x05\x0a\x01" "a\x12\x00\x0a\x08\x0a\x01" "b\x12\x03"
	    "\x22\x01x"));
	/* an entry without anything: key "" */
	check_same(LITERAL_MAP, STR("\x0a\x00"), STR("\x0a\x04\x0a\x00\x12\x00"));
}

TEST(duplicate_keys_are_refused)
{
	check_refused(LITERAL_MAP,
	    STR("\x0a\x03\x0a\x01" "a\x0a\x03\x0a\x01" "a"),
	    "flyteidl.core.LiteralMap.literals: the key \"a\" is there twice");
}

TEST(duplicate_keys_of_a_large_map_are_refused)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	char entry[16];
	int i;

	for (i = 0; i < 100; i++) {
		snprintf(entry, sizeof(entry), "\x0a\x03%03d", i % 99);
		wire_add_bytes(&b, 1, str_of(entry));
	}
	check_refused(LITERAL_MAP, strbuf_str(&b), "flyteidl.core.LiteralMap."
	    "literals: the key \"000\" is there twice");
}

TEST(bad_bytes_are_refused_with_their_place)
{
	check_refused(LITERAL, STR("\x22"),
	    "flyteidl.core.Literal: byte 1: ends within a number");
	check_refused(LITERAL, STR("\x22\x05" "ab"), "flyteidl.core.Literal: "
	    "byte 1: says 5 bytes follow, but there are 2");
	check_refused(LITERAL, STR("\x22\x01\xff"), "flyteidl.core.Literal."
	    "hash: byte 0: a string is not UTF-8");
	check_refused(LITERAL, STR("\x22\x02" "a\0"), "flyteidl.core.Literal."
	    "hash: byte 0: a string holds a NUL byte");
	check_refused(LITERAL, STR("\x20\x01"), "flyteidl.core.Literal.hash: "
	    "byte 0: has another wire type");
	check_refused(LITERAL, STR("\x0a\x03\x0a\x01\x08"),
	    "flyteidl.core.Primitive: byte 5: ends within a number");
	check_refused(LITERAL, STR("\x00\x00"),
	    "flyteidl.core.Literal: byte 0: no field has the number 0");
	check_refused(LITERAL, STR("\x26"),
	    "flyteidl.core.Literal: byte 1: no wire type 6 here");
	check_refused(LITERAL, STR("\x24"),
	    "flyteidl.core.Literal: byte 1: no wire type 4 here");
	check_refused(LITERAL,
	    STR("\xf8\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
	    "flyteidl.core.Literal: byte 11: a number of more than 64 bits");
}

TEST(unknown_fields_are_dropped_unless_strict)
{
	/* field 200: varint, 64, bytes, group with a group in it, 32 */
	static const char all[] = "\xc0\x0c\x01\xc1\x0c" "12345678\xc2\x0c\x01"
	    "a\xc3\x0c\x0b\x0c\x08\x07\xc4\x0c\xc5\x0c" "1234\x22\x01x";
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err e = { 0 };

	check_same(LITERAL, (struct str){ all, sizeof(all) - 1 },
	    STR("\x22\x01x"));
	CHECK_INT(wire_unpack_strict(LITERAL, STR("\x22\x01x\xc0\x0c\x01"),
	    &a, &m, &e), -1);
	CHECK_STR(e.msg,
	    "flyteidl.core.Literal: byte 3: unknown field number 200");
	check_refused(LITERAL, STR("\xc3\x0c\x08\x01"),
	    "flyteidl.core.Literal: byte 4: ends within a number");
	check_refused(LITERAL, STR("\xc3\x0c\xcc\x0c"), "flyteidl.core."
	    "Literal: byte 4: ends another group than began");
}

/* bytes: what is there, in the field of a message around it. */
static void
wrap(struct strbuf *b, uint32_t id)
{
	c_strbuf struct strbuf outer = STRBUF_INIT;

	wire_add_bytes(&outer, id, strbuf_str(b));
	strbuf_reset(b);
	strbuf_addstr(b, strbuf_str(&outer));
}

TEST(nesting_is_bounded)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err e = { 0 };
	int i;

	/* a literal type is one level, each list around it another */
	for (i = 1; i < MAX_MESSAGE_DEPTH; i++)
		wrap(&b, 3);
	CHECK_INT(wire_unpack(&flyteidl__core__literal_type__descriptor,
	    strbuf_str(&b), &a, &m, &e), 0);
	for (; i < 20000; i++)
		wrap(&b, i % 2 ? 3 : 4);
	CHECK_INT(wire_unpack(&flyteidl__core__literal_type__descriptor,
	    strbuf_str(&b), &a, &m, &e), -1);
	CHECK(strstr(e.msg, "nested too deep") != NULL);
	strbuf_reset(&b);
	for (i = 0; i < MAX_MESSAGE_DEPTH + 1; i++)
		strbuf_addch(&b, 0x7b);
	CHECK_INT(wire_unpack(LITERAL, strbuf_str(&b), &a, &m, &e), -1);
	CHECK(strstr(e.msg, "more than 100 levels") != NULL);
}

TEST(arrays_of_numbers_come_packed_or_not)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__admin__notification__descriptor;

	check_same(d, STR("\x0a\x02\x04\x05"), STR("\x0a\x02\x04\x05"));
	check_same(d, STR("\x08\x04\x08\x05\x0a\x01\x07"),
	    STR("\x0a\x03\x04\x05\x07"));
	check_refused(d, STR("\x0a\x02\x04\x85"), "flyteidl.admin.Notification."
	    "phases: byte 0: a packed array ends within a number");
}

TEST(numbers_of_every_size)
{
	check_same(&google__protobuf__double_value__descriptor,
	    STR("\x09\0\0\0\0\0\0\0\x80"), STR("\x09\0\0\0\0\0\0\0\x80"));
	check_same(&google__protobuf__bool_value__descriptor,
	    STR("\x08\x05"), STR("\x08\x01"));
	check_same(&google__protobuf__int32_value__descriptor,
	    STR("\x08\xff\xff\xff\xff\x0f"),
	    STR("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
	check_same(&google__protobuf__float_value__descriptor,
	    STR("\x0d\0\0\x80\x3f"), STR("\x0d\0\0\x80\x3f"));
}

/* A map of n entries in the order of the highest digit last. */
static void
big_map(struct strbuf *b, int n)
{
	c_strbuf struct strbuf entry = STRBUF_INIT;
	char key[16];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(key, sizeof(key), "k%07d", (i * 7919) % n);
		strbuf_reset(&entry);
		wire_add_bytes(&entry, 1, str_of(key));
		wire_add_bytes(&entry, 2, STR("\x22\x01x"));
		wire_add_bytes(b, 1, strbuf_str(&entry));
	}
}

TEST(big_maps_are_sorted_and_protobuf_c_agrees)
{
	c_strbuf struct strbuf b = STRBUF_INIT, again = STRBUF_INIT;
	Flyteidl__Core__LiteralMap *theirs;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m = NULL;
	pb_literal_map *map;
	struct err e = { 0 };

	big_map(&b, 100000);
	CHECK_INT(wire_unpack(LITERAL_MAP, strbuf_str(&b), &a, &m, &e), 0);
	map = (pb_literal_map *)m;
	CHECK_INT(map->n_literals, 100000);
	CHECK_STR(map->literals[1]->key, "k0007919");
	wire_pack(m, &again);
	CHECK_INT(again.n, b.n);
	theirs = flyteidl__core__literal_map__unpack(NULL, again.n,
	    (const uint8_t *)again.p);
	CHECK(theirs != NULL);
	if (theirs == NULL)
		return;
	CHECK_STR(theirs->literals[1]->key, "k0000001");
	CHECK_STR(theirs->literals[99999]->key, "k0099999");
	CHECK(wire_equal(m, &theirs->base));
	flyteidl__core__literal_map__free_unpacked(theirs, NULL);
}

/* A literal whose map comes in n pieces of one entry, then `empty` without. */
static int
unpack_pieces(int n, int empty, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT, piece = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	char entry[16];
	int i;

	for (i = 0; i < n; i++) {
		snprintf(entry, sizeof(entry), "\x0a\x06%06d", i);
		strbuf_reset(&piece);
		wire_add_bytes(&piece, 1, str_of(entry));
		wire_add_bytes(&b, 3, strbuf_str(&piece));
	}
	for (i = 0; i < empty; i++)
		wire_add_bytes(&b, 3, STR(""));
	return wire_unpack(LITERAL, strbuf_str(&b), &a, &m, e);
}

TEST(messages_in_pieces_do_not_cost_the_square)
{
	struct err e = { 0 };

	CHECK_INT(unpack_pieces(1000, 1000000, &e), 0);
	CHECK_INT(unpack_pieces(10000, 0, &e), -1);
	CHECK_STR(e.msg,
	    "flyteidl.core.LiteralMap.literals: comes in too many pieces");
}

TEST(copies_share_nothing)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	struct arena first = ARENA_INIT;
	ProtobufCMessage *m = NULL, *copy;
	pb_literal_map *map;
	struct err e = { 0 };

	big_map(&b, 20);
	CHECK_INT(wire_unpack(LITERAL_MAP, strbuf_str(&b), &first, &m, &e), 0);
	copy = wire_dup(m, &a);
	CHECK(wire_equal(m, copy));
	arena_release(&first);
	map = (pb_literal_map *)copy;
	CHECK_INT(map->n_literals, 20);
	CHECK_STR(map->literals[0]->value->hash, "x");
	map->literals[0]->value->hash = wire_empty_string();
	m = NULL;
	CHECK_INT(wire_unpack(LITERAL_MAP, strbuf_str(&b), &a, &m, &e), 0);
	CHECK(!wire_equal(m, copy));
	CHECK(!wire_equal(m, NULL));
	CHECK(wire_equal(NULL, NULL));
}

TEST(a_map_can_be_walked_without_unpacking)
{
	c_strbuf struct strbuf b = STRBUF_INIT, rebuilt = STRBUF_INIT;
	struct wire_field f, key, value;
	struct wire_reader r;
	struct err e = { 0 };
	int got, n = 0;

	big_map(&b, 1000);
	r = wire_reader(strbuf_str(&b));
	while ((got = wire_next(&r, &f, &e)) > 0) {
		CHECK_INT(wire_find(f.bytes, 1, WIRE_BYTES, &key, &e), 0);
		CHECK_INT(wire_find(f.bytes, 2, WIRE_BYTES, &value, &e), 0);
		CHECK(str_starts(key.bytes, "k0"));
		CHECK(str_eq(value.bytes, STR("\x22\x01x")));
		strbuf_addstr(&rebuilt, f.whole);
		n++;
	}
	CHECK_INT(got, 0);
	CHECK_INT(n, 1000);
	CHECK(str_eq(strbuf_str(&b), strbuf_str(&rebuilt)));
	CHECK_INT(wire_find(STR("\x08\x05\x08\x07"), 1, WIRE_VARINT, &f, &e),
	    0);
	CHECK_INT(f.n, 7);
	CHECK_INT(wire_find(STR("\x08\x05"), 2, WIRE_VARINT, &f, &e), 0);
	CHECK(f.whole.p == NULL);
	r = wire_reader(STR("\x08"));
	CHECK_INT(wire_next(&r, &f, &e), -1);
	CHECK_INT(wire_next(&r, &f, &e), 0);
}
