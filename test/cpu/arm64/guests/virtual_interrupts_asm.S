/* SPDX-License-Identifier: Apache-2.0 */
/* Into EL1 and back as in controls.c. */
#include "controls_asm.S"
