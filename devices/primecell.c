/* SPDX-License-Identifier: Apache-2.0 */
#include "devices/primecell.h"

void primecell_wrote_test(void *dev, uint32_t index, uint64_t old, uint64_t now)
{
    (void)old;
    unmodelled(dev, "test registers", "register %u of them, value %#x", index, (unsigned)now);
}
