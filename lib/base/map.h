#ifndef BASE_MAP_H
#define BASE_MAP_H

/*
 * Text to a 32-bit number, by open addressing.  Keys are borrowed and must
 * outlive the map; the hash is seeded per process, since keys come from
 * outside.
 */

#include "base/str.h"

#define MAP_NONE	UINT32_MAX	/* no such key; not a value */

struct map {
	struct map_entry *entries;	/* in the order they came */
	struct map_slot	*slots;
	uint32_t	 n;	/* entries */
	uint32_t	 cap;	/* slots, 0 or a power of two; there is room
				 * for three entries to four slots */
};

#define MAP_INIT	{ NULL, NULL, 0, 0 }
#define c_map		cleanup(map_release)

void		map_release(struct map *);
/* The value, or MAP_NONE. */
uint32_t	map_get(const struct map *, struct str key);
/* Sets the value whether or not the key is there; returns the one before. */
uint32_t	map_put(struct map *, struct str key, uint32_t value);

#endif
