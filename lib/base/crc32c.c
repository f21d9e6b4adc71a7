#include "base/crc32c.h"

#define POLY	UINT32_C(0x82f63b78)

/* table[k][b]: the CRC of byte b followed by k zero bytes. */
static uint32_t table[8][256];

static void
fill(void)
{
	uint32_t c;
	int i, k;

	for (i = 0; i < 256; i++) {
		c = (uint32_t)i;
		for (k = 0; k < 8; k++)
			c = (c & 1) ? (c >> 1) ^ POLY : c >> 1;
		table[0][i] = c;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++)
			table[k][i] = (table[k - 1][i] >> 8) ^
			    table[0][table[k - 1][i] & 0xff];
}

#ifdef __x86_64__
/* Every record of every journal comes by here: with the processor's own
 * instruction it costs a tenth. */
__attribute__((target("sse4.2")))
static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t word, wide = crc;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&word, p, 8);
		wide = __builtin_ia32_crc32di(wide, word);
	}
	crc = (uint32_t)wide;
	for (; n > 0; n--, p++)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}
#endif

uint32_t
crc32c_by_table(uint32_t crc, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = s.n;

	if (table[0][1] == 0)
		fill();
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8)
		crc = table[7][(crc ^ p[0]) & 0xff] ^
		    table[6][((crc >> 8) ^ p[1]) & 0xff] ^
		    table[5][((crc >> 16) ^ p[2]) & 0xff] ^
		    table[4][(crc >> 24) ^ p[3]] ^
		    table[3][p[4]] ^ table[2][p[5]] ^
		    table[1][p[6]] ^ table[0][p[7]];
	for (; n > 0; n--, p++)
		crc = (crc >> 8) ^ table[0][(crc ^ *p) & 0xff];
	return ~crc;
}

uint32_t
crc32c(uint32_t crc, struct str s)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_instruction(~crc, (const unsigned char *)s.p, s.n);
#endif
	return crc32c_by_table(crc, s);
}
