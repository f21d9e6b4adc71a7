#include "base/map.h"

#include <sys/random.h>

struct map_entry {
	const char	*key;
	uint32_t	 n;	/* bytes of the key */
	uint32_t	 value;
};

/* Apart from the entries and small, since they are strewn in memory. */
struct map_slot {
	uint32_t	hash;
	uint32_t	entry;	/* index + 1; 0: free */
};

static uint64_t seed;

/* The two halves of a product: every bit in has a say in every bit out. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	__extension__ const unsigned __int128 r = (unsigned __int128)a * b;

	return (uint64_t)r ^ (uint64_t)(r >> 64);
}

static uint32_t
hash_of(struct str key)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h, word;

	if (seed == 0) {
		if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
			seed = (uintptr_t)&seed;
		seed |= 1;
	}
	h = mix(seed ^ key.n, odd);
	for (; key.n >= sizeof(word); key.p += 8, key.n -= 8) {
		memcpy(&word, key.p, sizeof(word));
		h = mix(h ^ word, odd);
	}
	word = 0;
	if (key.n > 0)
		memcpy(&word, key.p, key.n);
	h = mix(h ^ word, odd ^ seed);
	return (uint32_t)(h ^ (h >> 32));
}

/* The slot of the key, or the free one where it would be. */
static struct map_slot *
find(const struct map *m, struct str key, uint32_t hash)
{
	uint32_t i = hash & (m->cap - 1);
	const struct map_entry *x;
	struct map_slot *s;

	for (;; i = (i + 1) & (m->cap - 1)) {
		s = &m->slots[i];
		if (s->entry == 0)
			return s;
		x = &m->entries[s->entry - 1];
		if (s->hash == hash && x->n == key.n &&
		    (key.n == 0 || memcmp(x->key, key.p, key.n) == 0))
			return s;
	}
}

static void
grow(struct map *m)
{
	struct map_slot *old = m->slots;
	uint32_t i, at, cap = m->cap;

	m->cap = cap == 0 ? 16 : cap * 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	m->entries = xreallocarray(m->entries, m->cap / 4 * 3,
	    sizeof(*m->entries));
	for (i = 0; i < cap; i++) {
		if (old[i].entry == 0)
			continue;
		at = old[i].hash & (m->cap - 1);
		while (m->slots[at].entry != 0)
			at = (at + 1) & (m->cap - 1);
		m->slots[at] = old[i];
	}
	free(old);
}

void
map_release(struct map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct map)MAP_INIT;
}

uint32_t
map_get(const struct map *m, struct str key)
{
	const struct map_slot *s;

	if (m->cap == 0)
		return MAP_NONE;
	s = find(m, key, hash_of(key));
	return s->entry == 0 ? MAP_NONE : m->entries[s->entry - 1].value;
}

uint32_t
map_put(struct map *m, struct str key, uint32_t value)
{
	uint32_t hash = hash_of(key), old;
	struct map_slot *s;

	if (m->n >= m->cap / 4 * 3)
		grow(m);
	if (key.n > UINT32_MAX)
		BUG("a key of %zu bytes", key.n);
	s = find(m, key, hash);
	if (s->entry == 0) {
		m->entries[m->n++] = (struct map_entry){ key.p,
		    (uint32_t)key.n, value };
		*s = (struct map_slot){ hash, m->n };
		return MAP_NONE;
	}
	old = m->entries[s->entry - 1].value;
	m->entries[s->entry - 1].value = value;
	return old;
}
