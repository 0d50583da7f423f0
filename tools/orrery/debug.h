/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_DEBUG_H
#define ORRERY_TOOLS_ORRERY_DEBUG_H
/*
 * Debuggers of a run: the gdb server and the monitor, on character backends of
 * their own whose bytes are no input of the machine.
 */
#include "tools/orrery/run.h"

struct debug;

/*
 * Open what the options ask for. *out is NULL when there is neither gdb nor a
 * monitor. ERR_ARG, ERR_IO (port taken).
 */
int debug_open(struct debug **out, struct board *b, const struct run_options *o,
               struct err *e) MUST_CHECK;
void debug_close(struct debug *d);

/* board_run under the debuggers' control: returns when the machine ends or reaches the limit. */
enum board_end debug_run(struct debug *d, const struct board_limits *limits, int *exit_code);

#endif
