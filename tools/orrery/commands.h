/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ORRERY_TOOLS_ORRERY_COMMANDS_H
#define ORRERY_TOOLS_ORRERY_COMMANDS_H
/* Sub-commands of `orrery`: arguments after the command's name; the result is the exit status. */
#include "tools/orrery/run.h"

int command_list(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_conform(int argc, char **argv);
int command_fuzz(int argc, char **argv);

#endif
