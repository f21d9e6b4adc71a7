#ifndef LIBEXEC_PACK_PACK_H
#define LIBEXEC_PACK_PACK_H

#include "base/err.h"

/* code.c: the verbs that make a code archive in dir; answers on stdout. */
int	make_code(const char *dir, struct err *) must_check;
int	make_folder(const char *folder, const char *dir,
	    const char *not_this, struct err *) must_check;

#endif
