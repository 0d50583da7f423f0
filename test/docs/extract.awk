# SPDX-License-Identifier: Apache-2.0
# The ```c blocks of a page, one after the other.
/^```c$/ { on = 1; next }
/^```$/ { on = 0 }
on
