#include "base/map.h"

#include <sys/random.h>

struct map_slot {
	struct str	key;	/* p == NULL: free */
	uint32_t	hash;
	uint32_t	value;
};

static uint64_t seed;

static uint32_t
hash_of(struct str key)
{
	uint64_t h;
	size_t i;

	if (seed == 0) {
		if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
			seed = (uintptr_t)&seed;
		seed |= 1;
	}
	h = seed;
	for (i = 0; i < key.n; i++) {
		h ^= (unsigned char)key.p[i];
		h *= UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ (h >> 32));
}

static struct map_slot *
find(const struct map *m, struct str key, uint32_t hash)
{
	uint32_t i = hash & (m->cap - 1);
	struct map_slot *s;

	for (;; i = (i + 1) & (m->cap - 1)) {
		s = &m->slots[i];
		if (s->key.p == NULL ||
		    (s->hash == hash && str_eq(s->key, key)))
			return s;
	}
}

static void
grow(struct map *m)
{
	struct map_slot *old = m->slots, *s;
	uint32_t i, cap = m->cap;

	m->cap = cap == 0 ? 16 : cap * 2;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (i = 0; i < cap; i++)
		if (old[i].key.p != NULL) {
			s = find(m, old[i].key, old[i].hash);
			*s = old[i];
		}
	free(old);
}

void
map_release(struct map *m)
{
	free(m->slots);
	m->slots = NULL;
	m->n = m->cap = 0;
}

uint32_t
map_get(const struct map *m, struct str key)
{
	struct map_slot *s;

	if (m->cap == 0)
		return MAP_NONE;
	s = find(m, key, hash_of(key));
	return s->key.p == NULL ? MAP_NONE : s->value;
}

uint32_t
map_put(struct map *m, struct str key, uint32_t value)
{
	uint32_t hash = hash_of(key), old;
	struct map_slot *s;

	if (m->n >= m->cap / 4 * 3)
		grow(m);
	if (key.p == NULL)
		key.p = "";
	s = find(m, key, hash);
	if (s->key.p == NULL) {
		s->key = key;
		s->hash = hash;
		s->value = value;
		m->n++;
		return MAP_NONE;
	}
	old = s->value;
	s->value = value;
	return old;
}
