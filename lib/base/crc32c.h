#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include "base/str.h"

/* CRC-32C (Castagnoli, reflected) of s, continuing crc; begin with 0. */
uint32_t	crc32c(uint32_t crc, struct str s);
/* The same where the processor has no instruction for it. */
uint32_t	crc32c_by_table(uint32_t crc, struct str s);

#endif
