#ifndef RECORD_EXECUTION_P_H
#define RECORD_EXECUTION_P_H

/* What the files of executions share.  execution.c: names and places;
 * execution_find.c: which one a text names; execution_list.c: all of them. */

#include "record/execution.h"

#define EXECUTIONS	"executions"
#define LAST		EXECUTIONS "/last"

#endif
