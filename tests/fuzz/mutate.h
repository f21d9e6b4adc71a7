#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

/* Mutators that know the form of their input, and folders for targets that
 * need some.  Used by the targets only. */

#include <stddef.h>
#include <stdint.h>

#ifdef FUZZING
/* libFuzzer's own. */
size_t	LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);
size_t	LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
	    unsigned int seed);
#endif
int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/*
 * Changes a protobuf message somewhere inside: a field is dropped, doubled,
 * swapped with the one before, or has its bytes changed by libFuzzer; the
 * lengths of what is around follow.  The first head bytes are changed now and
 * then, but are no part of the message.
 */
size_t	mutate_wire(uint8_t *data, size_t n, size_t max, unsigned seed,
	    size_t head);

/* A folder of this process in memory (/dev/shm, else $TMPDIR or /tmp),
 * removed at exit. */
const char *fuzz_dir(void);
/* Writes a file, replacing it. */
void	fuzz_write(const char *path, const void *bytes, size_t n);

#endif
